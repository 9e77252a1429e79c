"""`redlight policy test`, as CI in a cluster repository runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PASSES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: shop}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
"""


def redlight(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatbot", "policy", "test", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def listed(*arguments: str | Path, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
    done = redlight(*arguments, "--json", stdin=stdin)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules" / "opa").mkdir(parents=True)
    (tmp_path / "rules" / "opa" / "hosts.rego").write_text(
        """\
package redlight.hosts

deny[{"msg": msg}] {
  other := data.inventory.namespace[_]["v1"].ConfigMap[name]
  name != input.metadata.name
  msg := sprintf("beside %v, by %v", [name, input.review.userInfo])
}

warn[msg] { input.review.operation == "DELETE"; msg := "it goes" }
"""
    )
    return tmp_path / "rules"


def test_what_denies_is_listed_and_the_status_is_1(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(PASSES + "---\n" + SECRET)
    status, found = listed(file)
    assert status == 1
    assert [(one["policy"], one["kind"], one["namespace"], one["name"]) for one in found] == [
        ("secrets", "Secret", "shop", "db")
    ]
    assert found[0]["enforcement"] == "deny"
    assert set(found[0]) == {"policy", "kind", "namespace", "name", "message", "enforcement"}


def test_what_passes_is_an_empty_list_and_the_status_is_0(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(PASSES)
    assert listed(file) == (0, [])


def test_people_read_a_line_for_each_violation(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SECRET)
    done = redlight(tmp_path)
    first, last = done.stdout.splitlines()
    assert first.startswith("deny   secrets: Secret shop/db: a plain Secret")
    assert last == "1 object judged: 1 deny, 0 warn, 0 dryrun"


def test_a_folder_of_policies_replaces_the_shipped_ones(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text(SECRET)
    assert listed(file, "--policies", rules) == (0, [])


def test_inventory_objects_are_seen_by_the_policies(tmp_path: Path, rules: Path) -> None:
    file, there = tmp_path / "a.yaml", tmp_path / "there.yaml"
    file.write_text(PASSES.replace("good", "new"))
    there.write_text(PASSES)
    assert listed(file, "--policies", rules) == (0, [])
    status, found = listed(file, "--policies", rules, "--inventory", there)
    assert (status, found[0]["message"]) == (1, "beside good, by {}")


def test_an_admission_review_is_judged_by_what_it_asks(tmp_path: Path, rules: Path) -> None:
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "operation": "DELETE",
            "object": None,
            "oldObject": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old"}},
        },
    }
    file = tmp_path / "review.json"
    file.write_text(json.dumps(review, indent="\t"))
    status, found = listed(file, "--policies", rules)
    assert status == 0
    assert [(one["name"], one["message"], one["enforcement"]) for one in found] == [
        ("old", "it goes", "warn")
    ]


def test_rendered_manifests_are_taken_from_standard_input() -> None:
    many = "---\n".join(PASSES.replace("good", f"good-{number}") for number in range(300))
    status, found = listed("-", stdin=many + "---\n" + SECRET)
    assert (status, [one["name"] for one in found]) == (1, ["db"])


def test_a_policy_that_does_not_compile_denies_and_only_the_list_is_printed(
    tmp_path: Path, rules: Path
) -> None:
    (rules / "opa" / "broken.rego").write_text("package redlight.broken\ndeny[m] { m := x }")
    file = tmp_path / "a.yaml"
    file.write_text(PASSES)
    status, found = listed(file, "--policies", rules)
    assert status == 1
    assert [(one["policy"], one["kind"]) for one in found] == [("broken", "")]
    assert "opa/broken.rego:2:16: var x is unsafe" in found[0]["message"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "all.yaml cannot be read. Line "),
        ("just: text", "all.yaml has a document without `apiVersion` or `kind`."),
        ("", "There is no object in these files."),
    ],
)
def test_a_file_that_cannot_be_judged_fails_with_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(text)
    done = redlight(file)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stdout == ""


def test_wrong_use_has_the_status_2(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PASSES)
    assert redlight().returncode == 2
    assert redlight(tmp_path / "missing.yaml").returncode == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    done = redlight(tmp_path / "a.yaml", "--policies", empty)
    assert done.returncode == 2
    assert "neither a folder opa/ nor a folder gatekeeper/" in done.stderr


def test_the_line_of_a_mistake_is_right_far_down_a_long_file(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("---\n".join([PASSES] * 250) + "---\na: [\n")
    done = redlight(file)
    last = len(file.read_text().splitlines())
    assert f"Line {last + 1}, column 1" in done.stderr
