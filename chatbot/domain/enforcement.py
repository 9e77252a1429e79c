"""What a policy's complaint does, in Gatekeeper's words."""

from enum import StrEnum


class Enforcement(StrEnum):
    """What a violation does to the change: stop it, or only tell."""

    DENY = "deny"
    WARN = "warn"
    DRYRUN = "dryrun"
