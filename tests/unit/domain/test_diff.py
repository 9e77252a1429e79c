import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.diff import changed_lines, equal, normalise, plan_digest, unified_diff

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "7",
        "resourceVersion": "12",
        "generation": 3,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "redlight"}],
        "labels": {},
        "annotations": {
            "redlight.dev/change": "CHG-1",
            "redlight.dev/scaled-by": "CHG-1",
            "deployment.kubernetes.io/revision": "4",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
    },
    "spec": {
        "replicas": 2,
        "template": {"metadata": {"creationTimestamp": None, "labels": {"app": "web"}}},
    },
    "status": {"replicas": 2},
}

WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}},
}


def _secret(**values: str) -> dict[str, Any]:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}


def test_what_the_server_adds_makes_no_difference() -> None:
    assert normalise(LIVE) == WANTED
    assert equal(LIVE, WANTED)
    assert unified_diff(LIVE, WANTED) == ""


def test_normalising_leaves_the_original_alone() -> None:
    before = repr(LIVE)
    normalise(LIVE)
    assert repr(LIVE) == before


def test_annotations_of_people_stay() -> None:
    noted = {**WANTED, "metadata": {**WANTED["metadata"], "annotations": {"team": "front"}}}
    assert not equal(noted, WANTED)


def test_the_diff_shows_the_changed_line_in_its_surroundings() -> None:
    changed = {**WANTED, "spec": {**WANTED["spec"], "replicas": 5}}
    assert unified_diff(LIVE, changed).splitlines() == [
        "--- live",
        "+++ wanted",
        "@@ -4,7 +4,7 @@",
        "   name: web",
        "   namespace: shop",
        " spec:",
        "-  replicas: 2",
        "+  replicas: 5",
        "   template:",
        "     metadata:",
        "       labels:",
    ]


def test_the_order_of_keys_makes_no_difference() -> None:
    turned = dict(reversed(WANTED.items()))
    assert unified_diff(WANTED, turned) == ""


def test_text_of_many_lines_is_compared_line_by_line() -> None:
    def settings(text: str) -> dict[str, Any]:
        return {"kind": "ConfigMap", "data": {"app.conf": text}}

    diff = unified_diff(settings("a=1\nb=2\nc=3\n"), settings("a=1\nb=9\nc=3\n"))
    assert changed_lines(diff) == ["-    b=2", "+    b=9"]


def test_a_new_object_and_a_deleted_one_are_shown_whole() -> None:
    assert {line[0] for line in changed_lines(unified_diff(None, WANTED))} == {"+"}
    assert {line[0] for line in changed_lines(unified_diff(WANTED, None))} == {"-"}
    assert unified_diff(None, None) == ""
    assert not equal(None, WANTED)


def test_a_removed_line_that_looks_like_a_header_is_kept_in_the_short_form() -> None:
    def settings(text: str) -> dict[str, Any]:
        return {"data": {"a": text}}

    assert changed_lines(unified_diff(settings("--- x\n--- y\n"), settings("--- x\n"))) == [
        "-    --- y"
    ]


def test_a_secrets_values_show_only_whether_they_change() -> None:
    diff = unified_diff(_secret(user="root", password="old"), _secret(user="root", password="new"))
    assert changed_lines(diff) == ["-  password: '*** (before)'", "+  password: '*** (after)'"]
    assert "user: '*** (unchanged)'" in diff


def test_plain_and_encoded_values_of_a_secret_are_the_same_value() -> None:
    plain = {**_secret(), "stringData": {"user": "root"}}
    del plain["data"]
    assert unified_diff(_secret(user="root"), plain) == ""


def test_a_new_secret_is_masked_too() -> None:
    diff = unified_diff(None, _secret(user="root"))
    assert "+  user: '*** (after)'" in diff


@given(st.text(min_size=6), st.text(min_size=6))
def test_no_value_of_a_secret_gets_into_a_diff(before: str, after: str) -> None:
    old, new = _secret(key=before), _secret(key=after)
    diff = unified_diff(old, new)
    assert old["data"]["key"] not in diff
    assert new["data"]["key"] not in diff
    assert bool(diff) == (before != after)


def test_a_malformed_secret_shows_nothing_either() -> None:
    odd = {**_secret(), "data": "cm9vdA==", "stringData": ["root"]}
    assert "cm9vdA" not in unified_diff(None, odd)
    assert "root" not in unified_diff(None, odd)


@pytest.mark.parametrize("value", [{"b": 1, "a": [1, "ö"]}, {"a": [1, "ö"], "b": 1}])
def test_a_digest_depends_on_content_and_not_on_order(value: dict[str, Any]) -> None:
    digest = plan_digest({"operation": "apply", "objects": [value]})
    assert digest == plan_digest({"objects": [{"a": [1, "ö"], "b": 1}], "operation": "apply"})
    assert digest != plan_digest({"operation": "apply", "objects": []})
    assert len(digest) == 64
