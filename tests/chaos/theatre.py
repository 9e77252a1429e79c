"""Where rounds are played: a world that lasts for many of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.cluster import LocalCluster
from sandbox.world import GITOPS
from tests.chaos.stage import Stage
from tests.support.argocd_world import argocd
from tests.support.forge import running_forge
from tests.support.jira import running_jira
from tests.support.slack import SlackWorkspace
from tests.support.world import World

INDEX_SECONDS = 0.5
"""How far Jira's search lags behind; bots of the matrices count with twice that."""


class Theatre:
    """The stage to play on; a new one after a round that failed. What is outside takes far longer
    to start than a round takes, so that everything in this folder is played in one world, each
    round with a bot of its own."""

    def __init__(self, folder: Path, slack: SlackWorkspace, cluster: LocalCluster) -> None:
        self._folder = folder
        self._slack = slack
        self._cluster = cluster
        self._parts = ExitStack()
        self._stage: Stage | None = None
        self._count = 0

    def stage(self) -> Stage:
        """A world to play in, as the round before left it."""
        if self._stage is None:
            self._count += 1
            folder = self._folder / f"stage-{self._count}"
            made = _stage(folder, self._slack, self._cluster)
            self._stage = self._parts.enter_context(made)
        return self._stage

    def leave(self) -> None:
        """No bot runs any more; what is outside stays."""
        if self._stage is not None:
            self._stage.crash()

    def clear(self) -> None:
        """The world is spoilt: the next round gets another one."""
        self._parts.close()
        self._parts, self._stage = ExitStack(), None

    def close(self) -> None:
        """Nothing runs any more."""
        self.clear()


@contextmanager
def _stage(folder: Path, slack: SlackWorkspace, cluster: LocalCluster) -> Iterator[Stage]:
    """A fresh world to play in."""
    folder.mkdir()
    cluster.clear()
    cluster.seed()
    with ExitStack() as parts:
        forge = parts.enter_context(running_forge(folder / "forge"))
        jira = parts.enter_context(running_jira("--index-seconds", str(INDEX_SECONDS)))
        world = World(folder, slack, cluster, forge, jira)
        parts.callback(world.end)
        parts.enter_context(argocd(world, GITOPS))
        playing = Stage(world)
        parts.callback(playing.close)
        yield playing
