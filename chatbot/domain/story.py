"""What the thread and the direct messages tell about a change: mrkdwn sentences.

The card shows how things are; the story says what happened. Keys make each sentence one that is
told once, however often the step behind it is repeated.
"""

import re

from chatbot.domain.change import (
    Change,
    ChangeRequest,
    Failure,
    Operation,
    Path,
    RolledBack,
    Target,
    format_change_id,
)
from chatbot.domain.errors import Permanent
from chatbot.domain.mrkdwn import code, escape, fit, link, mention, shorten
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.pull_request import PullRequest

_LONGEST_SENTENCE = 2_500
_LONGEST_REASON = 1_500
_SHOWN_TARGETS = 3
_LONGEST_NAME = 70
_REPLICAS_BEFORE = re.compile(r"^-\s+replicas: (\d+)$", re.MULTILINE)


def headline(change: Change) -> str:
    """What in one line of plain text: `Scale deployment/web to 5`, and `Scale deployment/web
    2 → 5` as soon as a plan says what it was. At most some 250 characters."""
    request = change.request
    names = target_names(request.targets)
    match request.operation:
        case Operation.SCALE:
            return f"Scale {names} {_replicas(change)}"
        case Operation.RESTART:
            return f"Restart {names}"
        case Operation.ROLLBACK:
            return f"{_rolls_back(request)}{names}"
        case Operation.APPLY:
            return f"Apply {names}"


def _rolls_back(request: ChangeRequest) -> str:
    of = request.rolls_back
    return "Roll back " if of is None else f"Roll back {format_change_id(of)}: "


def _replicas(change: Change) -> str:
    plan = change.progress.plan
    before = plan and len(plan.objects) == 1 and _REPLICAS_BEFORE.findall(plan.objects[0].diff)
    wanted = change.request.replicas
    return f"{before[0]} → {wanted}" if before and len(before) == 1 else f"to {wanted}"


def target_names(targets: tuple[Target, ...]) -> str:
    """`deployment/web, service/web and 3 more`."""
    shown = [shorten(str(target), _LONGEST_NAME) for target in targets[:_SHOWN_TARGETS]]
    if len(targets) > _SHOWN_TARGETS:
        return f"{', '.join(shown)} and {len(targets) - _SHOWN_TARGETS} more"
    return ", ".join(shown)


def thread(key: str, text: str) -> Notice:
    """A sentence under the card."""
    return Notice(key=key, audience=Audience.THREAD, text=fit(text, _LONGEST_SENTENCE))


def to_requester(change: Change, key: str, text: str) -> Notice:
    """A direct message to whoever asked for the change."""
    return Notice(
        key=key,
        audience=Audience.DIRECT,
        text=fit(text, _LONGEST_SENTENCE),
        user=change.requester,
    )


def named(change: Change) -> str:
    """The change at the head of a direct message, mrkdwn."""
    return f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"


def requested(requester: str) -> list[Notice]:
    """The first line of the thread."""
    return [thread("requested", f"{mention(requester)} asked for this.")]


def confirmed(change: Change, actor: str, *, force: bool) -> list[Notice]:
    """Somebody confirmed the diff."""
    forced = " Fields that other managers own are taken over." if force else ""
    return [thread(f"confirmed:{change.revision}", f"{mention(actor)} confirmed the diff.{forced}")]


def let_through(change: Change, actor: str, reason: str) -> list[Notice]:
    """A senior made an exception from the freezes of now."""
    because = escape(reason.rstrip("."))
    text = f"{mention(actor)} let {change.id} through the freeze, because {because}."
    return [
        thread(f"let_through:{change.revision}", text),
        to_requester(change, f"outcome:let_through:{change.revision}", f"{named(change)}\n{text}"),
    ]


def outdated(change: Change) -> list[Notice]:
    """The cluster moved between the diff and the apply."""
    return [
        thread(
            f"outdated:{change.revision}",
            "The cluster changed after this diff was made, so nothing was applied. "
            "Here comes a fresh diff.",
        )
    ]


def applied(change: Change) -> list[Notice]:
    """The cluster took it."""
    request = change.request
    names = escape(target_names(request.targets))
    where = f" in {code(request.namespace)}" if request.namespace else ""
    text = f"The cluster took it: {names}{where}. Watching the rollout."
    return [thread(f"applied:{change.revision}", text)]


def rolled_out(change: Change) -> list[Notice]:
    """Every workload runs as asked."""
    return [thread(f"rolled_out:{change.revision}", "It runs as asked. Now Git gets it.")]


