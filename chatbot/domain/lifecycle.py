"""The lifecycle of a change: one table for all three paths; a pair that is not listed raises.

`docs/lifecycle.md` draws this table and is checked against it.
"""

from enum import StrEnum

from chatbot.domain.errors import InvalidTransition


class State(StrEnum):
    """The states a person sees."""

    REQUESTED = "requested"
    BLOCKED = "blocked"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    APPLYING = "applying"
    VALIDATING = "validating"
    PR_OPEN = "pr_open"
    SYNCING = "syncing"
    RECONCILING = "reconciling"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    HELD = "held"


class Event(StrEnum):
    """What moves a change from one state to the next."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    BLOCKED = "blocked"
    OUTDATED = "outdated"
    APPLIED = "applied"
    FAILED = "failed"
    ROLLED_OUT = "rolled_out"
    ROLLBACK_STARTED = "rollback_started"
    RESTORED = "restored"
    RESTORED_IN_DEBT = "restored_in_debt"
    PR_OPENED = "pr_opened"
    PR_MERGED = "pr_merged"
    PR_CLOSED = "pr_closed"
    IN_SYNC = "in_sync"
    POLICY_PASSED = "policy_passed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WINDOW_OPENED = "window_opened"
    SYNCED = "synced"
    HEALTHY = "healthy"
    REVERTED = "reverted"
    RELEASED = "released"
    RETRIED = "retried"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


TERMINAL = frozenset(
    {State.COMPLETED, State.REJECTED, State.CANCELLED, State.EXPIRED, State.ROLLED_BACK}
)
"""States that nothing leaves."""

HOLDING = frozenset(
    {
        State.APPLYING,
        State.VALIDATING,
        State.RECONCILING,
        State.PR_OPEN,
        State.AWAITING_APPROVAL,
        State.SCHEDULED,
        State.SYNCING,
        State.ROLLING_BACK,
    }
)
"""States in which a change holds its objects: another change of the same objects waits."""

TRANSITIONS: dict[tuple[State, Event], State] = {
    # planning, on every path
    (State.REQUESTED, Event.PLANNED): State.AWAITING_CONFIRMATION,
    (State.REQUESTED, Event.CONFIRMED): State.APPLYING,
    (State.REQUESTED, Event.BLOCKED): State.BLOCKED,
    (State.REQUESTED, Event.CANCELLED): State.CANCELLED,
    (State.BLOCKED, Event.RETRIED): State.REQUESTED,
    (State.BLOCKED, Event.OUTDATED): State.PR_OPEN,
    (State.BLOCKED, Event.CANCELLED): State.CANCELLED,
    (State.BLOCKED, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.BLOCKED, Event.EXPIRED): State.EXPIRED,
    # direct: the requester confirms the diff, then the cluster is changed
    (State.AWAITING_CONFIRMATION, Event.CONFIRMED): State.APPLYING,
    (State.AWAITING_CONFIRMATION, Event.OUTDATED): State.REQUESTED,
    (State.AWAITING_CONFIRMATION, Event.CANCELLED): State.CANCELLED,
    (State.AWAITING_CONFIRMATION, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.AWAITING_CONFIRMATION, Event.EXPIRED): State.EXPIRED,
    (State.APPLYING, Event.OUTDATED): State.REQUESTED,
    (State.APPLYING, Event.APPLIED): State.VALIDATING,
    (State.APPLYING, Event.FAILED): State.FAILED,
    (State.APPLYING, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.APPLYING, Event.CANCELLED): State.CANCELLED,
    (State.VALIDATING, Event.ROLLED_OUT): State.RECONCILING,
    (State.VALIDATING, Event.FAILED): State.FAILED,
    (State.VALIDATING, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    # paying Git back, on the direct and the emergency path
    (State.RECONCILING, Event.PR_OPENED): State.PR_OPEN,
    (State.RECONCILING, Event.IN_SYNC): State.COMPLETED,
    (State.RECONCILING, Event.FAILED): State.FAILED,
    (State.RECONCILING, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.PR_OPEN, Event.PR_MERGED): State.RECONCILING,
    (State.PR_OPEN, Event.PR_CLOSED): State.RECONCILING,
    (State.PR_OPEN, Event.FAILED): State.FAILED,
    (State.PR_OPEN, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    # gitops: pull request, policy, approval, window, sync; new content goes back to policy
    (State.REQUESTED, Event.PR_OPENED): State.PR_OPEN,
    (State.PR_OPEN, Event.POLICY_PASSED): State.AWAITING_APPROVAL,
    (State.PR_OPEN, Event.BLOCKED): State.BLOCKED,
    (State.PR_OPEN, Event.CANCELLED): State.CANCELLED,
    (State.PR_OPEN, Event.EXPIRED): State.EXPIRED,
    (State.AWAITING_APPROVAL, Event.APPROVED): State.SCHEDULED,
    (State.AWAITING_APPROVAL, Event.REJECTED): State.REJECTED,
    (State.AWAITING_APPROVAL, Event.OUTDATED): State.PR_OPEN,
    (State.AWAITING_APPROVAL, Event.CANCELLED): State.CANCELLED,
    (State.AWAITING_APPROVAL, Event.EXPIRED): State.EXPIRED,
    (State.SCHEDULED, Event.WINDOW_OPENED): State.SYNCING,
    (State.SCHEDULED, Event.OUTDATED): State.PR_OPEN,
    (State.SCHEDULED, Event.CANCELLED): State.CANCELLED,
    (State.SCHEDULED, Event.EXPIRED): State.EXPIRED,
    (State.SYNCING, Event.SYNCED): State.VALIDATING,
    (State.SYNCING, Event.OUTDATED): State.PR_OPEN,
    (State.SYNCING, Event.FAILED): State.FAILED,
    (State.SYNCING, Event.CANCELLED): State.CANCELLED,
    (State.SYNCING, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.VALIDATING, Event.HEALTHY): State.COMPLETED,
    (State.VALIDATING, Event.RETRIED): State.SYNCING,
    # emergency: red lights are confirmations, the sign-off is an approval
    (State.AWAITING_CONFIRMATION, Event.APPROVED): State.AWAITING_APPROVAL,
    (State.AWAITING_APPROVAL, Event.CONFIRMED): State.APPLYING,
    # the ways back
    (State.ROLLING_BACK, Event.RESTORED): State.ROLLED_BACK,
    (State.ROLLING_BACK, Event.RESTORED_IN_DEBT): State.RECONCILING,
    (State.ROLLING_BACK, Event.REVERTED): State.HELD,
    (State.ROLLING_BACK, Event.FAILED): State.FAILED,
    (State.HELD, Event.RELEASED): State.ROLLED_BACK,
    (State.FAILED, Event.RETRIED): State.REQUESTED,
    (State.FAILED, Event.ROLLBACK_STARTED): State.ROLLING_BACK,
    (State.FAILED, Event.CANCELLED): State.CANCELLED,
}


def transition(state: State, event: Event) -> State:
    """The state after `event`; raises `InvalidTransition` for a pair that is not in the table."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise InvalidTransition(f"a change that is {state} cannot take {event}") from None


def allows(state: State, event: Event) -> bool:
    """Whether the table has a row for this pair."""
    return (state, event) in TRANSITIONS
