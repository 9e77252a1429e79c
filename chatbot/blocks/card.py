"""The card: one message for the whole life of a change. What, where, state and what is needed
from whom come first; then the diff, what hinders, the line of steps, the buttons. When something
failed, the cluster's own words come first of all, and the buttons right after them."""

from chatbot.blocks.buttons import LABELS, buttons, label_of
from chatbot.blocks.excerpt import Excerpt, excerpt
from chatbot.blocks.kit import Block, context, listed, section
from chatbot.blocks.needs import asks_for_merge, needs
from chatbot.blocks.owed import owed_blocks
from chatbot.blocks.red_lights import emergency_blocks
from chatbot.blocks.review import review_blocks
from chatbot.blocks.steps import merged, steps_line, undone_as_asked
from chatbot.domain.card import Card
from chatbot.domain.change import Change, FieldConflict, ObjectAction, Path, Plan, format_change_id
from chatbot.domain.freeze import sentence as frozen
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.mrkdwn import (
    code,
    duration,
    escape,
    fit,
    link,
    mention,
    moment,
    quote,
    shorten,
)
from chatbot.domain.offers import Offer, offers, stands_still, touched
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.story import headline

EMERGENCY = "🔴 EMERGENCY"
"""What the card of an emergency starts with."""

_QUOTE_LENGTH = 600
_FACT_LENGTH = 300
_REASON_LENGTH = 1_800
_REMEDY_LENGTH = 800
_LONGEST_LINK = 1_000
_SHOWN_LINES = 10

_STATE_WORDS: dict[State, str] = {
    State.REQUESTED: "🔵 planning",
    State.BLOCKED: "🔴 blocked",
    State.AWAITING_CONFIRMATION: "🟠 awaiting confirmation",
    State.AWAITING_APPROVAL: "🟠 awaiting approval",
    State.SCHEDULED: "⏳ scheduled",
    State.APPLYING: "🔵 applying",
    State.VALIDATING: "🔵 validating the rollout",
    State.PR_OPEN: "⏳ pull request open",
    State.SYNCING: "🔵 syncing",
    State.RECONCILING: "🔵 reconciling with Git",
    State.COMPLETED: "🟢 completed",
    State.REJECTED: "🔴 rejected",
    State.CANCELLED: "⚪ cancelled",
    State.EXPIRED: "⚪ expired",
    State.FAILED: "🔴 failed",
    State.ROLLING_BACK: "🔵 rolling back",
    State.ROLLED_BACK: "🔴 failed, put back as it was",
    State.HELD: "🔴 held",
}

_EMERGENCY_WORDS: dict[State, str] = {
    State.AWAITING_CONFIRMATION: "🟠 awaiting the red lights",
    State.AWAITING_APPROVAL: "🟠 awaiting the sign-off",
}

_AHEAD_OF_THE_CLUSTER = frozenset(
    {
        State.REQUESTED,
        State.BLOCKED,
        State.AWAITING_CONFIRMATION,
        State.AWAITING_APPROVAL,
        State.SCHEDULED,
        State.APPLYING,
    }
)
"""Where the plan is still to be judged, with its warnings and conflicts; also on a second try."""

_FOR_OTHERS = frozenset({Offer.SHOW_DIFF, Offer.APPROVE, Offer.REJECT, Offer.SIGN_OFF})
"""What mends nothing, or is not for the requester to press."""


def state_words(change: Change) -> str:
    """The state as people read it: 🟢 done, 🔵 running, ⏳ waiting, 🟠 needs you, 🔴 failed."""
    words = "⚪ rolled back" if undone_as_asked(change) else _STATE_WORDS[change.state]
    if (taken := change.progress.rolled_back) and taken.done:
        words = "⚪ completed, rolled back since"
    bare = words.partition(" ")[2]
    if change.state in TERMINAL or change.state in (State.BLOCKED, State.FAILED, State.HELD):
        return words
    if stands_still(change):
        return f"🟠 stuck {bare}"
    if change.path is Path.EMERGENCY and change.state in _EMERGENCY_WORDS:
        return _EMERGENCY_WORDS[change.state]
    return f"⏳ {bare}, waiting" if change.progress.waiting else words


