"""What emergencies owe: on the card, in lists and in App Home; and the form behind *Snooze*."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chatbot.blocks.kit import (
    Block,
    Element,
    View,
    actions,
    button,
    context,
    field_block,
    modal,
    section,
    text_input,
)
from chatbot.domain.card import Card
from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import code, escape, link, mention, moment, since, until
from chatbot.domain.notice import Button
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.story import headline
from chatbot.domain.story_debt import overdue_since, what

SNOOZE = "snooze"
REASON = "reason"
NOTHING_OWED = "Nothing is owed: every emergency has its postmortem, and is in Git."

_MOST_ROWS = 40
_HOW = "Give it to somebody else: `/change handover CHG-12 @somebody`."


def owed_blocks(card: Card) -> list[Block]:
    """What an emergency owes, by whom, until when, and what can be done about it. What is overdue
    is so as of the chase's word: a card is not drawn anew by the clock alone."""
    if not card.owed:
        return []
    lines = [_on_card(each) for each in card.owed]
    row = [_button(each, card) for each in _possible(card)]
    return [section("\n".join(lines)), *([actions(row, "owed")] if row else [])]


def listing(
    owed: Sequence[Obligation],
    changes: Mapping[int, Change],
    links: Mapping[int, str],
    now: datetime,
) -> list[Block]:
    """A row for everything that is owed, in this order."""
    if not owed:
        return [section(NOTHING_OWED)]
    rows = [section(_row(each, changes[each.change], links, now)) for each in owed[:_MOST_ROWS]]
    left = len(owed) - len(rows)
    return [*rows, context(f"And {left} more. {_HOW}" if left else _HOW)]


def snooze_form(change: Change, skipped: Mapping[Kind, tuple[Obligation, datetime]]) -> View:
    """Asks why the next reminder shall be skipped; `skipped` says of what, and which one it is.
    Of which obligation a click was about stands in the metadata where it was about one."""
    lines = [
        f"The reminder of {what(owed)} at {moment(at)} is skipped. It stays due "
        f"{moment(owed.due_at)}."
        for owed, at in skipped.values()
    ]
    kind = next(iter(skipped)).value if len(skipped) == 1 else ""
    return modal(
        SNOOZE,
        f"Snooze {change.id}",
        [
            section("\n".join([f"*{change.id}* · {escape(headline(change))}", *lines])),
            field_block(
                REASON,
                "Why?",
                text_input(REASON, "", "", multiline=True),
                hint="It can be done once. For example: the night was long, I write it at noon.",
            ),
        ],
        submit="Snooze once",
        private_metadata=json.dumps({"change": change.id, "kind": kind}),
    )


def read_snooze(view_payload: Mapping[str, Any]) -> tuple[str, str, Kind | None]:
    """The change's id, the reason, and what it is about; None: all that it owes."""
    typed = view_payload["state"]["values"][REASON][REASON].get("value") or ""
    kept = json.loads(view_payload["private_metadata"])
    return str(kept["change"]), str(typed), kind_of(str(kept.get("kind") or ""))


def kind_of(word: str) -> Kind | None:
    """`postmortem` to what it is; None for anything else."""
    return next((kind for kind in Kind if kind.value == word), None)


def _on_card(owed: Obligation) -> str:
    name = owed.kind.words[0].upper() + owed.kind.words[1:]
    if owed.met_at is not None:
        late = ", too late" if owed.breached_at else ""
        return f"✔ {name}: met {moment(owed.met_at)}{late}"
    offer = f", offered to {mention(owed.offered.to)}" if owed.offered else ""
    when = f"⏳ {name}: due {moment(owed.due_at)}"
    if owed.breached_at is not None:
        when = f"🔴 {name}: overdue since {since(owed.due_at)}"
    return f"{when}. {mention(owed.owner)} owns it{offer}"


def _possible(card: Card) -> list[Button]:
    """By the rows alone; who presses is asked by the services."""
    still = [each for each in card.owed if each.is_open]
    write = any(each.kind is Kind.POSTMORTEM for each in still)
    calm = any(each.breached_at is None and each.snoozed is None for each in still)
    return [
        *([Button.WRITE_POSTMORTEM] if write else []),
        *([Button.SNOOZE] if calm else []),
    ]


def _button(which: Button, card: Card) -> Element:
    label = "Write the postmortem" if which is Button.WRITE_POSTMORTEM else "Snooze once…"
    style = "primary" if which is Button.WRITE_POSTMORTEM else ""
    return button(label, which.value, card.change.id, style=style)


def _row(owed: Obligation, change: Change, links: Mapping[int, str], now: datetime) -> str:
    address = links.get(change.number, "")
    name = link(address, change.id) if address else f"*{change.id}*"
    when = f"⏳ until {until(owed.due_at, now)}"
    if owed.is_overdue(now):
        when = f"🔴 {overdue_since(owed, now)}"
    offer = f", offered to {mention(owed.offered.to)}" if owed.offered else ""
    return (
        f"{when} · {owed.kind.words} of {name} · {escape(headline(change))} · "
        f"{code(change.request.environment)} · {mention(owed.owner)}{offer}"
    )
