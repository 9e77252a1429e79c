from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest

from chatbot.domain.errors import RetryLater
from chatbot.services.ttl_cache import TtlCache
from tests.unit.services.parts import Hand

AT_ONCE = 8
SECONDS = 30


def test_an_answer_is_kept_for_its_time_and_an_error_is_not(clock: Hand) -> None:
    cache: TtlCache[str, int] = TtlCache(clock, timedelta(seconds=10))
    answers = iter([1, 2])

    def fails() -> int:
        raise RetryLater("not now")

    with pytest.raises(RetryLater):
        cache.get("a", fails)
    assert cache.get("a", lambda: next(answers)) == 1
    clock.move(seconds=9)
    assert cache.get("a", fails) == 1
    clock.move(seconds=2)
    assert cache.get("a", lambda: next(answers)) == 2


@pytest.mark.parametrize("fails", [False, True])
def test_of_those_who_ask_at_the_same_instant_one_looks_up_for_all(
    clock: Hand, *, fails: bool
) -> None:
    cache: TtlCache[str, str] = TtlCache(clock, timedelta(seconds=10))
    looks: list[str] = []
    looking, answer = Event(), Event()

    def look_up() -> str:
        looks.append("look")
        looking.set()
        answer.wait(SECONDS)
        if fails:
            raise RetryLater("not now")
        return "found"

    def ask(_: int) -> str:
        try:
            return cache.get("a", look_up)
        except RetryLater as error:
            return str(error)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask, number) for number in range(AT_ONCE)]
        assert looking.wait(SECONDS)
        assert cache.get("b", lambda: "another") == "another"
        answer.set()
        told = {one.result(SECONDS) for one in asked}
    assert told == {"not now" if fails else "found"}
    assert fails or looks == ["look"]
