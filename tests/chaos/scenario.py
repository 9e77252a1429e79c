"""What the matrices play: a change, what people do on its way, and the world that must come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.person import CHANGE, Asked, Deed, Slash, press
from tests.support.proxy import Call
from tests.support.world import CHANNELS, World

WHY: Mapping[str, str] = {"justification": "The queue grows."}
CONFIRM: Mapping[State, Deed] = {State.AWAITING_CONFIRMATION: press("confirm_diff")}


@dataclass(frozen=True)
class Scenario:
    """One change, by the number of its round. Each can be asked for again and again in one world:
    the round's number makes every change a different one."""

    name: str
    environment: str
    command: str
    """What is typed after the slash command; `{replicas}` differs from what `web` has, `{original}`
    is the change that was made before."""
    ends: State
    manifest: str = ""
    """With `ROUND` for the number of the round."""
    form: Mapping[str, str] = field(default_factory=lambda: WHY)
    """What else is filled in."""
    effects: tuple[str, ...] = ()
    """Kinds of effects that the short matrices take from this scenario; each stands in one."""
    also: tuple[Call, ...] = ()
    """Effects of those kinds that do something else here; the short crash matrix takes them too."""
    deeds: Mapping[State, Deed] = field(default_factory=lambda: CONFIRM)
    """What people do when the card shows a state, again and again until it shows another."""
    objects: Callable[[World, Change, int], None] = lambda world, change, number: None
    """Asserts that cluster and repository hold what round `number` asked for."""
    git: Callable[[World, Change], None] = lambda world, change: None
    """Asserts what the repository's pull requests and branches look like."""
    matrix: str = "direct"
    """Under which name the crash matrix counts it."""
    before: "Scenario | None" = None
    """What is played first, with nothing bad."""
    slash: Slash = CHANGE
    """The slash command."""
    spared: tuple[str, ...] = ()
    """Kinds of effects that only the full matrices take from it, where no scenario's short ones
    do."""
    brief: bool = False
    """Whether it takes so long that the short matrices play one round of it each, in which
    different deaths or faults take turns."""
    sampled: bool = False
    """Whether the short fault matrix plays it."""

    def text(self, world: World, number: int) -> str:
        replicas = other_replicas(world, self.environment)
        return self.command.format(replicas=replicas, original=f"CHG-{number - 1}")

    def asked(self, world: World, number: int) -> Asked:
        """How round `number` asks for it."""
        place, text = CHANNELS[self.environment], self.text(world, number)
        return Asked(self.slash, text, place, self.slash.card_in or place, self.fields(number))

    @property
    def is_emergency(self) -> bool:
        """Whether it goes past Git, which Argo CD would undo if it synced by itself."""
        return self.slash is not CHANGE

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
    """An object of the cluster."""
    found = world.live(f"{kind}/{name}", f"shop-{environment}")
    assert found, f"there is no {kind}/{name} in {environment}"
    return found


def other_replicas(world: World, environment: str) -> int:
    """As many of `web` as Git does not say."""
    return 6 if "replicas: 5" in world.file(web_file(environment)) else 5


def paid_back(world: World, change: Change) -> None:
    """Git has it: one pull request of one commit, merged, and nothing left lying about."""
    _one_merged(world, change, change.branch)
    assert world.file(f"mcp-ocs/changes/{change.id}.yaml")


def taken_back(world: World, change: Change) -> None:
    """Git had it, and has it no more: two such pull requests, and the files as they were."""
    paid_back(world, change)
    first = _one_merged(world, change, change.branch)
    second = _one_merged(world, change, change.revert_branch)
    assert first.number < second.number
    before = world.repo.get_git_commit(first.merge_commit_sha).parents[0].sha
    path = web_file(change.request.environment)
    assert world.file(path) == world.file(path, before)


def _one_merged(world: World, change: Change, branch: str) -> Any:
    [pull] = pulls(world, change, branch)
    assert (pull.merged, pull.commits) == (True, 1)
    assert [label.name for label in pull.labels] == ["redlight"]
    assert branch not in _branches(world)
    return pull


def as_before(world: World, change: Change, number: int) -> None:
    """Cluster and Git have as many of `web` as before the change that was rolled back."""
    original = world.store.change(number - 1)
    assert original.progress.pull_request is not None
    merged = world.repo.get_git_commit(original.progress.pull_request.merge_sha)
    path = web_file(change.request.environment)
    assert world.file(path) == world.file(path, merged.parents[0].sha)
    web = live(world, change.request.environment, "deploy", "web")
    assert f"replicas: {web['spec']['replicas']}" in world.file(path)
    assert web["spec"]["replicas"] != original.request.replicas
    link = original.progress.rolled_back
    assert link is not None
    assert (link.by, link.done) == (number, True)


def not_asked(world: World, change: Change) -> None:
    """Git never heard of it."""
    assert pulls(world, change) == []
    assert change.branch not in _branches(world)


def pulls(world: World, change: Change, branch: str = "") -> list[Any]:
    """The pull requests of the change's branch, or another, whatever became of them."""
    owner = world.forge.repo.partition("/")[0]
    return list(world.repo.get_pulls(state="all", head=f"{owner}:{branch or change.branch}"))


def _branches(world: World) -> list[str]:
    return [branch.name for branch in world.repo.get_branches()]