def summary(card: Card) -> str:
    """One line of mrkdwn: for notifications, lists and screen readers."""
    change = card.change
    what = escape(headline(change))
    if change.path is Path.EMERGENCY:
        what = f"{EMERGENCY} · {what}"
    return " · ".join((change.id, what, change.request.environment, change.state.value))


def blocks(card: Card) -> list[Block]:
    """The whole card."""
    change = card.change
    title = f"{change.id} · {escape(headline(change))} · {escape(change.request.environment)}"
    emergency = change.path is Path.EMERGENCY
    if emergency:
        title = f"{EMERGENCY} · {title}"
    trouble, row = _trouble(change), buttons(card)
    return [
        section(f"*{title}*\n{state_words(change)}"),
        *_freeze(card),
        *(() if not trouble else (*trouble, *row)),
        section(f"{_about(change)}\n{quote(shorten(change.request.justification, _QUOTE_LENGTH))}"),
        *(() if trouble and not card.approval else needs(card)),
        *(emergency_blocks(card) if emergency else ()),
        *_plan(card),
        *owed_blocks(card),
        *_related(card),
        *_ending(change),
        context(steps_line(card)),
        *(() if trouble else row),
    ]


def _related(card: Card) -> list[Block]:
    """The change that this one takes back, the one that takes this one back, the incident."""
    change, texts = card.change, []
    if (original := change.request.rolls_back) is not None:
        texts.append(f"Rolls back {_linked(card, original)}")
    review = change.progress.review
    if review is not None and (covering := review.approved_with) is not None:
        people = ", ".join(mention(user) for user in covering.by)
        texts.append(f"Approved with {_linked(card, covering.change)} by {people}")
    if taken := change.progress.rolled_back:
        words = "Rolled back by" if taken.done else "Rollback asked for:"
        texts.append(f"{words} {_linked(card, taken.by)}")
    if card.incident:
        texts.append(f"Incident: {card.incident}")
    return [context(" · ".join(texts))] if texts else []


def _linked(card: Card, number: int) -> str:
    address, name = card.links.get(number), format_change_id(number)
    return link(address, name) if address else name


def _freeze(card: Card) -> list[Block]:
    """Why nothing goes on although everything else is well: until when, why, and how to ask."""
    if card.freeze is None:
        return []
    change = card.change
    return [section(f"❄ {frozen(card.freeze, change.request.environment, change.id)}")]


def _about(change: Change) -> str:
    request = change.request
    why = f"risk: {request.risk_assessment.value}"
    facts = [mention(change.requester), request.criterion.words if request.criterion else why]
    if request.affected_services:
        affected = ", ".join(request.affected_services)
        facts.append(f"affects {escape(shorten(affected, _FACT_LENGTH))}")
    if request.incident_id:
        facts.append(escape(shorten(request.incident_id, _FACT_LENGTH)))
    if request.session.startswith(("http://", "https://")) and len(request.session) < _LONGEST_LINK:
        facts.append(link(request.session, "session"))
    if window := request.maintenance_window:
        facts.append(f"window {moment(window.start)} to {moment(window.end)}")
    return fit(" · ".join(facts), 2_000)


def _trouble(change: Change) -> list[Block]:
    """What failed, what happened about it, and who can do what now."""
    progress = change.progress
    parts: list[Block] = []
    if failure := progress.failure:
        parts.append(section(f"🔴 {fit(escape(failure.sentence.strip()), _REASON_LENGTH)}"))
        what_next = [
            _what_happened(change),
            escape(shorten(failure.remedy, _REMEDY_LENGTH)),
            _who_acts(change),
        ]
        told = "\n".join(line for line in what_next if line)
        parts += [section(told)] if told else []
    if progress.divergence:
        found = excerpt([("", progress.divergence)])
        more = f"\n_{found.unseen} more changed lines._" if found.unseen else ""
        parts.append(section(f"From the cluster (-) to Git (+):\n{found.block}{more}"))
    return parts


