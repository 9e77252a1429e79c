"""What an emergency goes past, looked up over real tables and real policies; a cluster and a Git
host that may be away."""

from datetime import timedelta
from threading import Event
from typing import Any, cast

import pytest

from chatbot.adapters import rego_files
from chatbot.adapters.rego import RegoPolicies
from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain import policyset
from chatbot.domain.change import Change
from chatbot.domain.environment import ArgoApplications
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.lifecycle import State
from chatbot.services import bypasses as module
from chatbot.services.bypasses import Bypasses
from chatbot.services.policy import PolicyRules
from chatbot.services.quickly import within
from tests.support.builders import SENIOR
from tests.support.cards import waiting
from tests.support.store import add_change, move
from tests.unit.services.glass import Glass
from tests.unit.services.parts import Hand, Slack

LIVE = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:latest"}]},
        },
    },
}


class Cluster:
    """Has one Deployment."""

    def get_many(self, targets: Any) -> list[Any]:
        return [LIVE for _ in targets]


class Git:
    """A Git host that has no policies of its own, or is away, or does not answer."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs: Event | None = None

    def files(self, _: str, under: str = "") -> list[Any]:
        assert under == "policies"
        if self.hangs:
            self.hangs.wait(30)
        if self.error:
            raise self.error
        return []

    def blobs(self, shas: set[str]) -> dict[str, bytes]:
        assert not shas
        return {}


class Deployers:
    """Argo CD is away."""

    def __call__(self, _: str) -> Any:
        return self

    def application(self, name: str, _: str) -> Any:
        raise Permanent(f"there is no Application {name}")


@pytest.fixture
def git() -> Git:
    return Git()


@pytest.fixture
def glass(store: SqliteStore, clock: Hand, slack: Slack) -> Glass:
    return Glass(store, clock, slack)


@pytest.fixture
def bypasses(glass: Glass, git: Git) -> Bypasses:
    glass.environments["prod"] = glass.environments["prod"].model_copy(
        update={"argocd": ArgoApplications(names=("prod",))}
    )
    return Bypasses(
        environments=glass.environments,
        store=glass.store,
        clock=glass.clock,
        freezes=glass.freezes,
        deployers=cast("Any", Deployers()),
        clusters=cast("Any", lambda _: Cluster()),
        git=cast("Any", git),
        policies=PolicyRules(RegoPolicies(), policyset.read(rego_files.shipped())),
        base_head=lambda: "a" * 40,
    )


def test_policy_is_asked_of_the_objects_as_they_would_be(bypasses: Bypasses, glass: Glass) -> None:
    told = bypasses.of(glass.asked())
    assert any(line.startswith("Policy denies deployment/web") for line in told)
    assert not any("could not be looked up (" in line for line in told)
    assert any(line.startswith("Pull request") for line in told)
    assert "could not be looked up: there is no Application prod" in "\n".join(told)


@pytest.mark.parametrize("error", [RetryLater("GitHub is down"), Permanent("no such repository")])
def test_without_github_the_rules_that_ship_judge_and_that_is_said(
    bypasses: Bypasses, glass: Glass, git: Git, error: Exception
) -> None:
    git.error = error
    told = bypasses.of(glass.asked())
    assert told[0].startswith(f"Policy could not be looked up ({error})")
    assert told[1].startswith("Policy denies deployment/web")


def test_a_github_that_does_not_answer_is_not_waited_for(
    bypasses: Bypasses, glass: Glass, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", timedelta(milliseconds=50))
    git.hangs = Event()
    told = bypasses.of(glass.asked())
    git.hangs.set()
    assert "no answer within 0.05 s" in told[0]


def test_a_cluster_that_cannot_be_read_leaves_policy_unasked(
    bypasses: Bypasses, glass: Glass
) -> None:
    def away(_: str) -> Any:
        raise RetryLater("the cluster is away")

    object.__setattr__(bypasses, "clusters", away)
    assert "Policy could not be asked: the cluster is away" in bypasses.of(glass.asked())


def test_freezes_holds_and_who_has_the_objects_are_named(
    bypasses: Bypasses, glass: Glass, store: SqliteStore
) -> None:
    glass.slack.groups["@platform-seniors"] |= {SENIOR}
    glass.freezes.freeze(SENIOR, "prod", "4h", "year end")
    move(store, add_change(store, environment="prod"), State.HELD)
    has_it = move(store, add_change(store, environment="prod"), State.VALIDATING)
    behind: Change = add_change(store, environment="prod")
    waits = waiting("behind CHG-2").model_copy(update={"behind": (has_it.number,)})
    progress = behind.progress.model_copy(update={"waiting": waits})
    move(store, behind, State.APPLYING, progress=progress)
    told = "\n".join(bypasses.of(glass.asked()))
    assert "year end" in told
    assert "Hold: prod is held since CHG-1" in told
    assert "CHG-2 has the same objects in hand (validating)" in told
    assert "CHG-3" not in told


def test_what_a_quick_call_raises_is_raised() -> None:
    def fails() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        within(timedelta(seconds=5), fails)
    assert within(timedelta(seconds=5), lambda: 7) == 7
