"""What becomes of an obligation, and who may do what with it: the one place that decides. A refusal
is a sentence that says why, and what to do instead; empty when nothing stands in the way."""

from datetime import datetime

from chatbot.domain.chase import Ladder, skippable
from chatbot.domain.events import SYSTEM, AuditEntry
from chatbot.domain.mrkdwn import mention, moment
from chatbot.domain.obligation import Obligation
from chatbot.domain.permission import Actor
from chatbot.domain.person import Person, why_not_counted


def breached(obligation: Obligation, now: datetime) -> tuple[Obligation, AuditEntry]:
    """Not met in time: that stays on the record after it is paid."""
    entry = AuditEntry(
        kind="obligation.breached",
        actor=SYSTEM,
        change=obligation.change,
        at=now,
        data={
            "kind": obligation.kind.value,
            "owner": obligation.owner,
            "due_at": obligation.due_at.isoformat(),
        },
    )
    return obligation.model_copy(update={"breached_at": now}), entry


def paid(obligation: Obligation, now: datetime) -> tuple[Obligation, list[AuditEntry]]:
    """Met now. If that is too late and nobody has noticed yet, the breach is recorded first."""
    entries: list[AuditEntry] = []
    if obligation.is_overdue(now) and obligation.breached_at is None:
        obligation, entry = breached(obligation, now)
        entries.append(entry)
    return obligation.model_copy(update={"met_at": now, "offered": None}), entries


def why_not_offer(actor: Actor, obligation: Obligation, to: Person) -> str:
    """Why this actor cannot offer it to that person."""
    if sentence := why_not_counted(actor.person):
        return sentence
    if actor.person.id != obligation.owner and not actor.is_senior:
        return f"Only {mention(obligation.owner)}, who owns it, or a senior hands it over."
    if not obligation.is_open:
        return f"The {obligation.kind.words} was met {moment(_met(obligation))}."
    if to.id == obligation.owner:
        return f"{mention(to.id)} owns it already."
    if obligation.offered is not None and obligation.offered.to == to.id:
        return f"{mention(to.id)} was asked already, {moment(obligation.offered.at)}."
    if why_not_counted(to):
        return f"{mention(to.id)} cannot take it: only full members of the workspace own a debt."
    return ""


def why_not_answer(person: Person, obligation: Obligation) -> str:
    """Why this person cannot accept or decline it."""
    if sentence := why_not_counted(person):
        return sentence
    if not obligation.is_open:
        return f"The {obligation.kind.words} was met {moment(_met(obligation))}."
    if obligation.owner == person.id:
        return "You own it already."
    if obligation.offered is None:
        return f"Nobody is asked to take it over. {mention(obligation.owner)} owns it."
    if obligation.offered.to != person.id:
        return f"It was offered to {mention(obligation.offered.to)}, and to nobody else."
    return ""


def why_not_snooze(person: Person, obligation: Obligation, ladder: Ladder, now: datetime) -> str:
    """Why this person cannot have its next reminder skipped now."""
    if sentence := why_not_counted(person):
        return sentence
    if person.id != obligation.owner:
        return f"Only {mention(obligation.owner)}, who owns it, can."
    if not obligation.is_open:
        return f"It was met {moment(_met(obligation))}."
    if obligation.is_overdue(now):
        return "It is overdue, and what is overdue cannot be snoozed."
    if obligation.snoozed is not None:
        return f"It was snoozed already, {moment(obligation.snoozed.at)}; that can be done once."
    if skippable(obligation, ladder, now) is None:
        return f"No reminder is left to skip: it is due {moment(obligation.due_at)}."
    return ""


def _met(obligation: Obligation) -> datetime:
    return obligation.met_at or obligation.since