def pull_request_opened(change: Change, pull_request: PullRequest) -> list[Notice]:
    """Git is asked."""
    label = f"pull request #{pull_request.number}"
    return [
        thread(
            f"pr_opened:{pull_request.number}:{change.revision}",
            f"Opened {link(pull_request.url, label)} to bring it into Git.",
        )
    ]


def pull_request_adopted(pull_request: PullRequest) -> list[Notice]:
    """Git was asked already, by a person."""
    label = f"Pull request #{pull_request.number}"
    text = f"{link(pull_request.url, label)} is what this change merges."
    return [thread(f"pr_adopted:{pull_request.number}", text)]


def pull_request_merged(pull_request: PullRequest) -> list[Notice]:
    """Git has it."""
    return [
        thread(
            f"pr_merged:{pull_request.number}",
            f"Pull request #{pull_request.number} is merged "
            f"({code(pull_request.merge_sha[:7])}). Comparing Git with the cluster.",
        )
    ]


def completed(change: Change) -> list[Notice]:
    """The end that everybody wants."""
    text = "live and in Git."
    return [
        thread("completed", f"🟢 Done: {text}"),
        to_requester(change, "outcome:completed", f"🟢 {named(change)} is {text}"),
    ]


def cancelled(change: Change, actor: str) -> list[Notice]:
    """Somebody took it back before it touched the cluster."""
    told = [thread("cancelled", f"{mention(actor)} cancelled this. Nothing was applied.")]
    if actor != change.requester:
        told.append(
            to_requester(
                change,
                "outcome:cancelled",
                f"{named(change)} was cancelled by {mention(actor)}. Nothing was applied.",
            )
        )
    return told


def expired(change: Change) -> list[Notice]:
    """Nobody confirmed in time."""
    text = "expired: nobody confirmed the diff in time. Nothing was applied."
    return [
        thread("expired", f"This {text}"),
        to_requester(
            change, "outcome:expired", f"⚪ {named(change)} {text} Ask again with `/change`."
        ),
    ]


def rollback_started(change: Change, sentence: str) -> list[Notice]:
    """Why it goes back."""
    return [
        thread(
            f"rollback:{change.revision}",
            f"🔴 {reason(sentence)}\nPutting everything back as it was before.",
        )
    ]


def undo_started(change: Change, actor: str) -> list[Notice]:
    """Somebody wants it gone."""
    how = "Putting everything back as it was before."
    if change.path is Path.GITOPS:
        how = "Taking the commit back with a pull request."
    text = f"{mention(actor)} asked to undo this. {how}"
    return [thread(f"undo:{change.revision}", text)]


def rolled_back(change: Change, sentence: str) -> list[Notice]:
    """It is as it was; `sentence` says why, and is empty when somebody asked for it."""
    text = "rolled back: the cluster is as it was before."
    told = f"🔴 {named(change)} was {text}\n{reason(sentence)}" if sentence else ""
    return [
        thread("rolled_back", f"Everything is {text}"),
        to_requester(change, "outcome:rolled_back", told or f"{named(change)} was {text}"),
    ]


def rolled_back_by(link: RolledBack) -> list[Notice]:
    """Another change takes this one back, or has."""
    by = format_change_id(link.by)
    if link.done:
        return [thread(f"rolled_back_by:{by}", f"{by} has rolled this back.")]
    return [thread(f"rollback_asked_for:{by}", f"Somebody asked to roll this back: {by}.")]


def card_unposted(change: Change, channel: str, error: Permanent) -> Notice:
    """The card has no place; without it the requester would hear nothing."""
    return to_requester(
        change,
        "card_unposted",
        f"{named(change)} goes on, but its card cannot be posted in {escape(channel)}: "
        f"{escape(str(error))}. {escape(error.remedy)}",
    )


def failure_notices(change: Change, failure: Failure) -> list[Notice]:
    """Something needs a person: in the thread, and to the requester."""
    text = f"🔴 {reason(failure.sentence)}"
    if failure.remedy:
        text += f"\n{escape(shorten(failure.remedy, _LONGEST_REASON // 3))}"
    key = f"{change.state.value}:{change.revision}"
    return [
        thread(f"failed:{key}", text),
        to_requester(change, f"outcome:failed:{key}", f"{named(change)}\n{text}"),
    ]


def reason(sentence: str) -> str:
    """The cluster's own words, capped so that what follows them still fits."""
    return fit(escape(sentence), _LONGEST_REASON)
