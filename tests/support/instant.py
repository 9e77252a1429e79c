"""Clicks at the same instant."""

import threading
from collections.abc import Callable
from typing import Any

from chatbot.domain.errors import Refused


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same instant; what each returned or was refused with, in order."""
    start = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def one(place: int, call: Callable[[], Any]) -> None:
        start.wait()
        try:
            outcomes[place] = call()
        except Refused as refusal:
            outcomes[place] = refusal

    threads = [threading.Thread(target=one, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes
