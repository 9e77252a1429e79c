"""A rollback that was approved with the change that it takes back. Pure.

Whoever approves a change has its way back before them: the objects as they are. Where an
environment says so, their yes covers that too, for a while: restoring exactly those objects, and no
others, needs no second one. What differs by a field, because something came later, has to be
approved anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from chatbot.domain.approval import Electorate, rule_of, standing, voice_of
from chatbot.domain.change import Change, PlannedObject
from chatbot.domain.environment import Environment
from chatbot.domain.events import canonical_json
from chatbot.domain.lifecycle import State
from chatbot.domain.review import ApprovedWith, Author
from chatbot.domain.review_rules import Objects


def restored_by(objects: Objects, keys: Iterable[str]) -> str:
    """SHA-256 over the objects with these keys as they are here, absent ones included."""
    found = {key: objects.get(key) for key in keys}
    return sha256(canonical_json(found).encode()).hexdigest() if found else ""


def covered_until(original: Change, environment: Environment) -> datetime | None:
    """Until when the approval of a completed change covers its exact rollback; None: it does not.
    What was promised when it was approved counts, or what the rules say now if that is shorter."""
    review, steps = original.progress.review, original.progress.steps
    if review is None or original.state is not State.COMPLETED or not steps:
        return None
    lasts = min(review.rollback_for, environment.rollback_approved_for)
    return steps[-1].at + lasts if lasts > timedelta() else None


def is_exact(
    original: Change, objects: Sequence[PlannedObject], after: Objects, authors: Sequence[Author]
) -> bool:
    """Whether a rollback that changes `objects`, and leaves them as `after` has them, restores what
    was there before the original, all of it and nothing else, without anybody's commit in it."""
    review, plan = original.progress.review, original.progress.plan
    if review is None or plan is None or authors:
        return False
    keys = {one.target.key for one in plan.objects}
    if not keys or keys != {one.target.key for one in objects}:
        return False
    return restored_by(after, keys) == review.restores


def approved_with(
    rollback: Change, original: Change, electorate: Electorate, until: datetime
) -> ApprovedWith | None:
    """The approval of the original as one of its rollback, if enough of those who gave it are
    entitled still, whoever asks for the rollback not counted. `electorate` is the original's."""
    asks = rollback.requester
    said = standing(original, electorate).counted
    counted = [one for one in said if asks not in (one.user, voice_of(one))]
    if len(counted) < rule_of(electorate.environment, rollback.request.risk_assessment).count:
        return None
    by = tuple(one.user for one in counted)
    return ApprovedWith(change=original.number, by=by, until=until)
