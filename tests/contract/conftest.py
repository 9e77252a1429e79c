from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.adapters.sqlite import SqliteStore
from tests.support.store import make_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = make_store(tmp_path)
    yield made
    made.close()
