"""Breaking the glass: asking for an emergency, and its red lights.

Each light is an act of its own of the requester, for the exact content above the button, in its
turn, and recorded with the words that it said. Every refusal is recorded, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chatbot.domain import red_lights
from chatbot.domain import story_break_glass as story
from chatbot.domain.change import Change, Path
from chatbot.domain.emergency import LIGHTS, Light
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, Refused
from chatbot.domain.form import Form
from chatbot.domain.lifecycle import Event
from chatbot.domain.offers import Offer, touched
from chatbot.domain.permission import Actor
from chatbot.services.decisions import Decisions
from chatbot.services.filing import file_request
from chatbot.services.intake import Intake
from chatbot.services.ledger import Ledger
from chatbot.services.people import People

_BUTTONS = {1: Offer.RED_LIGHT_1, 2: Offer.RED_LIGHT_2}


@dataclass(frozen=True)
class BreakGlass:
    """The use cases behind `/breakglass` and the three lights."""

    ledger: Ledger
    people: People
    intake: Intake
    environments: Mapping[str, Environment]
    decisions: Decisions

    def welcome(self, user: str) -> None:
        """Raise `Refused` before a form is filled in if this user may not request changes."""
        with self.decisions.recorded(None, user, "break_glass"):
            self.people.refuse_unless_requester(user)

    def submit(self, user: str, submission: str, form: Form) -> Change:
        """A submitted form becomes an emergency. Raises `Refused` or `InvalidInput`; then nothing
        is stored. The same `submission` twice makes one."""
        self.welcome(user)
        request = self.intake.read_emergency(form)
        return file_request(
            self.decisions, self.environments, user, submission, request, path=Path.EMERGENCY
        )

    def pass_light(self, user: str, number: int, light: int, seen_digest: str) -> Change:
        """The requester has read light 1 or 2. `seen_digest` is of the plan that stood above the
        button. The second, pressed once more, stays passed: its form is opened again."""

        def lit(change: Change) -> Change:
            self._refuse_other_content(change, seen_digest)
            if light <= len(red_lights.passed(change)):
                return change
            return self.ledger.note(
                change,
                f"red_light.{light}",
                actor=user,
                data=self._said(light, change),
                notices=story.passed(change, light),
                due_in=self._time_left(change),
                lights=self._with(light, change, user),
            )

        return self.decisions.take(user, number, _BUTTONS[light], self._somebody, lit)

    def type_target(self, user: str, number: int, seen_digest: str, typed: str) -> Change:
        """The third light: the exact target, typed. The seniors are asked from here on. Raises
        `InvalidInput` for another target."""

        def lit(change: Change) -> Change:
            self._refuse_other_content(change, seen_digest)
            wanted = red_lights.typed_target(change)
            if typed.strip() != wanted:
                sentence = f"This is not the target. Type exactly {wanted}"
                self.ledger.refuse(number, user, Offer.RED_LIGHT_TYPED.name.lower(), sentence)
                raise InvalidInput({"confirmation": sentence})
            return self.ledger.advance(
                change,
                Event.APPROVED,
                f"red_light.{LIGHTS}",
                actor=user,
                data={**self._said(LIGHTS, change), "typed": wanted},
                notices=story.passed(change, LIGHTS),
                lights=self._with(LIGHTS, change, user),
            )

        return self.decisions.take(user, number, Offer.RED_LIGHT_TYPED, self._somebody, lit)

    def _refuse_other_content(self, change: Change, seen_digest: str) -> None:
        plan = change.progress.plan
        if plan is None or plan.digest != seen_digest:
            raise Refused(
                f"{change.id} is not what this light was shown for any more. "
                "Look at its card, and pass the lights that it shows now."
            )

    def _with(self, light: int, change: Change, user: str) -> tuple[Light, ...]:
        plan = change.progress.plan
        digest = plan.digest if plan else ""
        lit = Light(number=light, by=user, at=self.ledger.clock.now(), digest=digest)
        return (*change.progress.lights, lit)

    def _said(self, light: int, change: Change) -> dict[str, Any]:
        rules = self.environments[change.request.environment].emergency
        digest = change.progress.plan.digest if change.progress.plan else ""
        return {"digest": digest, "words": red_lights.words(light, change, rules)}

    def _time_left(self, change: Change) -> timedelta | None:
        """The lights do not last longer for being looked at."""
        if touched(change):
            return None
        rules = self.environments[change.request.environment].emergency
        return red_lights.pass_by(change, rules) - self.ledger.clock.now()

    def _somebody(self, user: str, _: Change) -> Actor:
        return Actor(person=self.people.person(user), is_senior=self.people.is_senior(user))
