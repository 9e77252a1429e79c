"""Fixtures of the matrices."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cluster import LocalCluster
from tests.chaos.plugin import RecordProperty
from tests.chaos.programme import Programme
from tests.chaos.theatre import Theatre
from tests.support.slack import SlackWorkspace


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="package")
def house(
    tmp_path_factory: pytest.TempPathFactory, slack_workspace: SlackWorkspace, local: LocalCluster
) -> Iterator[Theatre]:
    """The theatre of this worker, until the next folder's tests want Slack and the cluster."""
    made = Theatre(tmp_path_factory.mktemp("theatre"), slack_workspace, local)
    yield made
    made.close()


@pytest.fixture
def theatre(house: Theatre) -> Iterator[Theatre]:
    """A stage without a bot."""
    yield house
    house.leave()


@pytest.fixture
def programme(
    theatre: Theatre,
    shared_folder: Path,
    request: pytest.FixtureRequest,
    record_property: RecordProperty,
) -> Programme:
    return Programme(theatre, shared_folder, request, record_property)
