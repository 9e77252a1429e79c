"""What the shipped roles do not allow, on the real API server."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.domain.change import Target
from chatbot.domain.errors import Permanent
from tests.contract.cluster.world import eventually, target
from tests.support.kube import ROLE_FILE, Admin, config_map, deployment, namespace

VERBS = {"get", "list", "patch", "create", "delete"}


def _rules() -> list[dict[str, list[str]]]:
    roles = yaml.safe_load_all(ROLE_FILE.read_text())
    return [rule for role in roles for rule in role["rules"]]


def _secret(where: str) -> Target:
    return Target(api_version="v1", kind="Secret", namespace=where, name="password")


def _allowed(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Permanent:
        return False
    return True


def test_the_roles_name_no_secrets_and_no_wildcards() -> None:
    for rule in _rules():
        assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
        assert not any(resource.startswith("secrets") for resource in rule["resources"])
        assert set(rule["verbs"]) <= VERBS


@pytest.mark.parametrize("example", ["binding.yaml", "emergency.yaml"])
def test_the_example_binds_roles_that_exist(example: str) -> None:
    roles = {role["metadata"]["name"] for role in yaml.safe_load_all(ROLE_FILE.read_text())}
    documents = yaml.safe_load_all((ROLE_FILE.parent / example).read_text())
    bound = {document["roleRef"]["name"] for document in documents if "roleRef" in document}
    assert bound <= roles


def test_the_bot_may_not_read_secrets_and_says_what_is_missing(
    clusters: KubernetesClusters, bot_namespace: str
) -> None:
    cluster = clusters("")
    with pytest.raises(Permanent, match='cannot get resource "secrets"') as refused:
        cluster.get(_secret(bot_namespace))
    assert refused.value.remedy == (
        f"Grant Redlight `get` on `secrets` in {bot_namespace}: "
        "bind the role in docs/rbac/role.yaml there."
    )
    with pytest.raises(Permanent, match="forbidden"):
        cluster.names(cluster.kind("secret"), bot_namespace)


def test_the_bot_may_not_touch_other_namespaces(
    clusters: KubernetesClusters, cluster_admin: Admin, bot_namespace: str
) -> None:
    cluster = clusters("")
    other = f"{bot_namespace}-other"
    cluster_admin.create(namespace(other))
    workload = cluster_admin.create(deployment(other))
    attempts: list[Callable[[], object]] = [
        lambda: cluster.get(target(workload)),
        lambda: cluster.apply([config_map(other, a="1")], change="CHG-1", force=False),
        lambda: cluster.scale(target(workload), 2, change="CHG-1"),
        lambda: cluster.restart(target(workload), "2026-03-01T12:00:00Z", change="CHG-1"),
        lambda: cluster.failing_pods(target(workload)),
    ]
    assert [_allowed(attempt) for attempt in attempts] == [False] * len(attempts)


def test_the_bot_may_not_create_namespaces(
    clusters: KubernetesClusters, bot_namespace: str
) -> None:
    with pytest.raises(Permanent, match='cannot patch resource "namespaces"'):
        clusters("").apply([namespace(f"{bot_namespace}-new")], change="CHG-1", force=False)


def test_the_reading_role_alone_changes_nothing(
    clusters: KubernetesClusters, cluster_admin: Admin, bot_namespace: str
) -> None:
    cluster = clusters("")
    read_only = f"{bot_namespace}-ro"
    cluster_admin.create(namespace(read_only))
    cluster_admin.bind("redlight-read", "redlight", read_only)
    workload = cluster_admin.create(deployment(read_only))

    eventually(lambda: _allowed(lambda: cluster.get(target(workload))))

    with pytest.raises(Permanent, match="cannot patch"):
        cluster.dry_run_apply([deployment(read_only)], force=False)


def test_the_role_file_says_why_beside_every_rule() -> None:
    """Every rule, or a run of rules of one purpose, has a comment above it."""
    text = Path(ROLE_FILE).read_text()
    for section in text.split("rules:\n")[1:]:
        assert section.lstrip().startswith("#")
