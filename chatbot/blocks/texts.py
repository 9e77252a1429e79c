"""Short answers to one person: the list, the help, one change, its whole diff."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chatbot.blocks.card import state_words
from chatbot.blocks.kit import Block, View, context, modal, section
from chatbot.domain.change import Change
from chatbot.domain.mrkdwn import code, code_block, duration, escape, link, mention, shorten
from chatbot.domain.story import headline

HELP = "\n".join(
    (
        "*Redlight* takes changes to Kubernetes from here to the cluster and into Git.",
        "`/change` – ask for a change",
        "`/change scale test deploy/web 5` – the same, prefilled; `apply` and `restart` too",
        "`/change list` – what is open; `list mine`, `list test`, `list web`",
        "`/change show CHG-12` – one change",
        "`/change cancel CHG-12` – take it back, or undo it",
        "In dev and test a change applies at once and a pull request brings it into Git.",
    )
)

_DIFF_PART = 2_800
_DIFF_PARTS = 40


def listing(changes: Sequence[Change], links: Mapping[int, str], now: datetime) -> list[Block]:
    """A row a change: state, id, what, where, who, age, link to the card."""
    if not changes:
        return [section("No changes here. `/change` asks for one.")]
    return [section(_row(change, links.get(change.number, ""), now)) for change in changes]


def one(change: Change, card_link: str, now: datetime) -> list[Block]:
    """One change for one person; the card has the rest."""
    return [
        section(_row(change, card_link, now)),
        section(escape(shorten(change.request.justification, 500)) or "_no justification_"),
        context(f"Its story: `redlight audit export {change.id}`"),
    ]


def whole_diff(change: Change) -> View:
    """The diff of every object, in as many parts as Slack needs."""
    plan = change.progress.plan
    parts: list[Block] = []
    for planned in plan.objects if plan else ():
        parts.append(section(f"*{escape(str(planned.target))}* · {planned.action.value}"))
        chunks = _chunks(planned.diff) or ["(no difference)"]
        parts += [section(code_block(chunk)) for chunk in chunks]
    if len(parts) > _DIFF_PARTS:
        left = len(parts) - _DIFF_PARTS
        parts = [*parts[:_DIFF_PARTS], context(f"{left} more parts: see the pull request.")]
    title = f"{change.id}: whole diff"
    return modal("whole_diff", title, parts or [section("There is no diff yet.")], close="Close")


def _row(change: Change, card_link: str, now: datetime) -> str:
    name = link(card_link, change.id) if card_link else f"*{change.id}*"
    age = duration((now - change.created_at).total_seconds())
    return (
        f"{state_words(change)} · {name} · {escape(headline(change))} · "
        f"{code(change.request.environment)} · {mention(change.requester)} · {age} ago"
    )


def _chunks(diff: str) -> list[str]:
    """Whole lines together, at most a section's worth; escaping may grow them, so with room."""
    chunks: list[str] = []
    current = ""
    for line in diff.splitlines():
        addition = shorten(line, _DIFF_PART // 5)
        if len(escape(current)) + len(escape(addition)) + 1 > _DIFF_PART:
            chunks.append(current)
            current = ""
        current += f"{addition}\n"
    return [*chunks, current] if current else chunks
