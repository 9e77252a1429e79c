from typing import Any

from chatbot.domain.diff import SCALED_BY_ANNOTATION
from chatbot.domain.managed import written

CONTAINERS: dict[str, Any] = {
    "f:spec": {
        "f:template": {
            "f:spec": {
                "f:containers": {'k:{"name":"app"}': {".": {}, "f:name": {}, "f:image": {}}},
            }
        }
    }
}


def _live(*entries: tuple[str, dict[str, Any]], **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "1",
            "annotations": {"team": "blue", **annotations},
            "managedFields": [
                {"manager": manager, "operation": "Apply", "fieldsV1": tree}
                for manager, tree in entries
            ],
        },
        "spec": {
            "replicas": 5,
            "template": {
                "spec": {
                    "containers": [
                        {"name": "proxy", "image": "p:1"},
                        {"name": "app", "image": "a:2", "imagePullPolicy": "Always"},
                    ]
                }
            },
        },
        "status": {"replicas": 2},
    }


IDENTITY = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
}


def test_only_the_fields_of_our_manager_are_left_and_who_the_object_is() -> None:
    live = _live(("redlight", CONTAINERS), ("hand", {"f:spec": {"f:replicas": {}}}))
    assert written(live, "CHG-1") == {
        **IDENTITY,
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a:2"}]}}},
    }


def test_labels_and_annotations_are_left_where_they_are_ours() -> None:
    tree = {"f:metadata": {"f:annotations": {"f:team": {}}}}
    left = written(_live(("redlight", tree)), "CHG-1")
    assert left["metadata"] == {**IDENTITY["metadata"], "annotations": {"team": "blue"}}


def test_what_we_scaled_is_ours_though_the_server_did_not_record_it() -> None:
    live = _live(**{SCALED_BY_ANNOTATION: "CHG-7"})
    assert written(live, "CHG-7") == {**IDENTITY, "spec": {"replicas": 5}}
    assert written(live, "CHG-8") == IDENTITY


def test_who_owns_a_part_as_one_value_owns_everything_in_it() -> None:
    tree = {"f:spec": {"f:template": {}}}
    left = written(_live(("redlight", tree)), "CHG-1")
    assert left["spec"]["template"] == _live()["spec"]["template"]
