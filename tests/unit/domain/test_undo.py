from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.undo import merge_patch, undo


def _object(spec: dict[str, Any], **owners: dict[str, Any]) -> dict[str, Any]:
    """An object whose managers own the given trees below `spec`."""
    fields = [
        {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": tree}}
        for manager, tree in owners.items()
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "managedFields": fields},
        "spec": spec,
    }


def _undone(live: dict[str, Any], snapshot: dict[str, Any]) -> Any:
    return undo(live, snapshot)["spec"]


def test_what_we_changed_goes_back() -> None:
    live = _object({"replicas": 5}, redlight={"f:replicas": {}})
    assert _undone(live, _object({"replicas": 2}, argocd={"f:replicas": {}})) == {"replicas": 2}


def test_what_another_manager_set_since_stays() -> None:
    live = _object({"replicas": 5}, hand={"f:replicas": {}})
    assert _undone(live, _object({"replicas": 2}, argocd={"f:replicas": {}})) == {"replicas": 5}


def test_what_nobody_owns_goes_back_with_the_rest() -> None:
    assert _undone(_object({"policy": "Always"}), _object({"policy": "Never"})) == {
        "policy": "Never"
    }


def test_what_we_added_goes_and_what_others_added_stays() -> None:
    live = _object({"a": 1, "b": 2, "c": 3}, redlight={"f:a": {}}, hand={"f:b": {}})
    assert _undone(live, _object({})) == {"b": 2}


def test_a_part_that_we_and_others_added_together_keeps_the_others_share() -> None:
    live = _object(
        {"limits": {"cpu": "1", "memory": "2"}},
        redlight={"f:limits": {"f:cpu": {}}},
        hand={"f:limits": {"f:memory": {}}},
    )
    assert _undone(live, _object({})) == {"limits": {"memory": "2"}}


def test_what_we_removed_comes_back_and_what_others_removed_does_not() -> None:
    before = _object({"a": 1, "b": 2}, redlight={"f:a": {}}, hand={"f:b": {}})
    assert _undone(_object({}), before) == {"a": 1}


def test_a_list_of_one_value_goes_back_whole() -> None:
    live = _object({"args": ["x", "y"]}, redlight={"f:args": {}})
    assert _undone(live, _object({"args": ["x"]})) == {"args": ["x"]}


def test_who_owns_a_part_as_one_value_owns_all_of_it() -> None:
    live = _object({"selector": {"app": "b"}}, hand={"f:selector": {}})
    assert _undone(live, _object({"selector": {"app": "a"}})) == {"selector": {"app": "b"}}


def _containers(*items: tuple[str, str]) -> dict[str, Any]:
    return {"containers": [{"name": name, "image": image} for name, image in items]}


def _owned(*names: str) -> dict[str, Any]:
    fields = {".": {}, "f:name": {}, "f:image": {}}
    return {"f:containers": {f'k:{{"name":"{name}"}}': fields for name in names}}


def test_items_are_told_apart_by_their_key() -> None:
    before = _object(_containers(("app", "1"), ("log", "1")), argocd=_owned("app", "log"))
    live = _object(
        _containers(("app", "2"), ("ours", "1"), ("mesh", "1"), ("log", "9")),
        redlight=_owned("app", "ours"),
        mesh=_owned("mesh"),
        hand=_owned("log"),
    )
    assert _undone(live, before) == _containers(("app", "1"), ("log", "9"), ("mesh", "1"))


def test_an_item_that_we_removed_comes_back_in_its_place() -> None:
    before = _object(
        _containers(("a", "1"), ("b", "1"), ("c", "1")), redlight=_owned("a", "b", "c")
    )
    live = _object(_containers(("a", "1"), ("c", "1")), redlight=_owned("a", "c"))
    assert _undone(live, before) == before["spec"]


def test_an_item_of_others_in_which_we_set_a_field_stays_without_it() -> None:
    live = _object(
        {"containers": [{"name": "mesh", "image": "1", "tty": True}]},
        mesh=_owned("mesh"),
        redlight={"f:containers": {'k:{"name":"mesh"}': {"f:tty": {}}}},
    )
    assert _undone(live, _object({"containers": []})) == _containers(("mesh", "1"))


def test_ports_without_a_protocol_are_those_with_the_default_one() -> None:
    key = 'k:{"port":80,"protocol":"TCP"}'
    live = _object(
        {"ports": [{"port": 80, "name": "b"}]}, redlight={"f:ports": {key: {"f:name": {}}}}
    )
    before = {"ports": [{"port": 80, "name": "a"}]}
    assert _undone(live, _object(before)) == before


def test_status_and_the_servers_metadata_stay_as_they_are() -> None:
    live = {**_object({}), "status": {"replicas": 3}}
    live["metadata"]["resourceVersion"] = "9"
    result = undo(live, {**_object({}), "status": {"replicas": 1}})
    assert result == live


def test_labels_and_annotations_go_back_and_the_bookkeeping_stays() -> None:
    live, before = _object({}), _object({})
    live["metadata"] |= {
        "labels": {"tier": "b"},
        "annotations": {"note": "b", "redlight.dev/change": "CHG-2"},
    }
    before["metadata"] |= {
        "labels": {"tier": "a"},
        "annotations": {"note": "a", "redlight.dev/change": "CHG-1"},
    }
    metadata = undo(live, before)["metadata"]
    assert metadata["labels"] == {"tier": "a"}
    assert metadata["annotations"] == {"note": "a", "redlight.dev/change": "CHG-2"}


def test_a_scale_of_ours_is_undone_though_the_server_credits_somebody_else() -> None:
    before = _object({"replicas": 2}, hand={"f:replicas": {}})
    live = _object({"replicas": 6}, hand={"f:replicas": {}})
    live["metadata"]["annotations"] = {"redlight.dev/scaled-by": "CHG-2"}
    assert _undone(live, before) == {"replicas": 2}
    before["metadata"]["annotations"] = {"redlight.dev/scaled-by": "CHG-2"}
    assert _undone(live, before) == {"replicas": 6}


def test_nothing_to_undo_leaves_the_object_equal() -> None:
    live = _object(_containers(("app", "1")), redlight=_owned("app"))
    assert undo(live, live) == live


def _apply(target: Any, patch: Any) -> Any:
    """RFC 7396, as the standard words it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _apply(result.get(key), value)
    return result


KEYS = st.sampled_from("abc")
VALUES = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_turns_the_one_into_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    patch = merge_patch(before, after)
    assert _apply(before, patch) == after
    assert (patch == {}) == (before == after)


@given(OBJECTS, OBJECTS)
def test_what_nobody_else_owns_goes_back_exactly(
    live: dict[str, Any], before: dict[str, Any]
) -> None:
    assert _undone(_object(live), _object(before)) == before
