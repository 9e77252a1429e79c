"""From what was typed to a request, or to one sentence on each field: every rule, over an API
server and a Git host that answer as the real ones do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from chatbot.adapters.kubernetes import KubernetesClusters
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Operation, RiskLevel, Target
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, RetryLater
from chatbot.domain.form import Form
from chatbot.domain.record import record_path
from chatbot.services.intake import Intake
from chatbot.services.presence import Presence
from chatbot.services.sources import Sources
from tests.support import kube
from tests.support.builders import NOW
from tests.support.forge import SENIOR, ForgeProcess
from tests.support.forge_work import commit_files, open_pull
from tests.support.github_host import github_host
from tests.support.store import add_change
from tests.unit.services.parts import Hand, environment


@pytest.fixture
def environments(shop: str) -> dict[str, Environment]:
    known = [
        environment("dev", "dev", namespaces=(shop,)),
        environment("test", "test", namespaces=("shop-*",)),
        environment("wide", "dev", cluster_scoped=True),
        environment("prod", "prod"),
    ]
    return {one.name: one for one in known}


@pytest.fixture
def intake(
    environments: Mapping[str, Environment],
    embedded_clusters: KubernetesClusters,
    shared_forge: ForgeProcess,
    store: SqliteStore,
) -> Intake:
    sources = Sources(github_host(shared_forge), "main", store)
    return Intake(environments, embedded_clusters, sources, lambda: NOW, Presence(Hand()))


@pytest.fixture
def web(embedded_admin: kube.Admin, shop: str) -> Target:
    embedded_admin.create(kube.deployment(shop, replicas=2))
    return Target(api_version="apps/v1", kind="Deployment", namespace=shop, name="web")


def scale(**fields: str) -> Form:
    typed = {
        "environment": "dev",
        "operation": "scale",
        "kind": "deploy",
        "name": "web",
        "replicas": "5",
        "justification": "The queue grows.",
    }
    return Form(**{**typed, **fields})


def apply(*manifests: dict[str, Any], **fields: str) -> Form:
    typed = {
        "environment": "dev",
        "operation": "apply",
        "manifest": yaml.safe_dump_all(manifests) if manifests else "",
        "justification": "New.",
    }
    return Form(**{**typed, **fields})


def complaints(intake: Intake, form: Form) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        intake.read(form, "UTC")
    return refused.value.fields


def test_three_fields_and_a_reason_make_a_request(intake: Intake, web: Target) -> None:
    request = intake.read(scale(), "UTC")
    assert (request.operation, request.targets) == (Operation.SCALE, (web,))
    assert (request.namespace, request.replicas) == (web.namespace, 5)
    assert request.risk_assessment is RiskLevel.LOW


def test_everything_that_was_typed_is_kept(intake: Intake, web: Target) -> None:
    request = intake.read(
        scale(
            environment="test",
            namespace=web.namespace,
            risk_assessment="high",
            rollback_plan="Scale back.",
            affected_services="checkout, payments\nsearch,,",
            incident_id="INC-7",
            session="https://sessions.example/1",
            window_start="2026-03-02 22:00",
            window_end="2026-03-02 23:00",
        ),
        "Europe/Berlin",
    )
    assert request.risk_assessment is RiskLevel.HIGH
    assert request.affected_services == ("checkout", "payments", "search")
    assert (request.incident_id, request.session) == ("INC-7", "https://sessions.example/1")
    window = request.maintenance_window
    assert window is not None
    assert window.start.utcoffset() == timedelta(0)
    assert window.start.hour == 21


@pytest.mark.parametrize(
    ("fields", "blamed", "sentence"),
    [
        ({"environment": "mars"}, "environment", "Choose one of dev, test"),
        ({"environment": "prod"}, "environment", "pull request"),
        ({"operation": "explode"}, "operation", "Choose one of apply, scale, restart"),
        ({"justification": ""}, "justification", "why"),
        ({"replicas": ""}, "replicas", "How many"),
        ({"replicas": "-1"}, "replicas", "fewer than 0"),
        ({"replicas": "five"}, "replicas", "whole number"),
        ({"kind": ""}, "kind", "Which kind"),
        ({"kind": "deplyoment"}, "kind", ""),
        ({"kind": "configmap"}, "kind", "no replicas to scale"),
        ({"operation": "restart", "kind": "service"}, "kind", "cannot be restarted"),
        ({"name": ""}, "name", "Which object"),
        ({"name": "../web"}, "name", "is no name"),
        ({"name": "wbe"}, "name", "There is no Deployment wbe in"),
        ({"namespace": "kube-system"}, "namespace", "does not belong to dev; shop-"),
        ({"environment": "test"}, "namespace", "Which namespace"),
        ({"session": "javascript:alert(1)"}, "session", "https://"),
        ({"risk_assessment": "huge"}, "risk_assessment", "low, medium, high, critical"),
        ({"window_start": "2026-03-02 22:00"}, "window_end", "must end"),
    ],
)
def test_each_field_that_does_not_hold_has_its_own_sentence(
    intake: Intake, web: Target, fields: dict[str, str], blamed: str, sentence: str
) -> None:
    found = complaints(intake, scale(**fields))
    assert list(found) == [blamed]
    assert sentence in found[blamed]


def test_many_mistakes_are_told_at_once(intake: Intake, web: Target) -> None:
    found = complaints(intake, scale(kind="", name="", replicas="x", justification="", session="x"))
    assert set(found) == {"kind", "name", "replicas", "justification", "session"}


def test_a_name_that_is_not_there_is_told_with_those_that_are(intake: Intake, web: Target) -> None:
    assert "there are web" in complaints(intake, scale(name="wep"))["name"]


def test_a_restart_needs_no_replicas(intake: Intake, web: Target) -> None:
    request = intake.read(scale(operation="restart", replicas=""), "UTC")
    assert (request.operation, request.replicas) == (Operation.RESTART, None)


def test_an_api_server_that_is_away_costs_nothing_that_was_typed(
    intake: Intake, web: Target
) -> None:
    def away(context: str) -> Any:
        raise RetryLater("The API server does not answer")

    unlucky = replace(intake, clusters=away)
    assert "Nothing is lost" in complaints(unlucky, scale())["name"]
    found = complaints(unlucky, apply(kube.config_map("x"), session="bad"))
    assert set(found) == {"manifest", "session"}


# --- apply -----------------------------------------------------------------------------------


def test_documents_get_the_only_namespace_of_their_environment(intake: Intake, shop: str) -> None:
    unplaced = kube.config_map(shop)
    del unplaced["metadata"]["namespace"]
    request = intake.read(apply(unplaced, kube.service(shop)), "UTC")
    assert [str(target) for target in request.targets] == ["configmap/settings", "service/web"]
    assert {target.namespace for target in request.targets} == {shop}
    assert request.manifest is not None
    assert request.manifest_ref is None


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}},
            "whole cluster",
        ),
        ({"apiVersion": "v1", "kind": "Nonsense", "metadata": {"name": "x"}}, "Nonsense"),
        (
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "x", "namespace": "kube-system"},
            },
            "kube-system",
        ),
        ({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}, "Secret"),
    ],
)
def test_what_does_not_belong_here_is_refused_on_the_manifest(
    intake: Intake, manifest: dict[str, Any], sentence: str
) -> None:
    found = complaints(intake, apply(manifest))
    assert list(found) == ["manifest"]
    assert sentence in found["manifest"]


def test_objects_of_the_whole_cluster_are_taken_where_the_rules_say_so(intake: Intake) -> None:
    role = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "brand-new"},
    }
    request = intake.read(apply(role, environment="wide"), "UTC")
    assert request.targets[0].namespace == ""
    assert request.namespace == ""


def test_an_environments_own_namespace_may_be_made(intake: Intake, shop: str) -> None:
    assert intake.read(apply(kube.namespace(shop)), "UTC").targets[0].name == shop


def test_a_manifest_and_a_reference_together_are_one_too_many(intake: Intake, shop: str) -> None:
    found = complaints(intake, apply(kube.config_map(shop), manifest_ref="#1"))
    assert list(found) == ["manifest_ref"]
    assert list(complaints(intake, apply())) == ["manifest"]


# --- references ------------------------------------------------------------------------------


@pytest.fixture
def repo(shared_forge: ForgeProcess) -> Any:
    return shared_forge.github(SENIOR).get_repo(shared_forge.repo)


def config(shop: str, name: str = "limits") -> str:
    return yaml.safe_dump(kube.config_map(shop, name, top="1"))


def test_a_pull_request_is_named_by_number_or_by_its_address(
    intake: Intake, repo: Any, shop: str
) -> None:
    files: dict[str, str | None] = {
        "environments/dev/limits.yaml": config(shop),
        "environments/dev/notes.md": "not a manifest",
        "environments/dev/sub/kustomization.yaml": "resources: []\n",
        "environments/prod/limits.yaml": config("elsewhere"),
    }
    pull = open_pull(repo, f"limits-{shop}", files)
    for reference in (f"#{pull.number}", str(pull.number), pull.html_url, f" #{pull.number} "):
        request = intake.read(apply(manifest_ref=reference), "UTC")
        assert [target.name for target in request.targets] == ["limits"]
        assert request.manifest_ref == f"#{pull.number} at {pull.head.sha}"


def test_a_branch_is_read_at_one_commit_and_only_what_it_changes(
    intake: Intake, repo: Any, shop: str
) -> None:
    branch = f"more/limits-{shop}"
    sha = commit_files(
        repo,
        branch,
        {
            "environments/dev/a.yaml": config(shop, "a"),
            "environments/dev/b.yml": config(shop, "b"),
        },
    )
    request = intake.read(apply(manifest_ref=branch), "UTC")
    assert [target.name for target in request.targets] == ["a", "b"]
    assert request.manifest_ref == f"{branch} at {sha}"
    assert [(each.login, each.commit) for each in request.manifest_authors] == [
        ("octo-senior", sha)
    ]


def test_who_requested_a_change_that_a_branch_brings_had_a_hand_in_it(
    intake: Intake, repo: Any, shop: str, store: SqliteStore
) -> None:
    known = add_change(store)
    branch = f"brings-{shop}"
    commit_files(
        repo,
        branch,
        {
            "environments/dev/a.yaml": config(shop, "a"),
            record_path(known): "id: CHG-1\n",
            "mcp-ocs/changes/CHG-404.yaml": "of no change that ever was\n",
            "mcp-ocs/changes/README.md": "no record\n",
        },
    )
    request = intake.read(apply(manifest_ref=branch), "UTC")
    assert [(each.user, each.requested) for each in request.manifest_authors if each.user] == [
        (known.requester, known.id)
    ]


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("#404", "There is no pull request #404"),
        ("no-such-branch", "no such pull request or branch"),
        ("main; rm -rf /", "no such pull request or branch"),
        ("main", "changes no manifests below environments/dev/"),
    ],
)
def test_a_reference_that_gives_nothing_says_why(
    intake: Intake, reference: str, sentence: str
) -> None:
    found = complaints(intake, apply(manifest_ref=reference))
    assert list(found) == ["manifest_ref"]
    assert sentence in found["manifest_ref"]


def test_a_mistake_in_a_referenced_file_is_told_on_the_reference(
    intake: Intake, repo: Any, shop: str
) -> None:
    branch = f"bad-{shop}"
    commit_files(repo, branch, {"environments/dev/bad.yaml": "kind: [\n"})
    assert list(complaints(intake, apply(manifest_ref=branch))) == ["manifest_ref"]


def test_what_the_base_gained_since_is_not_taken_for_a_change_of_the_branch(
    intake: Intake, repo: Any, shop: str
) -> None:
    base, branch = f"base-{shop}", f"late-{shop}"
    commit_files(repo, base, {"environments/dev/old.yaml": config(shop, "old")})
    commit_files(repo, branch, {"environments/dev/new.yaml": config(shop, "new")}, base=base)
    newer = config(shop, "old").replace("'1'", "'2'")
    commit_files(repo, base, {"environments/dev/old.yaml": newer})
    sources = replace(intake.sources, base=base)
    request = replace(intake, sources=sources).read(apply(manifest_ref=branch), "UTC")
    assert [target.name for target in request.targets] == ["new"]


# --- is it there? --------------------------------------------------------------------------


class Counted:
    """A cluster whose looks at single objects are counted."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self.looks = 0

    def get(self, target: Target) -> Any:
        self.looks += 1
        return self._cluster.get(target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)


def test_forms_for_one_object_within_a_moment_look_once(
    intake: Intake, embedded_clusters: KubernetesClusters, web: Target
) -> None:
    cluster, clock = Counted(embedded_clusters("")), Hand()
    forms = replace(intake, clusters=lambda _: cluster, presence=Presence(clock))
    for _ in range(3):
        assert forms.read(scale(), "UTC").targets == (web,)
    assert cluster.looks == 1
    clock.move(seconds=1)
    forms.read(scale(), "UTC")
    assert cluster.looks == 2


def test_an_object_that_was_missing_is_found_as_soon_as_it_is_there(
    intake: Intake, embedded_admin: kube.Admin, shop: str
) -> None:
    assert "There is no Deployment web" in complaints(intake, scale())["name"]
    embedded_admin.create(kube.deployment(shop, replicas=2))
    assert intake.read(scale(), "UTC").replicas == 5
