"""Approvals over a real store, with a prod change that waits, and everybody who may or may not."""

from datetime import timedelta
from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change, Path
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import State
from chatbot.domain.person import Person
from chatbot.services.approvals import Approvals
from chatbot.services.decisions import Decisions
from chatbot.services.delegations import Delegations
from chatbot.services.electorates import Electorates
from chatbot.services.freezes import Freezes
from chatbot.services.ledger import Ledger
from chatbot.services.people import People
from chatbot.services.voices import Voices
from tests.support import builders
from tests.support.approvals import review
from tests.support.cards import DIGEST, plan, pull_request
from tests.support.store import move
from tests.unit.services.parts import Hand, Slack, environment

FIRST, SECOND, PEER = "U2", "U3", "U1"
GUEST, STRANGER, GONE, BOT = "UGUEST", "USTRANGER", "UGONE", "UBOT"
FLAGS = {GUEST: "is_guest", STRANGER: "is_stranger", GONE: "is_deactivated", BOT: "is_bot"}


class Council:
    """The use cases, and what they woke. `people` are `People`'s lists, `prod` the fields of the
    environment that differ from the class's."""

    def __init__(
        self,
        store: SqliteStore,
        clock: Hand,
        slack: Slack,
        *,
        people: dict[str, Any] | None = None,
        **prod: Any,
    ) -> None:
        for user, flag in FLAGS.items():
            slack.persons[user] = Person(
                id=user, name=user, email=f"{user.lower()}@example.com", **{flag: True}
            )
        slack.groups["@platform-seniors"] = frozenset({FIRST, SECOND, *FLAGS})
        self.slack, self.clock, self.store = slack, clock, store
        self.ledger = Ledger(store, clock)
        self.people = People(slack, clock, **{"seniors": ["@platform-seniors"], **(people or {})})
        self.environments: dict[str, Environment] = {
            "prod": environment("prod", "prod", **prod),
            "staging": environment("staging", "staging", **prod),
        }
        self.electorates = Electorates(store, self.people, self.environments)
        self.woken: list[int] = []
        self.shown: list[int] = []
        self.freezes = Freezes(store, self.ledger, self.people, self.environments, ())
        decisions = Decisions(
            store, self.ledger, self.woken.append, self.shown.append, self.freezes.blocking
        )
        voices = Voices(self.ledger, self.people, self.electorates)
        self.approvals = Approvals(self.ledger, self.people, self.electorates, voices, decisions)
        self.delegations = Delegations(store, self.ledger, self.people, decisions)

    def change(
        self, state: State = State.AWAITING_APPROVAL, place: str = "prod", **progress: Any
    ) -> Change:
        """A change on the gitops path in that state, asked about just now."""
        request = builders.change_request(environment=place)
        new = builders.new_change(request, path=Path.GITOPS)
        made = self.store.create_change(new, builders.entry(at=self.clock.now()))
        kept = made.progress.model_copy(
            update={
                "plan": plan(),
                "pull_request": pull_request(),
                "review": review(asked_at=self.clock.now()),
                **progress,
            }
        )
        return move(self.store, made, state, progress=kept, due_at=None)

    def approve(self, user: str, change: Change, digest: str = DIGEST) -> Change:
        return self.approvals.approve(user, change.number, digest)

    def reject(self, user: str, change: Change, reason: str = "no") -> Change:
        return self.approvals.reject(user, change.number, reason)

    def kinds(self, change: Change) -> list[str]:
        return [event.entry.kind for event in self.store.events(change.number)]

    def refusals(self, change: Change | None = None) -> list[tuple[str, str]]:
        return [
            (event.entry.actor, event.entry.data["action"])
            for event in self.store.events(change.number if change else None)
            if event.entry.kind == "request.refused"
        ]

    def told(self, change: Change) -> dict[str, str]:
        """By key: what is to be said, and to whom."""
        return {
            delivery.notice.key: f"{delivery.notice.user}: {delivery.notice.text}"
            for delivery in self.store.pending_notices(change.number)
        }

    def lend(self, senior: str, to: str, hours: float = 24) -> None:
        self.delegations.delegate(senior, to, timedelta(hours=hours))
