"""Fixtures of the crash matrix."""

from pathlib import Path

import pytest

from tests.support.slack import slack, slack_workspace
from tests.support.world import local

__all__ = ["local", "shared_folder", "slack", "slack_workspace"]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent
