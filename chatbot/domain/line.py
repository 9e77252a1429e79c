"""Waiting in line, as people read it: who has what others want, and who waits behind them."""

from collections.abc import Iterable

from chatbot.domain.change import Change


def in_line(changes: Iterable[Change]) -> list[Change]:
    """Of an environment's open changes those that wait behind others, and those that they wait
    behind: nobody before whom they wait for, and who has waited longest first. Empty when nobody
    waits in line."""
    known = list(changes)
    ahead = {number for change in known for number in behind(change)}
    left = [change for change in known if behind(change) or change.number in ahead]
    line: list[Change] = []
    while left:
        there = {change.number for change in left}
        free = [change for change in left if not there.intersection(behind(change))] or left
        following = min(free, key=_since)
        line.append(following)
        left.remove(following)
    return line


def behind(change: Change) -> tuple[int, ...]:
    """The numbers of the changes that this one waits for."""
    return change.progress.waiting.behind if change.progress.waiting else ()


def _since(change: Change) -> tuple[float, int]:
    waiting = change.progress.waiting
    began = waiting.since.timestamp() if waiting and waiting.behind else 0.0
    return began, change.number
