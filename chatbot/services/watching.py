"""Watching what a change wrote: how far each object is, and why one does not come up."""

from collections.abc import Sequence

from chatbot.domain.change import Change, Target
from chatbot.domain.rollout import RolloutStatus, judge, judge_gone
from chatbot.ports import Cluster, Manifest


def judged(cluster: Cluster, change: Change) -> list[RolloutStatus]:
    """A verdict for each object, as `kubectl rollout status` gives it."""
    targets = change.request.targets
    takes = change.progress.takes_back
    goes = {entry.target.key for entry in takes.objects if not entry.manifest} if takes else ()
    return [
        _judge_one(target, manifest, goes=target.key in goes)
        for target, manifest in zip(targets, cluster.get_many(targets), strict=True)
    ]


def reasons(
    cluster: Cluster, change: Change, verdicts: Sequence[RolloutStatus], *, late: bool
) -> str:
    """Why what is not done is not done, in the words of its pods; a line each."""
    lines = []
    for target, verdict in zip(change.request.targets, verdicts, strict=True):
        if verdict.done:
            continue
        lines += [f"{target}: {verdict.message}", *cluster.failing_pods(target)]
    if late:
        lines.insert(0, "The rollout did not finish in time.")
    return "\n".join(lines)


def _judge_one(target: Target, live: Manifest | None, *, goes: bool) -> RolloutStatus:
    if goes:
        return judge_gone(live)
    if live is None:
        message = f"{target} is gone: somebody deleted it"
        return RolloutStatus(done=False, failed=True, message=message)
    return judge(live)
