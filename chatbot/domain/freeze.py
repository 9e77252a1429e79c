"""Freezes: times when nothing is changed in some environments or in all, and who was let through.

One comes from `[[freezes]]` of the configuration or from `/change freeze`. What it stops stands in
`domain.frozen`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.mrkdwn import code, escape, mention, moment, shorten

ALL = "all"
"""In place of an environment's name: every environment."""

LONGEST_REASON = 300

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_NEVER = datetime.max.replace(tzinfo=UTC)


class Phase(StrEnum):
    """How far a freeze is at some moment."""

    AHEAD = "ahead"
    BEGUN = "begun"
    OVER = "over"


class Freeze(BaseModel):
    """Nothing is changed from `start` until before `end`."""

    model_config = _FROZEN

    id: str
    environments: tuple[str, ...]
    """Names; empty: every environment."""
    start: AwareDatetime
    end: AwareDatetime | None
    """None: until somebody lifts it."""
    reason: str
    """As it was typed; may be empty."""
    by: str
    """Slack user id; empty: the configuration says so."""

    def concerns(self, environment: str) -> bool:
        """Whether it is about this environment."""
        return not self.environments or environment in self.environments

    def phase(self, now: datetime) -> Phase:
        """Where it stands now."""
        if self.end is not None and self.end <= now:
            return Phase.OVER
        return Phase.BEGUN if self.start <= now else Phase.AHEAD


@dataclass(frozen=True)
class KnownFreeze:
    """A freeze as it is stored."""

    freeze: Freeze
    shown: Phase
    """The phase that cards and channels were told last."""
    lifted_by: str
    """Who ended it before its time; empty: nobody did."""


class Exemption(BaseModel):
    """One change that a senior let through one freeze."""

    model_config = _FROZEN

    freeze: str
    """The freeze's id: another freeze stops the change all the same."""
    by: str
    """Slack user id."""
    at: AwareDatetime
    reason: str


def in_force(freezes: Iterable[Freeze], environment: str, now: datetime) -> tuple[Freeze, ...]:
    """The freezes that stop changes of an environment now, the one that lasts longest first."""
    ours = (
        freeze
        for freeze in freezes
        if freeze.concerns(environment) and freeze.phase(now) is Phase.BEGUN
    )
    return tuple(sorted(ours, key=lambda freeze: freeze.end or _NEVER, reverse=True))


def announcement(freeze: Freeze, environment: str = "") -> str:
    """What is frozen, until when, why and says who, as mrkdwn that starts in small letters. It
    speaks of one environment, or of all that the freeze names."""
    names = (environment,) if environment and freeze.environments else freeze.environments
    verb = "are" if len(names) > 1 else "is"
    what = f"{' and '.join(map(escape, names)) or 'every environment'} {verb}"
    until = f"until {moment(freeze.end)}" if freeze.end else "until somebody lifts it"
    reason = escape(shorten(freeze.reason.rstrip(". "), LONGEST_REASON)).replace("`", "'")
    why = f", because {reason}" if reason else ""
    who = mention(freeze.by) if freeze.by else code("redlight.toml")
    return f"{what} frozen {until}{why} (says {who})."


def begun(freeze: Freeze) -> str:
    """For whom it concerns, when it begins."""
    return f"❄ {announcement(freeze)} What is being applied finishes; nothing else starts."


def over(freeze: Freeze, lifted_by: str, still: Freeze | None) -> str:
    """For whom it concerned, when it ends; `still` is a freeze that lasts there."""
    where = " and ".join(map(escape, freeze.environments)) or "every environment"
    how = f"was lifted by {mention(lifted_by)}" if lifted_by else "is over"
    then = f"Still, {announcement(still)}" if still else "What waited for it goes on."
    return f"The freeze of {where} {how}. {then}"


def sentence(freeze: Freeze, environment: str, change_id: str) -> str:
    """The announcement, and how to ask for an exception for one change."""
    return f"{announcement(freeze, environment)} {how_to_ask(change_id)}"


def how_to_ask(change_id: str) -> str:
    """Who can let a change through, and with what words."""
    command = code(f"/change exempt {change_id} because …")
    return f"A senior can let {change_id} through: {command}."


def how_to_lift(freeze: Freeze) -> str:
    """What ends a freeze before its time."""
    if not freeze.by:
        where = f"It stands under {code('[[freezes]]')} of {code('redlight.toml')}"
        return f"{where}; a platform owner can take it out there and start Redlight anew."
    named = freeze.environments[0] if freeze.environments else ALL
    return f"A senior or a manager lifts it: {code(f'/change unfreeze {named}')}."
