"""What the thread and the direct messages tell on the gitops path. See `story` for the manners."""

from collections.abc import Sequence

from chatbot.domain.change import Change, Failure, Plan, format_change_id
from chatbot.domain.mrkdwn import code, escape, link, mention
from chatbot.domain.notice import Notice
from chatbot.domain.pull_request import PullRequest
from chatbot.domain.story import failure_notices, named, reason, thread, to_requester


def passed(plan: Plan) -> list[Notice]:
    """Nothing speaks against it; now people are asked."""
    count = len(plan.objects)
    what = "1 object" if count == 1 else f"{count} objects"
    text = f"Policy has nothing against it ({what}). It needs approval now."
    return [thread(f"passed:{plan.digest}", text)]


def denied(change: Change, failure: Failure) -> list[Notice]:
    """Policy says no."""
    return failure_notices(change, failure)


def followed(change: Change, number: int) -> list[Notice]:
    """The environment ahead has it now."""
    text = f"{format_change_id(number)} has completed the same. This is checked anew."
    return [thread(f"followed:{change.revision}", text)]


def sent_ahead(change: Change, actor: str, because: str) -> list[Notice]:
    """The requester says why it need not have been anywhere else."""
    text = f"{mention(actor)} says why this goes ahead: {escape(because)}"
    return [thread(f"sent_ahead:{change.revision}", text)]


def updated(base: str, head: str) -> list[Notice]:
    """The branch got what the base had gained."""
    text = f"{code(base)} has moved on, so the branch was brought up to date ({code(head[:7])})."
    return [thread(f"updated:{head}", text)]


def moved(change: Change, seen: PullRequest) -> list[Notice]:
    """Somebody pushed."""
    void = " Approvals given before are void." if change.progress.approvals else ""
    text = f"There is a new commit, {code(seen.head_sha[:7])}. It is checked anew.{void}"
    told = [thread(f"moved:{seen.head_sha}", text)]
    if void:
        told.append(
            to_requester(change, f"outcome:moved:{seen.head_sha}", f"{named(change)}\n{text}")
        )
    return told


def outdated(change: Change) -> list[Notice]:
    """The rules, the base branch or the approvers are not what they were."""
    text = (
        "What was approved is not what would be merged now, so nothing was merged. It is checked "
        "anew and has to be approved again."
    )
    return [
        thread(f"outdated:{change.revision}", text),
        to_requester(change, f"outcome:outdated:{change.revision}", f"{named(change)}\n{text}"),
    ]


def closed(change: Change, seen: PullRequest) -> list[Notice]:
    """Somebody closed the pull request at the host."""
    label = f"Pull request #{seen.number}"
    text = f"{link(seen.url, label)} was closed without a merge. Nothing was applied."
    return [
        thread("cancelled", text),
        to_requester(change, "outcome:cancelled", f"{named(change)} is cancelled. {text}"),
    ]


def merged(pull_request: PullRequest) -> list[Notice]:
    """Git has it."""
    text = (
        f"Pull request #{pull_request.number} is merged ({code(pull_request.merge_sha[:7])}). "
        "Argo CD brings it into the cluster."
    )
    return [thread(f"pr_merged:{pull_request.number}", text)]


def synced(change: Change, applications: Sequence[str]) -> list[Notice]:
    """The cluster has it."""
    names = ", ".join(code(name) for name in applications)
    return [thread(f"synced:{change.revision}", f"Argo CD has synced {names}. Is it healthy?")]


def completed(change: Change, remarks: Sequence[str]) -> list[Notice]:
    """The end that everybody wants."""
    more = "".join(f"\n{escape(remark)}." for remark in remarks)
    return [
        thread("completed", f"🟢 Done: in Git, synced and healthy.{more}"),
        to_requester(
            change, "outcome:completed", f"🟢 {named(change)} is in Git, synced and healthy."
        ),
    ]


def window_over(change: Change) -> list[Notice]:
    """The maintenance window went by."""
    text = "expired: its maintenance window is over. Nothing was applied."
    return [
        thread("expired", f"This {text}"),
        to_requester(
            change,
            "outcome:expired",
            f"⚪ {named(change)} {text} Ask again with `/change` and a new window.",
        ),
    ]


def started(change: Change) -> list[Notice]:
    """Nothing is in the way any more."""
    return [
        thread(f"started:{change.revision}", "Nothing is in the way. Merging what was approved.")
    ]


def revert_started(change: Change, failure: Failure) -> list[Notice]:
    """It does not work, so Git takes it back."""
    text = f"🔴 {reason(failure.sentence)}\nTaking the commit back with a pull request."
    return [
        thread(f"rollback:{change.revision}", text),
        to_requester(change, f"outcome:rollback:{change.revision}", f"{named(change)}\n{text}"),
    ]


def revert_opened(asked: PullRequest) -> list[Notice]:
    """The way back, in Git."""
    label = f"pull request #{asked.number}"
    text = f"Opened {link(asked.url, label)}, which takes it back on top of what is there now."
    return [thread(f"revert_opened:{asked.number}", text)]


def reverted(revision: str) -> list[Notice]:
    """Git is without it."""
    text = f"Git is without it at {code(revision[:7])}. Argo CD brings that into the cluster."
    return [thread(f"reverted:{revision}", text)]


def held(change: Change, remarks: Sequence[str]) -> list[Notice]:
    """It is taken back; now somebody has to say that all is well again."""
    place = escape(change.request.environment)
    more = "".join(f"\n{reason(remark)}" for remark in remarks)
    well = f"But {place} is not well yet:{more}" if remarks else "Argo CD calls it healthy again."
    text = (
        f"🔴 It was taken back. {well}\nOther changes to {place} wait until a senior releases it."
    )
    return [
        thread(f"held:{change.revision}", text),
        to_requester(change, "outcome:held", f"{named(change)}\n{text}"),
    ]
