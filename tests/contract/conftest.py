"""Fixtures that several contract suites share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from tests.support.bolt import bot, client
from tests.support.store import make_store

__all__ = ["bot", "client", "store"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = make_store(tmp_path)
    yield made
    made.close()
