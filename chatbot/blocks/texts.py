"""Short answers to one person: the list, the help, one change, its whole diff, a refusal."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from chatbot.blocks.card import EMERGENCY, state_words
from chatbot.blocks.kit import SECTION_TEXT, Block, View, context, modal, section
from chatbot.domain.change import Change, ObjectAction, Path, PlannedObject, format_change_id
from chatbot.domain.delegation import Delegation
from chatbot.domain.lifecycle import TERMINAL
from chatbot.domain.line import behind
from chatbot.domain.mrkdwn import (
    code,
    code_blocks,
    duration,
    escape,
    link,
    mention,
    quote,
    shorten,
    until,
)
from chatbot.domain.offers import needs_person
from chatbot.domain.story import headline

HELP = "\n".join(
    (
        "*Redlight*: changes, live and in Git.",
        "`/change`  ask for one",
        "`/change scale test deploy/web 5`",
        "`/change restart test deploy/web`",
        "`/change apply test`  YAML or a branch",
        "`/change list`, `list mine`, `list debt`",
        "`/change show CHG-12`, `cancel CHG-12`",
        "`/change rollback CHG-12`  when done",
        "`/breakglass prod`  when it cannot wait",
        "`/change freeze dev 4h`, `unfreeze dev`",
        "`/change exempt CHG-12 because …`",
        "`/change promote-skip CHG-12 because …`",
        "`/change delegate @somebody 3d` your say",
        "`/change handover CHG-12 @somebody`",
        "`/postmortem CHG-12`  what was it, why",
        "Dev and test get it at once; a pull request then brings it into Git.",
    )
)

GLASS_HELP = "\n".join(
    (
        "*Break the glass* when it cannot wait for a pull request.",
        "`/breakglass prod`  or `/breakglass scale prod deploy/web 5`",
        "Three red lights on its card, then a senior signs off, then it is applied at once.",
        "You then owe a postmortem, and Git what was applied.",
    )
)

ROWS = 10
_DIFF_BLOCKS = 90
_TITLE_ROOM = 400


_HEADING = "In line here: who is at work, then who has waited longest"
_NOT_IN_LINE = "Not in line"
NOTHING = "No changes here. `/change` asks for one, `/change list mine` shows yours."
NOTHING_OPEN = (
    "Nothing is open. `/change list mine` shows what you asked for before, `/change list test` "
    "what was done in an environment."
)


def shown_in_list(changes: Sequence[Change], line: Sequence[Change] = ()) -> list[Change]:
    """The rows of a list, at most ten: what needs a person first, then what moves, then the rest,
    each with the newest first; but before all of them an environment's `line`, in its order."""
    waiting = {change.number for change in line}
    others = [change for change in changes if change.number not in waiting]
    return [*line[:ROWS], *sorted(others, key=_urgency)][:ROWS]


def listing(
    changes: Sequence[Change],
    links: Mapping[int, str],
    now: datetime,
    nothing: str = NOTHING,
    line: Sequence[Change] = (),
) -> list[Block]:
    """A row for each of `shown_in_list`. `nothing` is said, in mrkdwn, when there are none."""
    if not changes:
        return [section(nothing)]
    shown = shown_in_list(changes, line)
    blocks = [section(_row(row, links, now)) for row in shown]
    if line:
        blocks.insert(0, context(_HEADING))
    if 0 < len(line) < len(shown):
        blocks.insert(1 + len(line), context(_NOT_IN_LINE))
    hint = "Fewer: `/change list mine`, `list test` for an environment, `list web` for a word."
    return [*blocks, context(hint)]


def one(change: Change, card_link: str, now: datetime) -> list[Block]:
    """One change for one person; the card has the rest."""
    return [
        section(_row(change, {change.number: card_link}, now)),
        section(quote(shorten(change.request.justification, 500))),
        context(f"Its whole story: {code(f'redlight audit export {change.id}')}"),
    ]


def whole_diff(change: Change) -> View:
    """The diff of every object, in as many parts as a modal takes."""
    plan = change.progress.plan
    parts = [part for planned in (plan.objects if plan else ()) for part in _diff_parts(planned)]
    left = len(parts) - _DIFF_BLOCKS
    blocks = [section(part) for part in parts[:_DIFF_BLOCKS]]
    if left > 0:
        blocks.append(
            context(
                f"{left} more parts do not fit here. Smaller changes show whole; the pull request "
                "shows everything once it is open."
            )
        )
    return modal(
        "whole_diff",
        f"{change.id}: diff",
        blocks or [section("There is no diff yet: the cluster was not asked.")],
        close="Close",
        private_metadata=json.dumps({"change": change.id}),
    )


def delegated(lent: Delegation) -> str:
    """To the senior who lent their say."""
    return (
        f"{mention(lent.delegate)} approves for you until {until(lent.until, lent.since)}. "
        "Tell them. `/change undelegate` takes it back."
    )


def undelegated(lent: Delegation) -> str:
    """To the senior who took it back."""
    return f"{mention(lent.delegate)} does not speak for {mention(lent.senior)} any more."


def refusal(sentence: str) -> View:
    """On top of a form, which keeps what was typed; `sentence` is plain text."""
    return refused(escape(sentence))


def refused(sentence: str) -> View:
    """The same with finished mrkdwn, in which people and cards are linked."""
    return modal("refusal", "This can't be done", [section(sentence)], close="Back")


def _urgency(change: Change) -> tuple[int, float]:
    rank = 2 if change.state in TERMINAL else 0 if needs_person(change) else 1
    return rank, -change.updated_at.timestamp()


def _row(change: Change, links: Mapping[int, str], now: datetime) -> str:
    age = duration((now - change.created_at).total_seconds())
    emergency = f"{EMERGENCY} · " if change.path is Path.EMERGENCY else ""
    row = (
        f"{state_words(change)} · {_name(change.number, links, '*')} · "
        f"{emergency}{escape(headline(change))} · {code(change.request.environment)} · "
        f"{mention(change.requester)} · {age} ago"
    )
    ahead = ", ".join(_name(number, links) for number in behind(change))
    return f"{row} · behind {ahead}" if ahead else row


def _name(number: int, links: Mapping[int, str], mark: str = "") -> str:
    """A change's id, as a link to its card where that is known, between marks where not."""
    name, address = format_change_id(number), links.get(number, "")
    return link(address, name) if address else f"{mark}{name}{mark}"


def _diff_parts(planned: PlannedObject) -> list[str]:
    """A code block or many; the first stands under the object's name."""
    name = escape(shorten(str(planned.target), _TITLE_ROOM // 5))
    title = f"*{name}* · {_ACTIONS[planned.action]}"
    diff = planned.diff.strip("\n")
    if not diff:
        return [title]
    first, *rest = code_blocks(diff, SECTION_TEXT - _TITLE_ROOM - 1)
    return [f"{title}\n{first}", *rest]


_ACTIONS = {
    ObjectAction.CREATE: "is new",
    ObjectAction.CHANGE: "changes",
    ObjectAction.DELETE: "is deleted",
    ObjectAction.NOTHING: "stays as it is",
}
