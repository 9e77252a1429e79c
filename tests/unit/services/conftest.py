"""Fixtures of the services' tests: real SQLite, a clock moved by hand, a Slack in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.services.ledger import Ledger
from tests.support.store import make_store
from tests.unit.services.parts import Hand, Slack


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = make_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def ledger(store: SqliteStore, clock: Hand) -> Ledger:
    return Ledger(store, clock)


@pytest.fixture
def slack() -> Slack:
    return Slack()
