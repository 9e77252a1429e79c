"""What policies judge and what they answer, whatever engine runs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chatbot.domain.enforcement import Enforcement
from chatbot.domain.manifest import Manifest

MAX_OBJECTS: Final = 2_000
"""Objects judged in one run."""
MAX_OBJECT_BYTES: Final = 1_048_576
"""Of one object as JSON."""
MAX_MESSAGE: Final = 2_000
"""Characters of one message."""
MAX_MESSAGES: Final = 50
"""Messages of one policy about one object."""


@dataclass(frozen=True)
class Violation:
    """One policy's complaint about one object. The object's fields are empty when the policy
    itself is broken."""

    policy: str
    kind: str
    namespace: str
    name: str
    message: str
    enforcement: Enforcement

    def as_json(self) -> dict[str, str]:
        """All fields as text."""
        return {
            "policy": self.policy,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "message": self.message,
            "enforcement": self.enforcement.value,
        }


@dataclass(frozen=True)
class Subject:
    """An object to judge, and how it comes into the cluster."""

    object: Manifest
    old_object: Manifest | None = None
    operation: str = "CREATE"
    user: Mapping[str, Any] = field(default_factory=dict)
    """Of an admission request: `username`, `groups`, `uid`."""


def denies(violations: Iterable[Violation]) -> bool:
    """Whether any of them stops the change."""
    return any(one.enforcement is Enforcement.DENY for one in violations)


def about(
    subject: Manifest | None, policy: str, message: str, enforcement: Enforcement
) -> Violation:
    """A violation by an object; None: by no object, the policy itself is broken."""
    metadata = as_mapping((subject or {}).get("metadata"))
    return Violation(
        policy=policy,
        kind=text_of((subject or {}).get("kind")),
        namespace=text_of(metadata.get("namespace")),
        name=text_of(metadata.get("name") or metadata.get("generateName")),
        message=message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…",
        enforcement=enforcement,
    )


def group_version(api_version: str) -> tuple[str, str]:
    """`apps/v1` as group and version; the core group is empty."""
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)


def as_mapping(value: Any) -> dict[str, Any]:
    """The mapping, or an empty one for anything else a person may have written there."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """The text, or nothing for anything else."""
    return value if isinstance(value, str) else ""
