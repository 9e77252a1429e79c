from collections import Counter
from collections.abc import Iterator

import pytest

from chatbot.adapters.remembered import Remembered
from chatbot.domain.errors import RetryLater


def test_what_was_fetched_is_not_fetched_again() -> None:
    fetched: Counter[str] = Counter()

    def fetch(key: str) -> bytes:
        fetched[key] += 1
        return key.encode()

    remembered = Remembered(fetch, len, room=100)
    assert [remembered("a"), remembered("b"), remembered("a")] == [b"a", b"b", b"a"]
    assert fetched == {"a": 1, "b": 1}


def test_there_is_room_for_so_many_bytes_and_what_was_used_last_stays() -> None:
    fetched: list[str] = []

    def fetch(key: str) -> bytes:
        fetched.append(key)
        return bytes(40)

    remembered = Remembered(fetch, len, room=100)
    for key in ("a", "b", "a", "c"):
        remembered(key)
    fetched.clear()
    for key in ("a", "c"):
        remembered(key)
    assert fetched == []
    remembered("b")
    assert fetched == ["b"]


def test_what_is_larger_than_the_room_is_given_and_not_kept() -> None:
    fetched: list[str] = []

    def fetch(key: str) -> bytes:
        fetched.append(key)
        return bytes(101 if key == "large" else 40)

    remembered = Remembered(fetch, len, room=100)
    sizes = [len(remembered(key)) for key in ("small", "large", "large", "small")]
    assert sizes == [40, 101, 101, 40]
    assert fetched == ["small", "large", "large"]


def test_an_error_is_not_remembered() -> None:
    answers: Iterator[RetryLater | bytes] = iter([RetryLater("not now"), b"there"])

    def fetch(_: str) -> bytes:
        answer = next(answers)
        if isinstance(answer, RetryLater):
            raise answer
        return answer

    remembered = Remembered(fetch, len, room=100)
    with pytest.raises(RetryLater):
        remembered("a")
    assert remembered("a") == b"there"
