"""What the thread and the direct messages tell of an emergency from the sign-off on. See `story`
for the manners."""

from collections.abc import Sequence

from chatbot.domain.change import Change, Failure, Target, format_change_id
from chatbot.domain.mrkdwn import escape, moment
from chatbot.domain.notice import Notice
from chatbot.domain.obligation import Obligation
from chatbot.domain.story import named, reason, target_names, thread, to_requester


def outdated(change: Change) -> list[Notice]:
    """What was signed off is not what would be done now."""
    text = (
        "The cluster changed after this diff was made, so nothing was applied. The red lights and "
        "the sign-off count no more: here comes a fresh diff."
    )
    return [
        thread(f"outdated:{change.revision}", text),
        to_requester(change, f"outcome:outdated:{change.revision}", f"🔴 {named(change)}\n{text}"),
    ]


def seized(numbers: Sequence[int]) -> list[Notice]:
    """Whose objects were taken over."""
    if not numbers:
        return []
    names = ", ".join(format_change_id(number) for number in numbers)
    text = f"This took objects over from {names}, which waits behind it now."
    return [thread(f"seized:{names}", text)]


def applied(change: Change, owed: Sequence[Obligation], remarks: Sequence[str]) -> list[Notice]:
    """The cluster took it; from here on something is owed."""
    names = escape(target_names(change.request.targets))
    due = ", ".join(f"{each.kind.value} until {moment(each.due_at)}" for each in owed)
    lines = [f"🔴 The cluster took it: {names}. Watching the rollout.", f"Owed now: {due}."]
    lines += [f"⚠️ {reason(remark)}" for remark in remarks]
    text = "\n".join(lines)
    return [
        thread(f"emergency_applied:{change.revision}", text),
        to_requester(change, f"outcome:applied:{change.revision}", f"{named(change)}\n{text}"),
    ]


def rolled_out(change: Change) -> list[Notice]:
    """Every workload runs as asked."""
    text = "It runs as asked. Now Git gets what was really applied."
    return [thread(f"emergency_rolled_out:{change.revision}", text)]


def unhealthy(change: Change, failure: Failure) -> list[Notice]:
    """It was applied and does not come up. Nothing goes back by itself."""
    text = f"🔴 {reason(failure.sentence)}\n{escape(failure.remedy)}"
    key = f"unhealthy:{change.revision}"
    return [
        thread(key, text),
        to_requester(change, f"outcome:{key}", f"{named(change)}\n{text}"),
    ]


def undone(change: Change, left: Sequence[Target]) -> list[Notice]:
    """It is as it was. What is owed is owed all the same."""
    text = "undone: the cluster is as it was before. Git is compared with it now."
    if left:
        names = target_names(tuple(left))
        text += f" Left alone, because another emergency wrote to it since: {names}."
    return [
        thread(f"undone:{change.revision}", f"Everything is {escape(text)}"),
        to_requester(
            change, f"outcome:undone:{change.revision}", f"{named(change)} was {escape(text)}"
        ),
    ]


def differs(change: Change) -> list[Notice]:
    """Git and the cluster differ although nothing more is on its way."""
    text = (
        "🔴 Git and the cluster differ in what this touched. Redlight writes over nothing: bring "
        "one of them to the other, and this goes on by itself."
    )
    key = f"differs:{change.revision}"
    return [
        thread(key, text),
        to_requester(change, f"outcome:{key}", f"{named(change)}\n{text}"),
    ]


def superseded(number: int) -> list[Notice]:
    """Another emergency wrote to the same objects since."""
    text = (
        f"Pull request #{number} is closed: another emergency has written to these objects since."
    )
    return [thread(f"superseded:{number}", text)]


def reconciled() -> list[Notice]:
    """One of the two debts is paid."""
    return [thread("reconciled", "🟢 Git and the cluster say the same again.")]


def completed(change: Change) -> list[Notice]:
    """Everything is paid."""
    text = "closed: Git and the cluster say the same, and the postmortem is accepted."
    return [
        thread("completed", f"🟢 This is {text}"),
        to_requester(change, "outcome:completed", f"🟢 {named(change)} is {text}"),
    ]
