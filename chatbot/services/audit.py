"""What an auditor asks: is the log whole, and what is the whole story of one change?"""

from dataclasses import dataclass
from typing import Any

from chatbot.ports import Store

_MASK = "***"


@dataclass(frozen=True)
class Verification:
    """The answer to "can this log be trusted?"."""

    events: int
    """How many events hold, counted from the first."""
    broken: int | None
    """Sequence of the first event that does not hold; None: the log is whole."""
    sentence: str

    @property
    def holds(self) -> bool:
        """Whether every event that was written is there, unaltered and in order."""
        return self.broken is None


def verify(store: Store) -> Verification:
    """Walk the log from its first event to its last.

    What this proves: nobody altered, removed or moved a row. What it cannot prove alone: that
    nobody with write access to the file computed the whole chain and its head anew.
    """
    check = store.check_audit()
    if check.broken is None:
        noun = "event" if check.events == 1 else "events"
        sentence = f"{check.events} {noun}: the chain holds."
    else:
        sentence = f"The chain breaks at event {check.broken}. {check.reason}"
    return Verification(events=check.events, broken=check.broken, sentence=sentence)


def export(store: Store, number: int) -> dict[str, Any]:
    """The whole story of a change as JSON: `change` with its request and progress, `card`,
    `events` in order with their hashes, and `verification` of the log they stand in.

    Raises `NotFound`.
    """
    change = store.change(number)
    story = change.model_dump(mode="json")
    for entry in story["progress"]["snapshot"] or []:
        _mask_secret(entry["manifest"])
    card = store.card(number)
    verification = verify(store)
    return {
        "id": change.id,
        "change": story,
        "card": None if card.message is None else card.message.model_dump(mode="json"),
        "events": [event.model_dump(mode="json") for event in store.events(number)],
        "verification": {
            "holds": verification.holds,
            "events": verification.events,
            "broken": verification.broken,
            "sentence": verification.sentence,
        },
    }


def _mask_secret(manifest: dict[str, Any] | None) -> None:
    """Intake refuses Secrets; should one ever be in a snapshot, its values stay here."""
    if manifest is None or manifest.get("kind") != "Secret":
        return
    for field in ("data", "stringData"):
        manifest[field] = dict.fromkeys(manifest.get(field) or {}, _MASK)
