"""Emergencies at each point of their way to the sign-off and beyond."""

from datetime import datetime, timedelta
from typing import Any

from chatbot.domain.approval_line import explanation
from chatbot.domain.card import Card
from chatbot.domain.change import Change, ObjectAction, Path, PlannedObject, Waiting
from chatbot.domain.emergency import LIGHTS, Criterion, Light
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.lifecycle import State
from tests.support.approvals import FIRST, SECOND, approval, electorate
from tests.support.builders import NOW, REQUESTER, change_request, target
from tests.support.cards import DIFF, DIGEST, SNAPSHOT, direct, plan, pull_request

LIT_AT = NOW + timedelta(minutes=2)
"""When the first light was passed; one more a minute."""
ASKED_AT = LIT_AT + timedelta(minutes=LIGHTS - 1)
LATER = ASKED_AT + timedelta(minutes=3)

RED = (State.AWAITING_CONFIRMATION,)
LIT = (*RED, State.AWAITING_APPROVAL)
SIGNED = (*LIT, State.APPLYING)
ROLLED = (*SIGNED, State.VALIDATING)
OWING = (*ROLLED, State.RECONCILING)
ASKING = (*OWING, State.PR_OPEN)

BYPASSED = (
    "Policy denies deployment/web: image has no digest (images)",
    "Policy warns deployment/web: no PodDisruptionBudget (budgets)",
    "Pull request: Git gets it only afterwards",
    "Review: 1 approval of a pull request; the sign-off stands in for it",
    "Maintenance window: none is waited for",
    "Freeze until 2027-01-02 00:00 UTC: year end",
)

RULES = EmergencyRules(sensitive=("prod/payments/*",), on_call="#on-call")


def request(**fields: Any) -> Any:
    """Scale `deployment/web` in prod, because checkout is down."""
    defaults: dict[str, Any] = {
        "environment": "prod",
        "risk_assessment": "critical",
        "justification": "Checkout answers with 503 since 09:10.",
        "criterion": Criterion.SERVICE_DOWN,
        "blast_radius": "All of checkout, for some seconds.",
        "incident_id": "INC-7",
    }
    return change_request(**{**defaults, **fields})


def lights(count: int, *, digest: str = DIGEST, by: str = REQUESTER) -> tuple[Light, ...]:
    """The first so many."""
    return tuple(
        Light(number=n, by=by, at=LIT_AT + timedelta(minutes=n - 1), digest=digest)
        for n in range(1, count + 1)
    )


def emergency(*states: State, lit: int | None = None, **progress: Any) -> Change:
    """An emergency that went through `states`, with `lit` lights passed: by default as many as its
    state asks for."""
    asked = LIGHTS if State.AWAITING_APPROVAL in states else 0
    fields: dict[str, Any] = {
        "request": request(),
        "lights": lights(asked if lit is None else lit),
        "bypassed": BYPASSED if states else (),
    }
    made = direct(*states, **{**fields, **progress})
    return made.model_copy(update={"path": Path.EMERGENCY})


def sensitive(*states: State, lit: int = 0) -> Change:
    """One that touches what the rules mark."""
    marked = target(namespace="payments")
    planned = PlannedObject(
        target=marked, action=ObjectAction.CHANGE, diff=DIFF, resource_version="1"
    )
    return emergency(
        *states,
        lit=lit,
        request=request(targets=(marked,), namespace="payments"),
        plan=plan(objects=(planned,)),
    )


def ways() -> dict[str, Change]:
    """By the name of their goldens."""
    waiting = Waiting(reason="the API server does not answer", since=NOW)
    return {
        "emergency_requested": emergency(due_at=NOW),
        "emergency_waiting": emergency(due_at=NOW, waiting=waiting),
        "emergency_light_1": emergency(*RED),
        "emergency_light_1_sensitive": sensitive(*RED),
        "emergency_light_2": emergency(*RED, lit=1),
        "emergency_light_3": emergency(*RED, lit=2),
        "emergency_sign_off": emergency(*LIT),
        "emergency_sign_off_half": emergency(*LIT, approvals=(approval(FIRST, at=LATER),)),
        "emergency_applying": emergency(
            *SIGNED, due_at=NOW, confirmed_by=FIRST, approvals=(approval(FIRST, at=LATER),)
        ),
        "emergency_validating": emergency(*ROLLED, due_at=NOW),
        "emergency_pr_open": emergency(*ASKING, pull_request=pull_request()),
        "emergency_expired": emergency(*LIT, State.EXPIRED),
        "emergency_undoing": emergency(*OWING, State.ROLLING_BACK, due_at=NOW),
        "emergency_undone": emergency(
            *OWING, State.ROLLING_BACK, State.RECONCILING, snapshot=SNAPSHOT, due_at=NOW
        ),
    }


def cards() -> dict[str, Card]:
    """Their cards, as the seniors see them."""
    return {
        name: card(change, sign_offs=2 if name.endswith("_half") else 1)
        for name, change in ways().items()
    }


def card(change: Change, now: datetime = LATER, **rules: Any) -> Card:
    """As the seniors of prod see it."""
    voters = electorate(FIRST, SECOND)
    place = voters.environment.model_copy(update={"emergency": RULES.model_copy(update=rules)})
    voters = voters.model_copy(update={"environment": place})
    return Card(change=change, environment=place, approval=explanation(change, voters, now))


def moved(change: Change, digest: str = "e" * 64) -> Change:
    """The same after its plan was made anew."""
    progress = change.progress.model_copy(update={"plan": plan(digest=digest)})
    return change.model_copy(update={"progress": progress})
