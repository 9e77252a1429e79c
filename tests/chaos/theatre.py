"""Where rounds are played: worlds that last for many of them, and what the rehearsals said."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sandbox.cluster import LocalCluster
from tests.chaos.matrix import Rehearsal, rehearse
from tests.chaos.scenario import Scenario
from tests.chaos.stage import Setting, Stage
from tests.support.argocd_world import argocd
from tests.support.forge import running_forge
from tests.support.slack import SlackWorkspace
from tests.support.world import World

STARTING = ("slack auth.test", "slack apps.connections.open", "cluster GET discovery")
"""What a bot asks while it starts, before any change: the same in all scenarios, so played once."""


class Theatre:
    """The stage to play on; a new one after a round that failed."""

    def __init__(
        self, folder: Path, slack: SlackWorkspace, cluster: LocalCluster, setting: Setting
    ) -> None:
        self._folder = folder
        self._slack = slack
        self._cluster = cluster
        self._setting = setting
        self._parts = ExitStack()
        self._stage: Stage | None = None
        self._count = 0

    def stage(self) -> Stage:
        if self._stage is None:
            self._count += 1
            folder = self._folder / f"stage-{self._count}"
            made = _stage(folder, self._slack, self._cluster, self._setting)
            self._stage = self._parts.enter_context(made)
        return self._stage

    def close(self) -> None:
        self._parts.close()
        self._parts, self._stage = ExitStack(), None


def rehearsed(shared: Path, scenario: Scenario, theatre: Theatre, *, times: int) -> Rehearsal:
    """The rehearsal of a scenario: made by the first worker that needs it, read by the others."""
    written = shared / f"rehearsal-{scenario.name}.json"
    with (shared / f"rehearsal-{scenario.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not written.exists():
            rehearse(theatre.stage(), scenario, times=times).write(written)
        return Rehearsal.read(written)


def tell(request: pytest.FixtureRequest, line: str) -> None:
    """Progress that is seen while it happens, past pytest's capture: a full matrix takes long."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if request.config.getoption("--full") and capture is not None:
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


@contextmanager
def _stage(
    folder: Path, slack: SlackWorkspace, cluster: LocalCluster, setting: Setting
) -> Iterator[Stage]:
    """A fresh world to play in."""
    folder.mkdir()
    cluster.clear()
    cluster.seed()
    with ExitStack() as parts:
        forge = parts.enter_context(running_forge(folder / "forge"))
        world = World(folder, slack, cluster, forge)
        parts.callback(world.store.close)
        if setting.deployed:
            parts.enter_context(argocd(world, setting.deployed))
        playing = Stage(world, folder, setting)
        parts.callback(playing.close)
        yield playing
