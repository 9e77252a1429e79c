"""What can go wrong, as a caller must tell it apart.

Adapters translate SDK errors into `RetryLater` or `Permanent` (`raise … from error`); the domain
and the services raise `Refused` and `InvalidInput`. Nothing else crosses a port on purpose, and
nothing is swallowed.
"""

from collections.abc import Mapping
from datetime import timedelta


class RedlightError(Exception):
    """Every error that Redlight raises on purpose; `str(error)` is a sentence for a person."""


class RetryLater(RedlightError):
    """The outside system is down, slow, limited or busy; the same call may work later.

    `after` is how long the system asked us to stay away (Retry-After), if it did.
    """

    def __init__(self, sentence: str, *, after: timedelta | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class Permanent(RedlightError):
    """Trying again changes nothing until a person acts; `remedy` is what they can do."""

    def __init__(self, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence)
        self.remedy = remedy


class NotFound(Permanent):
    """The object, file, branch or message that was named is not there."""


class Closed(Permanent):
    """Somebody put away for good what we write to: a channel that is archived."""


class Forbidden(Permanent):
    """We lack a right, which `remedy` names."""


class Unreadable(Permanent):
    """What stands in Git cannot be read or rendered; only another commit mends it."""


class Conflict(Permanent):
    """Somebody else changed or owns what we wanted to change.

    `owners` maps a field path (`.spec.replicas`) to the field manager that owns it, when the
    conflict is one of server-side apply.
    """

    def __init__(
        self, sentence: str, *, remedy: str = "", owners: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence, remedy=remedy)
        self.owners = dict(owners or {})


class Refused(RedlightError):
    """A person may not do this now; the sentence says why and what they can do instead."""


class InvalidInput(RedlightError):
    """What a person typed does not hold; `fields` maps a field's name to one clear sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()))
        self.fields = dict(fields)


class InvalidTransition(RedlightError):
    """The lifecycle table has no row for this pair of state and event."""


class StaleChange(RedlightError):
    """The row moved on since it was read; read it again and decide anew."""


class ConfigError(RedlightError):
    """The configuration cannot be used; the message names the file and the line."""
