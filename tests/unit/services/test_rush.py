import threading
import time
from concurrent.futures import ThreadPoolExecutor

from chatbot.services.rush import Rush

LONG = 30.0


def test_work_makes_way_until_the_last_acknowledgement_is_out() -> None:
    rush = Rush(make_way_seconds=LONG)
    order: list[str] = []
    asked = threading.Event()

    def work() -> None:
        asked.set()
        rush.make_way()
        order.append("work")

    with ThreadPoolExecutor(1) as worker:
        with rush.owing(), rush.owing():
            working = worker.submit(work)
            assert asked.wait(LONG)
            order.append("acknowledged")
        working.result(LONG)
    assert order == ["acknowledged", "work"]


def test_work_does_not_wait_longer_than_its_moment() -> None:
    rush = Rush(make_way_seconds=0.01)
    with ThreadPoolExecutor(1) as worker, rush.owing():
        waited = worker.submit(rush.make_way)
        assert waited.exception(LONG) is None


def test_work_does_not_wait_when_nothing_is_owed() -> None:
    started = time.monotonic()
    Rush(make_way_seconds=LONG).make_way()
    assert time.monotonic() - started < LONG


def test_a_thread_that_owes_an_acknowledgement_never_waits_for_itself() -> None:
    rush = Rush(make_way_seconds=LONG)
    started = time.monotonic()
    with rush.owing():
        rush.make_way()
    assert time.monotonic() - started < LONG
