"""What counts as the same content in two environments."""

from copy import deepcopy
from typing import Any

import pytest

from chatbot.domain.gitedit import RESTARTED_AT
from chatbot.domain.manifest import Manifest, target_of
from chatbot.domain.promotion import content_of


def web(place: str = "staging", **spec: Any) -> Manifest:
    variables = [{"name": "PLACE", "value": place}]
    container = {"name": "web", "image": "web:1", "env": variables}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": f"shop-{place}"},
        "spec": {
            "replicas": {"staging": 2, "prod": 4}[place],
            "template": {"spec": {"containers": [container]}},
            **spec,
        },
    }


def made(old: Manifest | None, new: Manifest | None) -> str:
    """The content of a change that makes one of the other."""
    key = target_of(new or old or {}).key
    return content_of({key: old} if old else {}, {key: new} if new else {}, [key])


def container(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def new_image(place: str, tag: str = "web:2") -> str:
    new = web(place)
    container(new)["image"] = tag
    return made(web(place), new)


def test_the_same_image_in_environments_of_another_size_is_the_same() -> None:
    assert new_image("staging") == new_image("prod")
    assert new_image("staging") != new_image("prod", "web:3")


def test_the_same_number_of_replicas_is_the_same_from_whatever_number() -> None:
    eight = [made(web(place), web(place, replicas=8)) for place in ("staging", "prod")]
    assert eight[0] == eight[1]
    assert eight[0] != made(web("prod"), web("prod", replicas=9))


def restarted(place: str, at: str, before: str = "") -> str:
    old, new = web(place), web(place)
    for manifest, value in ((old, before), (new, at)):
        if value:
            manifest["spec"]["template"]["metadata"] = {"annotations": {RESTARTED_AT: value}}
    return made(old, new)


def test_a_restart_is_a_restart_whenever_it_was_asked_for() -> None:
    first = restarted("staging", "2026-03-02T10:00:00Z")
    assert first == restarted("prod", "2026-03-02T12:00:00Z")
    assert first == restarted("prod", "2026-03-02T12:00:00Z", "2026-03-01T12:00:00Z")


def test_a_restart_besides_is_something_else_than_none() -> None:
    new = web("prod")
    container(new)["image"] = "web:2"
    new["spec"]["template"]["metadata"] = {"annotations": {RESTARTED_AT: "2026-03-02T12:00:00Z"}}
    assert made(web("prod"), new) != new_image("prod")


def with_flag(place: str) -> str:
    old, new = web(place), web(place)
    if place == "staging":
        container(old).pop("env")
        container(new)["env"] = []
    container(new)["env"].append({"name": "FLAG", "value": "on"})
    return made(old, new)


def test_a_variable_is_the_same_whatever_stands_beside_it() -> None:
    assert with_flag("staging") == with_flag("prod")


def namespace(place: str, **labels: str) -> Manifest:
    metadata = {"name": f"shop-{place}", "labels": {"environment": place, **labels}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def binding(place: str) -> Manifest:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "web", "namespace": f"shop-{place}"},
        "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": f"shop-{place}"}],
    }


def test_a_new_object_is_compared_whole_but_for_its_place() -> None:
    for make in (namespace, binding):
        assert made(None, make("staging")) == made(None, make("prod"))
    assert made(None, namespace("staging")) != made(None, namespace("prod", team="shop"))


def test_making_changing_and_deleting_are_not_the_same() -> None:
    contents = {
        made(None, web()),
        made(web(), None),
        made(web(), web(replicas=8)),
        new_image("staging"),
        made(web("prod"), web("prod", paused=True)),
    }
    assert len(contents) == 5


def test_another_object_is_another_content_and_order_does_not_count() -> None:
    api = deepcopy(web())
    api["metadata"]["name"] = "api"
    keys = [target_of(one).key for one in (web(), api)]
    both = dict(zip(keys, (web(), api), strict=True))
    assert content_of({}, both, keys) == content_of({}, both, keys[::-1])
    assert made(None, web()) != made(None, api)


@pytest.mark.parametrize("key", ["", "apps/Deployment/shop/web"])
def test_nothing_done_has_no_content(key: str) -> None:
    assert content_of({key: web()}, {key: web()}, []) == ""
