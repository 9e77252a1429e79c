"""What an emergency goes past, a plain sentence each, as it stands when the plan is made."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from chatbot.domain.change import Change, Path, format_change_id
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.environment import Environment
from chatbot.domain.freeze import Freeze
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.policy import Violation

_LONGEST = 300
_SHOWN_VIOLATIONS = 20
_POLICY = "Policy"
"""How every sentence about policy starts."""
_WARNS = f"{_POLICY} warns"
_MANY = 2


def review(environment: Environment) -> list[str]:
    """The pull request and the approval that an ordinary change would need here."""
    if environment.request_path is not Path.GITOPS:
        return []
    needed = environment.approvals
    approvals = "1 approval" if needed == 1 else f"{needed} approvals"
    return [
        "Pull request: Git gets it only afterwards",
        f"Review: {approvals} of a pull request; the sign-off stands in for it",
        "Maintenance window: none is waited for",
    ]


def sync_window(application: str, reasons: Iterable[str]) -> list[str]:
    """What keeps Argo CD from syncing an Application now."""
    return [_line(f"Sync window of Application {application}: {reason}") for reason in reasons]


def freezes(found: Sequence[Freeze]) -> list[str]:
    """The freezes in force."""
    return [_line(_freeze(freeze)) for freeze in found]


def _freeze(freeze: Freeze) -> str:
    end = f"{freeze.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if freeze.end else "it is lifted"
    why = f": {freeze.reason}" if freeze.reason else ""
    return f"Freeze until {end}{why}"


def held(environment: str, by: Sequence[int]) -> list[str]:
    """The changes that had to be taken back, and hold the environment since."""
    names = ", ".join(map(format_change_id, by))
    return [f"Hold: {environment} is held since {names} had to be taken back"] if by else []


def in_hand(others: Sequence[Change]) -> list[str]:
    """Other changes that have some of the objects."""
    return [f"{one.id} has the same objects in hand ({one.state.value})" for one in others]


def judged(violations: Sequence[Violation]) -> list[str]:
    """What policy says to the objects as they would be."""
    order = tuple(Enforcement)
    said = sorted(violations, key=lambda one: order.index(one.enforcement))
    told = [one for one in said if one.enforcement in (Enforcement.DENY, Enforcement.WARN)]
    if not told:
        return [f"{_POLICY}: no objection, as it stands now"]
    lines = [_violation(one) for one in told[:_SHOWN_VIOLATIONS]]
    left = len(told) - len(lines)
    return [*lines, *([f"{_POLICY}: {left} more findings"] if left else [])]


def _violation(one: Violation) -> str:
    verb = "denies" if one.enforcement is Enforcement.DENY else "warns"
    about = f" {one.kind.lower()}/{one.name}" if one.name else ""
    message = " ".join(one.message.split())
    return _line(f"{_POLICY} {verb}{about}: {message} ({one.policy})")


def not_looked_up(why: str) -> str:
    """The cluster repository's own policies are out of reach."""
    because = why.strip().rstrip(".")
    return _line(
        f"{_POLICY} could not be looked up ({because}); only the rules that ship were asked"
    )


def not_judged(why: str) -> str:
    """Nothing could be judged."""
    return _line(f"{_POLICY} could not be asked: {why.strip().rstrip('.')}")


def about_policy(bypassed: Iterable[str]) -> list[str]:
    """Those of the sentences that are about policy: they are shown at every light."""
    return [line for line in bypassed if line.startswith(_POLICY)]


def in_brief(bypassed: Iterable[str]) -> list[str]:
    """The same, with policy's warnings counted where there are several: they would not have stopped
    an ordinary change, and hide what would have."""
    lines = list(bypassed)
    denied = any(is_denial(line) for line in lines)
    warnings = [line for line in lines if is_warning(line)]
    if len(warnings) < _MANY:
        return lines
    rest = [line for line in lines if not is_warning(line)]
    return [*rest, f"{_POLICY}: {'' if denied else 'no denial, '}{len(warnings)} warnings"]


def is_denial(sentence: str) -> bool:
    """Whether a sentence about policy would have stopped an ordinary change."""
    return sentence.startswith(f"{_POLICY} denies")


def is_warning(sentence: str) -> bool:
    """Whether a sentence is one of policy's warnings."""
    return sentence.startswith(_WARNS)


def _line(text: str) -> str:
    return shorten(text, _LONGEST)
