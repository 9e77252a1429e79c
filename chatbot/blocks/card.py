"""The card: one message for the whole life of a change. What, where, state and what is needed
from whom come first; then the diff, what hinders, the line of steps, the buttons."""

from chatbot.blocks.kit import Block, Element, actions, button, context, dialog, section
from chatbot.domain.card import Card
from chatbot.domain.change import Change, ObjectAction, Path
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.mrkdwn import (
    clock_time,
    code,
    code_block,
    duration,
    escape,
    link,
    mention,
    moment,
    quote,
    shorten,
)
from chatbot.domain.offers import Offer, offers
from chatbot.domain.story import headline

_DIFF_LINES = 24
_DIFF_LENGTH = 1_800
_QUOTE_LENGTH = 600
_LIST_LENGTH = 900

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
    State.ROLLED_BACK: "🔴 rolled back",
    State.HELD: "🔴 held",
}

_STEPS: dict[Path, tuple[tuple[State, str], ...]] = {
    Path.DIRECT: (
        (State.AWAITING_CONFIRMATION, "confirm"),
        (State.APPLYING, "apply"),
        (State.VALIDATING, "rollout"),
        (State.PR_OPEN, "pull request"),
        (State.COMPLETED, "in Git"),
    ),
}

_LABELS: dict[Offer, str] = {
    Offer.CONFIRM: "Apply",
    Offer.CANCEL: "Cancel",
    Offer.UNDO: "Undo in the cluster",
    Offer.RETRY: "Retry",
    Offer.OPEN_BACKFILL: "Open pull request again",
    Offer.SHOW_DIFF: "Whole diff",
}


def state_words(change: Change) -> str:
    """The state as people read it: 🟢 done, 🔵 running, ⏳ waiting, 🟠 needs you, 🔴 failed."""
    progress = change.progress
    if progress.waiting:
        return f"⏳ {change.state.value.replace('_', ' ')}, waiting"
    if progress.failure and change.state in (State.RECONCILING, State.PR_OPEN, State.ROLLING_BACK):
        return "🟠 needs you"
    return _STATE_WORDS[change.state]


def summary(card: Card) -> str:
    """One line of plain text: for notifications, lists and screen readers."""
    change = card.change
    return f"{change.id} · {headline(change)} · {change.request.environment} · {change.state.value}"


def blocks(card: Card) -> list[Block]:
    """The whole card."""
    change = card.change
    parts = [
        section(
            f"*{change.id} · {escape(headline(change))} · {escape(change.request.environment)}*"
            f"\n{state_words(change)}"
        ),
        section(f"{_about(change)}\n{quote(shorten(change.request.justification, _QUOTE_LENGTH))}"),
        *_needs(card),
        *_trouble(change),
        *_plan(change),
        *_links(change),
        context(_steps(change)),
    ]
    buttons = [_button(offer, change) for offer in offers(change)]
    if buttons:
        parts.append(actions(buttons, f"decide:{_seen_digest(change)}"))
    return parts


def _seen_digest(change: Change) -> str:
    """Binds a click to the plan that stood above the button."""
    return change.progress.plan.digest if change.progress.plan else ""


def _about(change: Change) -> str:
    request = change.request
    facts = [mention(change.requester), f"risk: {request.risk_assessment.value}"]
    if request.namespace:
        facts.append(f"namespace {code(request.namespace)}")
    if request.affected_services:
        facts.append(f"affects {escape(', '.join(request.affected_services))}")
    if request.incident_id:
        facts.append(escape(request.incident_id))
    if request.session.startswith(("http://", "https://")):
        facts.append(link(request.session, "session"))
    if window := request.maintenance_window:
        facts.append(f"window {moment(window.start)} to {moment(window.end)}")
    return shorten(" · ".join(facts), 2_000)


def _needs(card: Card) -> list[Block]:
    change = card.change
    progress = change.progress
    if progress.waiting:
        waiting = progress.waiting
        return [section(f"Waiting: {escape(waiting.reason)}, since {clock_time(waiting.since)}.")]
    if change.state is State.AWAITING_CONFIRMATION:
        return [section(f"Needs {mention(change.requester)} to look at the diff and apply it.")]
    if change.state is State.PR_OPEN and progress.pull_request and not progress.failure:
        pull_request = progress.pull_request
        label = f"pull request #{pull_request.number}"
        doer = "Redlight merges" if card.environment.backfill.auto_merge else "Needs a merge of"
        return [section(f"{doer} {link(pull_request.url, label)}. The cluster has the change.")]
    if change.state is State.VALIDATING and progress.rollout:
        return [section("\n".join(escape(line) for line in progress.rollout))]
    return []


