"""App Home and `/change list` on a long history, timed from the envelope to the answer in Slack."""

from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from benchmarks.history import history
from benchmarks.measure import Pairs, Row, Scale, interleaved, percentile
from benchmarks.stage import CHANNEL, REQUESTER, Stage, stage
from chatbot.domain.change import MessageRef

GOAL_MS = 100.0
LISTS = ("list", "list mine", "list test", "list open", "list ticket", "list CHG-50")


def rows(folder: Path, scale: Scale) -> list[Row]:
    """Two bots, one with a long history and one with a short, take turns on one Slack."""
    closed, opened = scale.of(100_000, 1_000), scale.of(1_000, 50)
    short_closed, short_opened = scale.of(1_000, 100), scale.of(10, 5)
    samples = scale.of(300, 12)
    with stage(folder) as on:
        ts = on.slack.say(REQUESTER, CHANNEL, "Here stands the card of every change.")
        card = MessageRef(channel=CHANNEL, ts=ts)
        history(on.database("old"), closed=closed, opened=opened, card=card)
        history(on.database("young"), closed=short_closed, opened=short_opened, card=card)
        on.redlight("old")
        on.redlight("young")
        on.quiet()
        home = _paired(on, samples, _open_home)
        lists = _paired(on, samples, _list)
    where = f"with {closed:,} closed and {opened:,} open changes, p99"
    anchor = f"the same with {short_closed:,} closed and {short_opened:,} open"
    return [
        _row(f"App Home {where}", home, anchor),
        _row(f"`/change list` {where}", lists, anchor),
    ]


def _paired(on: Stage, samples: int, ask: Callable[[Stage, str, str], float]) -> Pairs:
    words = list(islice(cycle(LISTS), samples))
    for bot in ("old", "young"):  # the first of each is cold
        for text in LISTS:
            ask(on, bot, text)
    return interleaved(
        samples,
        lambda number: ask(on, "old", words[number]),
        lambda number: ask(on, "young", words[number]),
    )


def _open_home(on: Stage, bot: str, _text: str) -> float:
    return on.answer(bot, "views.publish", lambda: on.control("open-home", user=REQUESTER))


def _list(on: Stage, bot: str, text: str) -> float:
    return on.answer(bot, "response_url", lambda: on.command(text))


def _row(what: str, pairs: Pairs, anchor_name: str) -> Row:
    ours, anchor = (percentile(side, 0.99) * 1e3 for side in (pairs.ours, pairs.anchor))
    return Row(
        what=what,
        ours=ours,
        unit="ms",
        goal="≤ 100 ms",
        met=ours <= GOAL_MS,
        anchor_name=anchor_name,
        anchor=anchor,
        ratio=pairs.ratio,
    )
