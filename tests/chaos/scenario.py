"""What the matrices play: a change, what people do on its way, and the world that must come out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.person import Deed, press
from tests.support.world import World

WHY: Mapping[str, str] = {"justification": "The queue grows."}
CONFIRM: Mapping[State, Deed] = {State.AWAITING_CONFIRMATION: press("confirm_diff")}


@dataclass(frozen=True)
class Scenario:
    """One change, by the number of its round. Each can be asked for again and again in one world:
    the round's number makes every change a different one."""

    name: str
    environment: str
    command: str
    """What is typed after `/change`; `{replicas}` differs from what `web` has."""
    ends: State
    manifest: str = ""
    """With `ROUND` for the number of the round."""
    form: Mapping[str, str] = field(default_factory=lambda: WHY)
    """What else is filled in."""
    effects: tuple[str, ...] = ()
    """Kinds of effects that the short matrices take from this scenario; each stands in one."""
    deeds: Mapping[State, Deed] = field(default_factory=lambda: CONFIRM)
    """What people do when the card shows a state, again and again until it shows another."""
    objects: Callable[[World, Change, int], None] = lambda world, change, number: None
    """Asserts that cluster and repository hold what round `number` asked for."""
    git: Callable[[World, Change], None] = lambda world, change: None
    """Asserts what the repository's pull requests and branches look like."""
    matrix: str = "direct"
    """Under which name the crash matrix counts it."""
    sampled: bool = False
    """Whether the short fault matrix plays it."""

    def text(self, world: World) -> str:
        return self.command.format(replicas=other_replicas(world, self.environment))

    def fields(self, number: int) -> dict[str, str]:
        if not self.manifest:
            return dict(self.form)
        return {**self.form, "manifest": self.manifest.replace("ROUND", str(number))}


def web_file(environment: str) -> str:
    """Where Git has the deployment `web` of an environment."""
    return f"environments/{environment}/shop-{environment}/web.yaml"


def scaled(world: World, change: Change, number: int) -> None:
    """Cluster and Git have as many of `web` as were asked for."""
    environment, asked = change.request.environment, change.request.replicas
    assert live(world, environment, "deploy", "web")["spec"]["replicas"] == asked
    assert f"replicas: {asked}" in world.file(web_file(environment))


def live(world: World, environment: str, kind: str, name: str) -> Any:
    """An object of the cluster; raises `CalledProcessError` when there is none."""
    where = f"--namespace=shop-{environment}"
    return json.loads(world.cluster.kubectl("get", kind, name, where, "--output=json"))


def other_replicas(world: World, environment: str) -> int:
    """As many of `web` as Git does not say."""
    return 6 if "replicas: 5" in world.file(web_file(environment)) else 5


def paid_back(world: World, change: Change) -> None:
    """Git has it: one pull request of one commit, merged, and nothing left lying about."""
    [pull] = pulls(world, change)
    assert (pull.merged, pull.commits) == (True, 1)
    assert [label.name for label in pull.labels] == ["redlight"]
    assert world.file(f"mcp-ocs/changes/{change.id}.yaml")
    assert change.branch not in _branches(world)


def not_asked(world: World, change: Change) -> None:
    """Git never heard of it."""
    assert pulls(world, change) == []
    assert change.branch not in _branches(world)


def pulls(world: World, change: Change) -> list[Any]:
    """The change's pull requests, whatever became of them."""
    owner = world.forge.repo.partition("/")[0]
    return list(world.repo.get_pulls(state="all", head=f"{owner}:{change.branch}"))


def _branches(world: World) -> list[str]:
    return [branch.name for branch in world.repo.get_branches()]
