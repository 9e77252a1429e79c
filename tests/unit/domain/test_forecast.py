from typing import Any

from chatbot.domain.change import SnapshotEntry, Target
from chatbot.domain.forecast import (
    applied,
    apply_conflicts,
    restarted,
    restored,
    scale_conflicts,
    scaled,
)
from tests.support import kube

WEB = Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")


def _managed(manifest: dict[str, Any], *entries: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    fields = [
        {"manager": manager, "operation": operation, "fieldsV1": tree}
        for manager, operation, tree in entries
    ]
    return {**manifest, "metadata": {**manifest["metadata"], "managedFields": fields}}


def _web(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    made = kube.deployment("shop", **spec)
    if containers:
        made["spec"]["template"]["spec"]["containers"] = list(containers)
    return made


def _containers(manifest: dict[str, Any] | None) -> Any:
    assert manifest is not None
    return manifest["spec"]["template"]["spec"]["containers"]


def test_a_scale_is_the_same_object_with_other_replicas() -> None:
    assert scaled(_web(replicas=2), 5) == _web(replicas=5)


def test_a_restart_writes_its_time_into_the_pod_template() -> None:
    live = _web(replicas=2)
    at = "2026-03-01T12:00:00Z"
    result = restarted(live, at)
    annotations = result["spec"]["template"]["metadata"].pop("annotations")
    assert annotations == {"kubectl.kubernetes.io/restartedAt": at}
    assert result == live == _web(replicas=2)


def test_what_is_new_becomes_what_was_asked() -> None:
    assert applied(None, _web()) == _web()


def test_maps_are_merged_and_what_the_manifest_does_not_name_stays() -> None:
    live = {**kube.config_map("shop", a="1", b="2"), "immutable": False}
    assert applied(live, kube.config_map("shop", a="3", c="4")) == {
        **kube.config_map("shop", a="3", b="2", c="4"),
        "immutable": False,
    }


def test_containers_and_variables_are_told_apart_by_name_and_keep_their_order() -> None:
    live = _web(
        {"name": "app", "image": "a:1", "env": [{"name": "X", "value": "1"}]},
        {"name": "proxy", "image": "p:1"},
    )
    wanted = _web(
        {"name": "app", "image": "a:2", "env": [{"name": "Y", "value": "2"}]},
    )
    assert _containers(applied(live, wanted)) == [
        {
            "name": "app",
            "image": "a:2",
            "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
        },
        {"name": "proxy", "image": "p:1"},
    ]


def test_a_port_without_a_protocol_is_the_tcp_port() -> None:
    live = _web({"name": "app", "ports": [{"containerPort": 80, "protocol": "TCP"}]})
    wanted = _web({"name": "app", "ports": [{"containerPort": 80, "name": "http"}]})
    assert _containers(applied(live, wanted))[0]["ports"] == [
        {"containerPort": 80, "protocol": "TCP", "name": "http"}
    ]


def test_other_lists_are_one_value() -> None:
    live, wanted = _web({"name": "app", "args": ["a", "b"]}), _web({"name": "app", "args": ["c"]})
    assert _containers(applied(live, wanted))[0]["args"] == ["c"]


def test_lists_of_kinds_that_are_not_kubernetes_own_are_replaced() -> None:
    def widget(name: str) -> dict[str, Any]:
        return {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {"name": "w"},
            "spec": {"containers": [{"name": name}]},
        }

    assert applied(widget("a"), widget("b")) == widget("b")


def test_what_our_last_apply_said_and_this_one_does_not_is_gone() -> None:
    live = _managed(
        kube.config_map("shop", ours="1", theirs="2", both="3"),
        ("redlight", "Apply", {"f:data": {"f:ours": {}, "f:both": {}}}),
        ("hand", "Update", {"f:data": {"f:theirs": {}, "f:both": {}}}),
    )
    result = applied(live, kube.config_map("shop", new="4"))
    assert result["data"] == {"theirs": "2", "both": "3", "new": "4"}


def test_a_container_that_was_ours_alone_goes_with_what_the_server_added_to_it() -> None:
    item = {".": {}, "f:name": {}, "f:image": {}}
    tree = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"old"}': item}}}}}
    live = _managed(
        _web({"name": "old", "image": "o:1", "imagePullPolicy": "Always"}, {"name": "app"}),
        ("redlight", "Apply", tree),
    )
    assert _containers(applied(live, _web({"name": "app"}))) == [{"name": "app"}]


def test_what_goes_back_is_what_the_snapshot_has() -> None:
    assert restored(_web(), SnapshotEntry(target=WEB, manifest=None)) is None
    entry = SnapshotEntry(target=WEB, manifest=_web(replicas=2))
    assert restored(None, entry) == _web(replicas=2)
    ours = ("redlight", "Apply", {"f:spec": {"f:replicas": {}}})
    after = restored(_managed(_web(replicas=5), ours), entry)
    assert after is not None
    assert after["spec"]["replicas"] == 2


def test_a_scale_conflicts_with_who_applies_replicas() -> None:
    live = _managed(_web(replicas=2), ("gitops", "Apply", {"f:spec": {"f:replicas": {}}}))
    [conflict] = scale_conflicts(WEB, live, 5)
    assert (conflict.field, conflict.manager) == (".spec.replicas", "gitops")
    assert scale_conflicts(WEB, live, 2) == ()


def test_an_apply_conflicts_where_another_manager_owns_what_it_changes() -> None:
    item = {".": {}, "f:name": {}, "f:image": {}}
    pod = {"f:spec": {"f:containers": {'k:{"name":"app"}': item}}}
    live = _managed(
        _web({"name": "app", "image": "a:1"}, replicas=2),
        ("argocd", "Update", {"f:spec": {"f:replicas": {}, "f:template": pod}}),
        ("redlight", "Apply", {"f:spec": {"f:replicas": {}}}),
    )
    wanted = _web({"name": "app", "image": "a:2"}, replicas=2)
    assert [(each.field, each.manager) for each in apply_conflicts(WEB, live, wanted)] == [
        ('.spec.template.spec.containers[name="app"].image', "argocd")
    ]
    assert apply_conflicts(WEB, None, wanted) == ()
