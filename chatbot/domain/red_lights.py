"""The three red lights of an emergency: which were passed, what each says, which target has to be
typed. A light counts for one exact content, and only in its turn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from chatbot.domain.change import Change, Target
from chatbot.domain.emergency import LIGHTS, Light
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import duration, shorten
from chatbot.domain.story import headline

_LONGEST_WORDS = 2_000
"""Of one light's words in the audit log."""

NOTHING = "nothing that Redlight knows of"
"""Said where nothing is bypassed."""


@dataclass(frozen=True)
class Sensitive:
    """A target that the configuration marks, and by which pattern."""

    target: Target
    pattern: str


def typed_target(change: Change) -> str:
    """What the third light asks to be typed: `prod/shop/deployment/web`, and for several objects
    `prod/shop/3-objects`, with `*` for several namespaces."""
    request = change.request
    if len(request.targets) == 1:
        return _path(request.environment, request.targets[0])
    namespace = request.namespace or "*"
    return f"{request.environment}/{namespace}/{len(request.targets)}-objects"


def _path(environment: str, target: Target) -> str:
    parts = (environment, target.namespace, target.kind.lower(), target.name)
    return "/".join(part for part in parts if part)


def sensitive(change: Change, patterns: Iterable[str]) -> list[Sensitive]:
    """The targets that a pattern marks, each once."""
    found = []
    for target in change.request.targets:
        path = _path(change.request.environment, target)
        pattern = next((one for one in patterns if fnmatchcase(path, one)), None)
        if pattern is not None:
            found.append(Sensitive(target, pattern))
    return found


def passed(change: Change) -> tuple[Light, ...]:
    """The lights that the requester passed for what the plan says now, in their order: a light
    that was skipped leaves all that come after it red."""
    plan = change.progress.plan
    in_order: tuple[Light, ...] = ()
    for light in change.progress.lights:
        current = plan is not None and light.digest == plan.digest
        if current and light.by == change.requester and light.number == len(in_order) + 1:
            in_order = (*in_order, light)
    return in_order


def asked_at(change: Change) -> datetime | None:
    """When the seniors were asked: with the last light. None while a light is red."""
    lit = passed(change)
    return lit[-1].at if len(lit) == LIGHTS else None


def pass_by(change: Change, rules: EmergencyRules) -> datetime:
    """Until when the lights can be passed: an old plan is no ground to act on."""
    shown = [s.at for s in change.progress.steps if s.name == State.AWAITING_CONFIRMATION.value]
    return (shown[-1] if shown else change.updated_at) + rules.timeout


def out_of_turn(number: int, change: Change) -> str:
    """Why this light cannot be passed now although the change waits for its lights; follows a
    colon."""
    done = len(passed(change))
    if number <= done:
        following = f"light {done + 1} of {LIGHTS} is next"
        return f"light {number} was passed already; {following}."
    return f"the lights come one after the other; light {done + 1} of {LIGHTS} is next."


def owed(rules: EmergencyRules) -> str:
    """What breaking the glass costs, as a sentence."""
    return (
        f"In return you owe a postmortem within {_hours(rules.postmortem_within.total_seconds())} "
        f"and Git reconciliation within {_hours(rules.reconciliation_within.total_seconds())}. "
        "Both will be chased."
    )


def _hours(seconds: float) -> str:
    """`24 h`, and not `1 d`: that is how these terms are spoken of."""
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours == int(hours) else duration(seconds)


def words(number: int, change: Change, rules: EmergencyRules) -> str:
    """What a light said to whoever passed it, for the audit log."""
    match number:
        case 1:
            text = (
                f"You are about to change {change.request.environment} directly: "
                f"{headline(change)}. Who feels it: {change.request.blast_radius}"
            )
        case 2:
            bypassed = "; ".join(change.progress.bypassed) or NOTHING
            text = f"You are bypassing: {bypassed}. {owed(rules)}"
        case _:
            text = f"Type the target to go on: {typed_target(change)}"
    return shorten(text, _LONGEST_WORDS)
