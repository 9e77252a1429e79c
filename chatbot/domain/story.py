"""What the thread and the direct messages tell about a change: mrkdwn sentences.

The card shows how things are; the story says what happened. Keys make each sentence one that is
told once, however often the step behind it is repeated.
"""

from chatbot.domain.change import Change, Failure, Operation, PullRequest, Target
from chatbot.domain.mrkdwn import code, escape, link, mention, shorten
from chatbot.domain.notice import Audience, Notice

_LONGEST_SENTENCE = 2_500
_SHOWN_TARGETS = 3


def headline(change: Change) -> str:
    """What and where in one line of plain text: `Scale deployment/web to 5`."""
    request = change.request
    names = target_names(request.targets)
    match request.operation:
        case Operation.SCALE:
            return f"Scale {names} to {request.replicas}"
        case Operation.RESTART:
            return f"Restart {names}"
        case Operation.ROLLBACK:
            return f"Roll back {names}"
        case Operation.APPLY:
            return f"Apply {names}"


def target_names(targets: tuple[Target, ...]) -> str:
    """`deployment/web, service/web and 3 more`."""
    shown = [str(target) for target in targets[:_SHOWN_TARGETS]]
    if len(targets) > _SHOWN_TARGETS:
        return f"{', '.join(shown)} and {len(targets) - _SHOWN_TARGETS} more"
    return ", ".join(shown)


def thread(key: str, text: str) -> Notice:
    """A sentence under the card."""
    return Notice(key=key, audience=Audience.THREAD, text=shorten(text, _LONGEST_SENTENCE))


def to_requester(change: Change, key: str, text: str) -> Notice:
    """A direct message to whoever asked for the change."""
    return Notice(
        key=key,
        audience=Audience.DIRECT,
        text=shorten(text, _LONGEST_SENTENCE),
        user=change.requester,
    )


def _named(change: Change) -> str:
    return f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"


def requested(requester: str) -> list[Notice]:
    """The first line of the thread."""
    return [thread("requested", f"{mention(requester)} asked for this.")]


def confirmed(change: Change, actor: str, *, force: bool) -> list[Notice]:
    """Somebody confirmed the diff."""
    forced = " Fields that other managers own are taken over." if force else ""
    return [thread(f"confirmed:{change.revision}", f"{mention(actor)} confirmed the diff.{forced}")]


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
    count = len(change.request.targets)
    objects = "1 object" if count == 1 else f"{count} objects"
    return [
        thread(
            f"applied:{change.revision}",
            f"Applied to {objects} in {code(change.request.namespace or 'the cluster')}; "
            "watching the rollout.",
        )
    ]


def rolled_out(change: Change) -> list[Notice]:
    """Every workload runs as asked."""
    return [thread(f"rolled_out:{change.revision}", "Rolled out. Now Git gets it.")]


def pull_request_opened(change: Change, pull_request: PullRequest) -> list[Notice]:
    """Git is asked."""
    label = f"pull request #{pull_request.number}"
    return [
        thread(
            f"pr_opened:{pull_request.number}:{change.revision}",
            f"Opened {link(pull_request.url, label)} to bring it into Git.",
        )
    ]


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
        to_requester(change, "outcome:completed", f"🟢 {_named(change)} is {text}"),
    ]


def cancelled(change: Change, actor: str) -> list[Notice]:
    """Somebody took it back before it touched the cluster."""
    told = [thread("cancelled", f"{mention(actor)} cancelled this. Nothing was applied.")]
    if actor != change.requester:
        told.append(
            to_requester(
                change,
                "outcome:cancelled",
                f"{_named(change)} was cancelled by {mention(actor)}. Nothing was applied.",
            )
        )
    return told


def rollback_started(change: Change, sentence: str) -> list[Notice]:
    """Why it goes back."""
    return [
        thread(
            f"rollback:{change.revision}",
            f"🔴 {escape(sentence)}\nPutting everything back as it was before.",
        )
    ]


def undo_started(change: Change, actor: str) -> list[Notice]:
    """Somebody wants it gone."""
    text = f"{mention(actor)} asked to undo this. Putting everything back as it was before."
    return [thread(f"undo:{change.revision}", text)]


def rolled_back(change: Change, sentence: str) -> list[Notice]:
    """It is as it was."""
    text = "rolled back: the cluster is as it was before."
    return [
        thread("rolled_back", f"Everything is {text}"),
        to_requester(
            change, "outcome:rolled_back", f"🔴 {_named(change)} was {text}\n{escape(sentence)}"
        ),
    ]


def failure_notices(change: Change, failure: Failure) -> list[Notice]:
    """Something needs a person: in the thread, and to the requester."""
    text = f"🔴 {escape(failure.sentence)}"
    if failure.remedy:
        text += f"\n{escape(failure.remedy)}"
    key = f"{change.state.value}:{change.revision}"
    return [
        thread(f"failed:{key}", text),
        to_requester(change, f"outcome:failed:{key}", f"{_named(change)}\n{text}"),
    ]
