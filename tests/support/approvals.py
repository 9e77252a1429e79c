"""A prod change that waits for approval, and those who may give it."""

from datetime import datetime, timedelta
from typing import Any

from chatbot.domain.approval import Electorate
from chatbot.domain.approval_line import explanation
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.change import Failure as Failed
from chatbot.domain.delegation import Delegation
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.lifecycle import State
from chatbot.domain.person import Person
from chatbot.domain.review import Approval, ApprovedWith, Author, Review
from chatbot.domain.review_text import failure_of
from tests.support import reviews
from tests.support.builders import NOW, change_request
from tests.support.cards import DIGEST, MERGED, direct, environment, plan, pull_request, steps

ASKED_AT = NOW + timedelta(minutes=2)
WAY = (State.PR_OPEN, State.AWAITING_APPROVAL)
FIRST, SECOND, THIRD = "U0FIRST", "U0SECOND", "U0THIRD"
"""Seniors."""
PEER = "U0PEER"
"""A full member and no senior."""
ANYBODY = "those who may request changes"
LATER = NOW + timedelta(minutes=20)


def review(**fields: Any) -> Review:
    """Of a pull request in which nobody but Redlight wrote a commit."""
    defaults: dict[str, Any] = {
        "head_sha": "a" * 40,
        "base_sha": "b" * 40,
        "policy_revision": "p" * 40,
        "objects": 4,
        "asked_at": ASKED_AT,
    }
    return Review(**{**defaults, **fields})


def awaiting(*states: State, authors: tuple[Author, ...] = (), **progress: Any) -> Change:
    """A change to prod that went through `states` (by default: it waits for approval)."""
    went = states or WAY
    fields: dict[str, Any] = {
        "plan": plan(),
        "pull_request": pull_request(),
        "review": review(authors=authors),
        "steps": steps(*went),
        "snapshot": None,
        "request": change_request(environment="prod", risk_assessment="critical"),
    }
    return direct(*went, **{**fields, **progress}).model_copy(update={"path": Path.GITOPS})


def approval(user: str = FIRST, **fields: Any) -> Approval:
    """A yes to what the plan says."""
    defaults: dict[str, Any] = {"user": user, "digest": DIGEST, "at": NOW + timedelta(minutes=9)}
    return Approval(**{**defaults, **fields})


def person(user: str, **flags: bool) -> Person:
    """A full member of the workspace, unless a flag says otherwise."""
    return Person(id=user, name=user.lower(), email=f"{user.lower()}@example.com", **flags)


def delegation(
    senior: str = FIRST, delegate: str = PEER, until: datetime = NOW + timedelta(days=1)
) -> Delegation:
    """From an hour ago."""
    return Delegation(senior=senior, delegate=delegate, since=NOW - timedelta(hours=1), until=until)


def electorate(
    *seniors: str, class_: EnvironmentClass = EnvironmentClass.PROD, **fields: Any
) -> Electorate:
    """The seniors of prod, whose GitHub logins are known."""
    voters = seniors or (FIRST, SECOND, THIRD)
    rules = {
        name: fields.pop(name)
        for name in ("approvals", "approval_timeout", "rules")
        if name in fields
    }
    defaults: dict[str, Any] = {
        "environment": environment(class_, **rules),
        "voters": frozenset(voters),
        "named": "@platform-seniors",
        "persons": {user: person(user) for user in (*voters, PEER)},
        "logins": {user: frozenset({f"octo-{user.lower()}"}) for user in (*voters, PEER)},
    }
    return Electorate(**{**defaults, **fields})


def gitops_cards() -> dict[str, Card]:
    """Cards about approval, by the name of their goldens."""
    half = awaiting(approvals=(approval(FIRST),))
    anew = awaiting(approvals=(approval(FIRST, digest="older"),))
    why, remedy = failure_of(reviews.DENIED)
    stopped = Failed(sentence=why, remedy=remedy, at=LATER)
    no = Failed(sentence="senior-one said no: the quota is full.", at=LATER)
    return {
        "awaiting_approval": asked(awaiting(), electorate()),
        "awaiting_approval_half": asked(
            half, electorate(approvals=2, delegations=(delegation(SECOND),))
        ),
        "awaiting_approval_anew": asked(anew, electorate()),
        "awaiting_approval_staging": asked(
            awaiting(request=change_request(environment="staging")),
            electorate(class_=EnvironmentClass.STAGING, voters=None, named=ANYBODY),
        ),
        "stopped_by_policy": asked(
            awaiting(*WAY[:1], State.BLOCKED, failure=stopped, review=reviews.DENIED), electorate()
        ),
        "awaiting_approval_covering": asked(
            awaiting(review=review(rollback_for=timedelta(hours=4))), electorate()
        ),
        "approved_with": asked(
            awaiting(
                *WAY,
                State.SCHEDULED,
                request=change_request(
                    environment="prod", operation="rollback", replicas=None, rolls_back=11
                ),
                review=review(approved_with=ApprovedWith(change=11, by=(FIRST,), until=LATER)),
            ),
            electorate(),
        ),
        "rejected": asked(awaiting(*WAY, State.REJECTED, failure=no), electorate()),
        **{name: asked(change, electorate()) for name, change in ways_back().items()},
    }


def ways_back() -> dict[str, Change]:
    """A merged change that does not work, at each point of its way back."""
    merged = (*WAY, State.SCHEDULED, State.SYNCING, State.VALIDATING)
    why = "Argo CD calls Application prod Degraded"
    because = Failed(sentence=why, at=LATER)
    stuck = Failed(
        sentence="What this changed was changed again since: environments/prod/web.yaml line 9.",
        remedy="Take back the later change first, or take this one back by hand.",
        at=LATER,
    )
    back = pull_request(number=215, url="https://github.example/acme/cluster-config/pull/215")
    progress: dict[str, Any] = {"pull_request": MERGED, "failure": because, "revert_because": why}
    rolling, held = (*merged, State.ROLLING_BACK), (*merged, State.ROLLING_BACK, State.HELD)
    return {
        "not_healthy": awaiting(*merged, **progress),
        "taking_back": awaiting(*rolling, **progress, revert=back, due_at=LATER),
        "taking_back_stuck": awaiting(*rolling, **{**progress, "failure": stuck}),
        "held": awaiting(*held, **progress, revert=back),
        "taken_back": awaiting(*held, State.ROLLED_BACK, **progress, revert=back),
    }


def asked(change: Change, voters: Electorate) -> Card:
    """The card of a change, as these voters see it."""
    line = explanation(change, voters, LATER)
    return Card(change=change, environment=voters.environment, approval=line)
