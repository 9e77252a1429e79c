"""The real kubectl: what it renders, what it is not allowed to do, and that we read YAML alike."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from chatbot.adapters.kubectl import KubectlKustomize, find_kubectl
from chatbot.domain.errors import Permanent, RetryLater, Unreadable
from chatbot.domain.yamltext.tree import compose, to_json

WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n"
REPOSITORY = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": WEB,
    "environments/prod/kustomization.yaml": (
        "namespace: shop\nresources:\n- ../../base\nreplicas:\n- name: web\n  count: 4\n"
    ),
}


def test_an_overlay_is_rendered_with_its_base() -> None:
    manifests = KubectlKustomize().render(REPOSITORY, "environments/prod")
    assert [m["metadata"] for m in manifests] == [{"name": "web", "namespace": "shop"}]
    assert manifests[0]["spec"]["replicas"] == 4


def test_the_same_files_are_rendered_once_and_what_came_of_it_is_nobodys_to_change(
    tmp_path: Path,
) -> None:
    starts, counting = tmp_path / "starts", tmp_path / "kubectl"
    counting.write_text(f'#!/bin/sh\necho >> {starts}\nexec {find_kubectl()} "$@"\n')
    counting.chmod(0o755)
    kustomize = KubectlKustomize(counting)
    [first] = kustomize.render(REPOSITORY, "environments/prod")
    first["spec"]["replicas"] = 9
    [again] = kustomize.render(dict(REPOSITORY), "environments/prod")
    assert again["spec"]["replicas"] == 4
    assert len(starts.read_text().splitlines()) == 1
    [base] = kustomize.render(REPOSITORY, "base")
    scaled = {**REPOSITORY, "base/web.yaml": WEB.replace("replicas: 1", "replicas: 2")}
    [other] = kustomize.render(scaled, "base")
    assert (base["spec"]["replicas"], other["spec"]["replicas"]) == (1, 2)


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    missing = tmp_path / "kubectl"
    kustomize = KubectlKustomize(missing)
    with pytest.raises(RetryLater):
        kustomize.render(REPOSITORY, "base")
    missing.symlink_to(find_kubectl())
    assert kustomize.render(REPOSITORY, "base")


def test_kustomizes_own_message_is_passed_on_without_our_paths() -> None:
    files = {**REPOSITORY, "base/kustomization.yaml": "resources: [none.yaml]\n"}
    with pytest.raises(Unreadable, match=r"none\.yaml") as caught:
        KubectlKustomize().render(files, "environments/prod")
    assert "/tmp" not in str(caught.value)
    with pytest.raises(Permanent, match="kustomize says"):
        KubectlKustomize().render(REPOSITORY, "environments/none")


BUILTIN_GENERATOR = """\
generators:
- |-
  apiVersion: builtin
  kind: ConfigMapGenerator
  metadata: {name: a}
  files: ['k=http://127.0.0.1:1/a']
"""
REMOTES = [
    "resources: ['https://example.com/a.yaml']",
    "resources: ['github.com/example/repo//base?ref=v1']",
    "resources: ['git@github.com:example/repo.git']",
    "resources: ['git::https://example.com/repo']",
    "resources: ['ssh://git@example.com/repo']",
    "resources: ['example.com/org/repo']",
    "bases: ['https://example.com/a']",
    "components: ['https://example.com/a']",
    "crds: ['https://example.com/a']",
    "patches: [{path: 'https://example.com/a'}]",
    "configMapGenerator: [{name: a, files: ['k=https://example.com/a']}]",
    "openapi: {path: 'https://example.com/a'}",
    BUILTIN_GENERATOR,
]


@pytest.mark.parametrize("text", REMOTES)
def test_nothing_is_fetched_from_elsewhere(text: str) -> None:
    with pytest.raises(Permanent, match="nothing is fetched from elsewhere"):
        KubectlKustomize().render({"a/kustomization.yaml": text + "\n"}, "a")


@pytest.mark.parametrize("path", ["../out.yaml", "/out.yaml", "a/../../out.yaml", "..", "a\\b"])
def test_no_file_is_laid_out_elsewhere(path: str) -> None:
    with pytest.raises(Permanent, match="leads out"):
        KubectlKustomize().render({**REPOSITORY, path: "a: b\n"}, "environments/prod")
    with pytest.raises(Permanent, match="leads out"):
        KubectlKustomize().render(REPOSITORY, path)


def test_files_of_the_machine_stay_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    text = f"configMapGenerator:\n- name: a\n  files: ['{secret}']\n"
    with pytest.raises(Permanent, match="kustomize says") as caught:
        KubectlKustomize().render({"a/kustomization.yaml": text}, "a")
    assert "hidden" not in str(caught.value)


def test_helm_and_plugins_do_not_run() -> None:
    for text in ("helmCharts:\n- name: a\n", "generators:\n- plugin.yaml\n"):
        plugin = (
            "apiVersion: v1\nkind: Mine\nmetadata:\n  name: a\n  annotations:\n"
            "    config.kubernetes.io/function: 'exec: {path: ./run}'\n"
        )
        with pytest.raises(Permanent, match="kustomize says"):
            KubectlKustomize().render({"a/kustomization.yaml": text, "a/plugin.yaml": plugin}, "a")


def test_a_render_that_takes_too_long_is_tried_again_later(tmp_path: Path) -> None:
    slow = tmp_path / "kubectl"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    slow.chmod(0o755)
    with pytest.raises(RetryLater, match="did not finish"):
        KubectlKustomize(slow, timeout=timedelta(milliseconds=50)).render(
            REPOSITORY, "environments/prod"
        )


WORDS = """\
yes Yes y on ON off n N no true True tRue null Null NULL ~ 1 +5 -0 08 017 -017 0o17 0x1F -0x1f 0b11
+0b1 1_000 1__0 0_7 0x_1f 1:30 1.0 1. .5 -.5 1.5e-7 1e3 1E3 12e03 1e21 1.0e+20 1e999 1.5.2 = <
2026-01-01 2026-01-01T00:00:00Z 12345678901 9223372036854775807 100m 64Mi 1_0.5 0.0 -0.0 e3 +e .e
0x 0b2 0o8 _1 1_ +-1 ++1 0777_7 'yes' "on" '1' !!str\xa05""".replace("\xa0", "_").split()


def test_words_are_read_as_kubectl_reads_them(tmp_path: Path) -> None:
    lines = "".join(f"- {word.replace('!!str_', '!!str ')}\n" for word in WORDS)
    text = f"apiVersion: v1\nkind: Any\nmetadata:\n  name: a\nwords:\n{lines}"
    file = tmp_path / "words.yaml"
    file.write_text(text)
    command = [str(find_kubectl()), "annotate", "--local", "-f", str(file), "a=b", "-o", "json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)
    theirs = json.loads(done.stdout)["words"]
    ours = to_json(compose(text)[0])["words"]
    assert [json.dumps(word) for word in ours] == [json.dumps(word) for word in theirs]