def _trouble(change: Change) -> list[Block]:
    progress = change.progress
    parts: list[Block] = []
    if failure := progress.failure:
        remedy = f"\n{escape(failure.remedy)}" if failure.remedy else ""
        parts.append(
            section(f"🔴 {escape(shorten(failure.sentence, 1_500))}{shorten(remedy, 800)}")
        )
    if progress.divergence:
        parts.append(section(f"Git and the cluster differ:\n{_short_diff(progress.divergence)}"))
    return parts


def _plan(change: Change) -> list[Block]:
    plan = change.progress.plan
    if plan is None or change.state in TERMINAL:
        return []
    parts: list[Block] = []
    if plan.warnings:
        lines = "\n".join(f"⚠️ {escape(warning)}" for warning in plan.warnings)
        parts.append(section(lines))
    if plan.conflicts:
        lines = "\n".join(
            f"• {code(conflict.field)} of {escape(str(conflict.target))} "
            f"belongs to {code(conflict.manager)}"
            for conflict in plan.conflicts
        )
        parts.append(
            section(f"⚠️ Other managers own what this would set:\n{shorten(lines, _LIST_LENGTH)}")
        )
    parts.append(section(_short_diff("\n".join(o.diff for o in plan.objects if o.diff))))
    parts.append(context(_counts(change)))
    return parts


def _counts(change: Change) -> str:
    plan = change.progress.plan
    objects = plan.objects if plan else ()
    words = {
        ObjectAction.CHANGE: ("changes", "change"),
        ObjectAction.CREATE: ("is new", "are new"),
        ObjectAction.NOTHING: ("stays as it is", "stay as they are"),
    }
    counts = []
    for action, (one, many) in words.items():
        number = sum(planned.action is action for planned in objects)
        if number:
            noun = "object" if number == 1 else "objects"
            counts.append(f"{number} {noun} {one if number == 1 else many}")
    return ", ".join(counts) or "no objects"


def _short_diff(diff: str) -> str:
    """The head of a diff in a code block."""
    if not diff.strip():
        return "_Live already is as wanted._"
    lines = diff.splitlines()
    text = "\n".join(lines[:_DIFF_LINES])
    left = len(lines) - _DIFF_LINES
    more = f"\n_{left} more lines: see the whole diff._" if left > 0 else ""
    return f"{code_block(shorten(text, _DIFF_LENGTH))}{more}"


def _links(change: Change) -> list[Block]:
    pull_request = change.progress.pull_request
    if pull_request is None:
        return []
    texts = [link(pull_request.url, f"Pull request #{pull_request.number}")]
    if pull_request.merge_sha:
        base = pull_request.url.split("/pull/")[0]
        label = f"commit {pull_request.merge_sha[:7]}"
        texts.append(link(f"{base}/commit/{pull_request.merge_sha}", label))
    return [context(" · ".join(texts))]


def _steps(change: Change) -> str:
    reached = {step.name: step.at for step in change.progress.steps}
    parts = [f"✔ requested {clock_time(change.created_at)}"]
    for state, label in _STEPS.get(change.path, ()):
        at = reached.get(state.value)
        if at is None:
            parts.append(f"· {label}")
        elif change.state is state and state not in TERMINAL:
            parts.append(f"▸ {label}")
        else:
            parts.append(f"✔ {label} {clock_time(at)}")
    if change.state in TERMINAL:
        took = duration((change.updated_at - change.created_at).total_seconds())
        parts.append(f"took {took}")
    return "  ".join(parts)


def _button(offer: Offer, change: Change) -> Element:
    conflicts = change.progress.plan.conflicts if change.progress.plan else ()
    if offer is Offer.CONFIRM and conflicts:
        question = dialog(
            "Take over these fields?",
            f"{len(conflicts)} fields belong to other managers. They will not expect this, and may "
            "set them back.",
            "Take over and apply",
            "Go back",
        )
        return button(
            "Take over and apply", offer.action_id, change.id, style="danger", confirm=question
        )
    if offer is Offer.UNDO:
        question = dialog(
            "Undo in the cluster?",
            "Everything this change touched is put back as it was before.",
            "Undo",
            "Go back",
        )
        return button(_LABELS[offer], offer.action_id, change.id, style="danger", confirm=question)
    style = "primary" if offer is Offer.CONFIRM else ""
    return button(_LABELS[offer], offer.action_id, change.id, style=style)
