"""What people do with changes: request, confirm, take back, try again, look.

Each call checks permission in one place, records its event with the state it leads to, and wakes
the reconciler; nothing long happens here. Every refusal is recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.domain import story, story_gitops
from chatbot.domain.change import Change, Path, parse_change_id
from chatbot.domain.environment import Environment
from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.form import Form, closed
from chatbot.domain.freeze import LONGEST_REASON
from chatbot.domain.lifecycle import Event, allows
from chatbot.domain.line import behind
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.offers import Offer, deploys, offers
from chatbot.domain.permission import Actor, permit
from chatbot.domain.review import Skip
from chatbot.ports import Store
from chatbot.services.decisions import Decisions
from chatbot.services.filing import file_request
from chatbot.services.intake import Intake
from chatbot.services.ledger import AT_ONCE, Ledger
from chatbot.services.people import People


def _owes_nothing(_user: str, _environment: str) -> None:
    """Nobody is in debt where nobody counts what is owed."""


@dataclass(frozen=True)
class Requests:
    """The use cases behind commands, modals and buttons."""

    store: Store
    ledger: Ledger
    people: People
    intake: Intake
    environments: Mapping[str, Environment]
    decisions: Decisions
    refuse_debtor: Callable[[str, str], None] = _owes_nothing
    """Raises `Refused` for a user whose overdue debt comes before a new change to an
    environment."""

    def welcome(self, user: str, environment: str = "") -> None:
        """Raise `Refused` before a form is filled in if this user may not request changes, or if
        nothing can be requested in the environment that was named."""
        with self.decisions.recorded(None, user, "request"):
            self.people.refuse_unless_requester(user)
            named = self.environments.get(environment)
            if named and (because := closed(named)):
                raise Refused(because)
            self.refuse_debtor(user, environment)

    def submit(self, user: str, submission: str, form: Form) -> Change:
        """A submitted form becomes a change. Raises `Refused` or `InvalidInput`; then nothing is
        stored. The same `submission` twice makes one change."""
        with self.decisions.recorded(None, user, "request"):
            person = self.people.refuse_unless_requester(user)
            self.refuse_debtor(user, form.environment)
        request = self.intake.read(form, person.time_zone)
        return file_request(self.decisions, self.environments, user, submission, request)

    def confirm(self, user: str, number: int, seen_digest: str) -> Change:
        """The requester has seen the diff and wants it. `seen_digest` is of the plan that stood
        above the button; empty when the button did not carry one."""

        def confirmed(change: Change) -> Change:
            plan = change.progress.plan
            if plan is None or (seen_digest and plan.digest != seen_digest):
                raise Refused(
                    f"The diff of {change.id} changed after this card was drawn. "
                    "Look at the new one, then confirm again."
                )
            force = bool(plan.conflicts)
            return self.ledger.advance(
                change,
                Event.CONFIRMED,
                "change.confirmed",
                actor=user,
                data={"digest": plan.digest, "force": force},
                notices=story.confirmed(change, user, force=force),
                confirmed_digest=plan.digest,
                confirmed_by=user,
                force=force,
            )

        return self._act(user, number, Offer.CONFIRM, confirmed)

    def take_back(self, user: str, number: int) -> Change:
        """Cancel what has not touched the cluster; undo what has."""
        offered = offers(self.store.change(number))
        if Offer.UNDO in offered:
            return self._act(user, number, Offer.UNDO, lambda change: self._undo(user, change))
        return self._act(user, number, Offer.CANCEL, lambda change: self._cancel(user, change))

    def retry(self, user: str, number: int) -> Change:
        """Try again what stands still."""

        def retried(change: Change) -> Change:
            if deploys(change):
                return self._sync_anew(user, change)
            if allows(change.state, Event.RETRIED):
                return self.ledger.advance(
                    change, Event.RETRIED, "change.retried", actor=user, plan=None
                )
            return self.ledger.note(change, "step.retried", actor=user, failure=None)

        return self._act(user, number, Offer.RETRY, retried)

    def go_ahead(self, user: str, number: int, reason: str) -> Change:
        """The requester says why the change need not have been in the environment ahead: of this
        content, and no other."""
        because = shorten(" ".join(reason.split()), LONGEST_REASON)

        def skipped(change: Change) -> Change:
            content = change.progress.review.content if change.progress.review else ""
            now = self.ledger.clock.now()
            return self.ledger.advance(
                change,
                Event.OUTDATED,
                "promotion.skipped",
                actor=user,
                data={"because": because, "content": content},
                notices=story_gitops.sent_ahead(change, user, because),
                promotion_skip=Skip(content=content, by=user, at=now, reason=because),
            )

        return self._act(user, number, Offer.GO_AHEAD, skipped)

    def open_backfill(self, user: str, number: int) -> Change:
        """Ask Git again, after the pull request was closed or Git turned out to differ."""

        def reopened(change: Change) -> Change:
            return self.ledger.note(
                change,
                "backfill.asked_again",
                actor=user,
                pull_request=None,
                divergence="",
                failure=None,
            )

        return self._act(user, number, Offer.OPEN_BACKFILL, reopened)

    def see(self, user: str, number: int) -> Change:
        """A change to look at. Raises `NotFound` and `Refused`."""
        change = self.store.change(number)
        with self.decisions.recorded(number, user, "see"):
            if Offer.SHOW_DIFF in offers(change):
                permit(Offer.SHOW_DIFF, self._actor(user, change), change, self.ledger.clock.now())
            else:
                self.people.refuse_unless_counted(user)
        return change

    def listed(self, user: str, words: str) -> list[Change]:
        """At most ten changes: `mine`, `open` (the default), an environment's, or those that
        hold the words. Of an environment also those that stand in line there."""
        match words.strip().lower():
            case "" | "open":
                return self.store.changes(open_only=True)
            case "mine":
                return self.store.changes(requester=user)
            case name if name in self.environments:
                return self._of_environment(name)
            case _:
                return self.store.changes(text=words.strip())

    def named(self, user: str, change_id: str, action: str) -> int:
        """The number of the change that a button or a command names. What names none is refused,
        and recorded: no card has such a button."""
        with self.decisions.recorded(None, user, action):
            number = parse_change_id(change_id)
            if number is None:
                raise Refused(
                    "This button names no change. Use the buttons of the change's own card."
                )
            try:
                return self.store.change(number).number
            except NotFound as error:
                raise Refused(f"{error} `/change list` shows those that are open.") from error

    def _of_environment(self, name: str) -> list[Change]:
        """The newest; those that have waited longest in line, and those that they wait behind."""
        found = {change.number: change for change in self.store.changes(environment=name)}
        for change in self.store.waiting_in_line(name):
            found[change.number] = change
            for number in behind(change):
                found.setdefault(number, self.store.change(number))
        return list(found.values())

    def _sync_anew(self, user: str, change: Change) -> Change:
        """Argo CD is told once more, and has as much time for it as for the first try."""
        attempt = change.progress.sync_attempt + 1
        fields: dict[str, Any] = {
            "actor": user,
            "data": {"attempt": attempt},
            "sync_attempt": attempt,
            "sync_asked_at": self.ledger.clock.now(),
            "settling": {},
            "rollout": (),
            "failure": None,
        }
        if allows(change.state, Event.RETRIED):
            return self.ledger.advance(change, Event.RETRIED, "sync.asked_again", **fields)
        return self.ledger.note(change, "sync.asked_again", **fields)

    def _undo(self, user: str, change: Change) -> Change:
        failure = change.progress.failure
        # What is taken out of Git again says there why.
        because = failure.sentence if failure and change.path is Path.GITOPS else ""
        return self.ledger.advance(
            change,
            Event.ROLLBACK_STARTED,
            "red_light.undo" if change.path is Path.EMERGENCY else "rollback.started",
            actor=user,
            data={"because": "asked for"},
            notices=story.undo_started(change, user),
            failure=failure,
            revert_because=because,
        )

    def _cancel(self, user: str, change: Change) -> Change:
        return self.ledger.advance(
            change,
            Event.CANCELLED,
            "change.cancelled",
            actor=user,
            notices=story.cancelled(change, user),
            due_in=AT_ONCE if change.progress.pull_request else None,
        )

    def _act(
        self, user: str, number: int, offer: Offer, effect: Callable[[Change], Change]
    ) -> Change:
        return self.decisions.take(user, number, offer, self._actor, effect)

    def _actor(self, user: str, _: Change) -> Actor:
        return Actor(person=self.people.person(user), is_senior=self.people.is_senior(user))