def _what_happened(change: Change) -> str:
    if change.path is Path.GITOPS:
        return _what_happened_in_git(change)
    match change.state:
        case State.BLOCKED | State.FAILED if not touched(change):
            return "Nothing was applied."
        case State.BLOCKED | State.FAILED:
            return "It was not rolled back: the cluster is as the failure left it."
        case State.ROLLING_BACK if stands_still(change):
            return "Putting everything back did not work: part of the change may be in the cluster."
        case State.ROLLING_BACK:
            return "Everything is being put back as it was before."
        case State.ROLLED_BACK:
            return "Everything is as it was before."
        case State.RECONCILING | State.PR_OPEN if not merged(change):
            return "The cluster has the change; Git does not have it yet."
        case _:
            return ""


def _what_happened_in_git(change: Change) -> str:
    place = escape(change.request.environment)
    match change.state:
        case State.ROLLING_BACK if not stands_still(change):
            return "Its commit is being taken back."
        case State.ROLLING_BACK:
            because = shorten(change.progress.revert_because.strip(), _FACT_LENGTH)
            still = (
                "" if change.progress.reverted_sha else " It is still in Git and in the cluster."
            )
            return f"It has to go: {escape(because)}.{still}"
        case State.HELD:
            return f"Its commit was taken back. Other changes to {place} wait."
        case State.ROLLED_BACK:
            return "Its commit was taken back."
        case State.SYNCING | State.VALIDATING if merged(change) and stands_still(change):
            return "Its commit is in Git still."
        case _ if merged(change) or change.state in TERMINAL:
            return ""
        case _ if asked := change.progress.pull_request:
            waits = link(asked.url, f"pull request #{asked.number}")
            return f"Nothing was applied. It stands in {waits}."
        case _:
            return "Nothing was applied."


def _who_acts(change: Change) -> str:
    offered = offers(change)
    if Offer.RELEASE in offered:
        return f"Needs a senior: *{label_of(Offer.RELEASE, change)}*."
    verbs = [
        label_of(offer, change) for offer in offered if offer in LABELS and offer not in _FOR_OTHERS
    ]
    if not verbs:
        return ""
    choice = " or ".join(f"*{verb}*" for verb in verbs)
    return f"Needs {mention(change.requester)} or a senior: {choice}."


def _plan(card: Card) -> list[Block]:
    """What the cluster would make of it; once it is done, only what changed."""
    change = card.change
    plan = change.progress.plan
    if (
        plan is None
        or change.progress.divergence
        or (change.state in TERMINAL and change.state is not State.COMPLETED)
    ):
        return []
    differing = excerpt([(str(planned.target), planned.diff) for planned in plan.objects])
    shown = section(_diff_text(change, differing))
    if change.state not in _AHEAD_OF_THE_CLUSTER:
        return [shown] if differing.block else []
    notes: list[Block] = []
    if plan.warnings:
        notes.append(section(listed([f"⚠️ {escape(warning)}" for warning in plan.warnings])))
    if plan.conflicts:
        fields = listed([_conflict(conflict) for conflict in plan.conflicts])
        notes.append(section(f"⚠️ {_whose(change)}:\n{fields}"))
    told = [shown, context(_reach(card, plan))]
    parts = [*told, *notes] if change.path is Path.EMERGENCY else [*notes, *told]
    blocked = change.progress.failure is not None
    parts += review_blocks(change.progress.review, denials_told=blocked)
    if plan_back := change.request.rollback_plan:
        parts.append(context(f"Undo: {escape(shorten(plan_back, _FACT_LENGTH))}"))
    return parts


