"""What the matrices play: a change, what people do on its way, and the world that must come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.person import Deed, press
from tests.chaos.stage import PLAIN, Setting
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
    """What is typed after `/change`; `{replicas}` differs from the round before."""
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
    setting: Setting = PLAIN
    sampled: bool = False
    """Whether the short fault matrix plays it."""

    def text(self, number: int) -> str:
        return self.command.format(replicas=replicas(number))

    def fields(self, number: int) -> dict[str, str]:
        if not self.manifest:
            return dict(self.form)
        return {**self.form, "manifest": self.manifest.replace("ROUND", str(number))}


def replicas(number: int) -> int:
    return 5 + number % 2


def paid_back(world: World, change: Change) -> None:
    """Git has it: one pull request of one commit, merged, and nothing left lying about."""
    [pull] = _pulls(world, change)
    assert (pull.merged, pull.commits) == (True, 1)
    assert [label.name for label in pull.labels] == ["redlight"]
    assert world.file(f"mcp-ocs/changes/{change.id}.yaml")
    assert change.branch not in _branches(world)


def not_asked(world: World, change: Change) -> None:
    """Git never heard of it."""
    assert _pulls(world, change) == []
    assert change.branch not in _branches(world)


def _pulls(world: World, change: Change) -> list[Any]:
    return [pull for pull in world.repo.get_pulls(state="all") if pull.head.ref == change.branch]


def _branches(world: World) -> list[str]:
    return [branch.name for branch in world.repo.get_branches()]