def _diff_text(change: Change, differing: Excerpt) -> str:
    if not differing.block:
        return "_The cluster is as wanted already._"
    if not differing.unseen:
        return differing.block
    lines = (
        "1 more changed line" if differing.unseen == 1 else f"{differing.unseen} more changed lines"
    )
    where = "press *Whole diff*" if Offer.SHOW_DIFF in offers(change) else "see the pull request"
    return f"{differing.block}\n_{lines}: {where}._"


def _whose(change: Change) -> str:
    """What is about to become of fields that somebody else manages."""
    if change.path is Path.EMERGENCY:
        return "It takes over what others manage"
    return "Other managers own what this would set"


def _conflict(conflict: FieldConflict) -> str:
    target = escape(shorten(str(conflict.target), _FACT_LENGTH))
    return f"• {code(conflict.field)} of {target} belongs to {code(conflict.manager)}"


def _reach(card: Card, plan: Plan) -> str:
    """`Applies to namespace shop on cluster test: changes 2 objects, creates 1.`"""
    request, context_name = card.change.request, card.environment.context
    namespaces = sorted({target.namespace for target in request.targets if target.namespace})
    word = "namespace" if len(namespaces) == 1 else "namespaces"
    names = ", ".join(code(name) for name in namespaces[:_SHOWN_LINES])
    more = f" and {len(namespaces) - _SHOWN_LINES} more" if len(namespaces) > _SHOWN_LINES else ""
    where = f"{word} {names}{more}" if namespaces else "the whole cluster"
    cluster = f" on cluster {code(context_name)}" if context_name else ""
    return f"Applies to {where}{cluster}: {_counts(plan)}."


def _counts(plan: Plan) -> str:
    verbs = {
        ObjectAction.CHANGE: "changes",
        ObjectAction.CREATE: "creates",
        ObjectAction.DELETE: "deletes",
        ObjectAction.NOTHING: "leaves",
    }
    counts: list[str] = []
    for action, verb in verbs.items():
        number = sum(planned.action is action for planned in plan.objects)
        if number:
            noun = "" if counts else " object" if number == 1 else " objects"
            counts.append(f"{verb} {number}{noun}")
            if action is ObjectAction.NOTHING:
                counts[-1] += " as it is" if number == 1 else " as they are"
    return ", ".join(counts) or "no objects"


def _ending(change: Change) -> list[Block]:
    """Once it is over: how long it took. From the pull request on: where it stands in Git, unless
    the card asks for its merge."""
    texts: list[str] = []
    if change.state in TERMINAL:
        texts.append(_outcome(change))
    pull_request = change.progress.pull_request
    if pull_request and not asks_for_merge(change):
        texts += _git_links(pull_request)
    if back := change.progress.revert:
        texts.append(f"way back: {link(back.url, f'#{back.number}')}")
    if change.state is State.COMPLETED and not change.progress.rolled_back and merged(change):
        texts.append(f"take it back: {code(f'/change rollback {change.id}')}")
    if change.state in TERMINAL:
        texts.append(f"audit: {code(f'redlight audit export {change.id}')}")
    return [context(" · ".join(texts))] if texts else []


def _outcome(change: Change) -> str:
    ended = change.progress.steps[-1].at if change.progress.steps else change.updated_at
    took = duration((ended - change.created_at).total_seconds())
    if change.state is State.COMPLETED and change.path is Path.EMERGENCY:
        return f"🟢 Closed after {took}: Git and the cluster agree, the postmortem is accepted"
    if change.state is State.COMPLETED:
        return f"🟢 Live and in Git after {took}"
    if change.state is State.ROLLED_BACK:
        return f"As it was before, after {took}"
    return f"Over after {took}" if touched(change) else "Nothing was applied"


def _git_links(pull_request: PullRequest) -> list[str]:
    links = [link(pull_request.url, f"Pull request #{pull_request.number}")]
    if pull_request.merge_sha:
        repository = pull_request.url.split("/pull/")[0]
        address = f"{repository}/commit/{pull_request.merge_sha}"
        links.append(link(address, f"commit {pull_request.merge_sha[:7]}"))
    return links
