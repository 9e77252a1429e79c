"""The card's row of buttons: what can be done now."""

from collections.abc import Sequence

from chatbot.blocks.kit import Block, Element, actions, button, dialog
from chatbot.domain.change import Change, FieldConflict
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.offers import Offer, offers

LABELS: dict[Offer, str] = {
    Offer.CONFIRM: "Apply",
    Offer.CANCEL: "Cancel",
    Offer.UNDO: "Undo in the cluster",
    Offer.RETRY: "Retry",
    Offer.OPEN_BACKFILL: "Open pull request again",
    Offer.SHOW_DIFF: "Whole diff",
}


def buttons(change: Change) -> list[Block]:
    """A row of what can be done; its block id binds a click to the plan that stood above it."""
    digest = change.progress.plan.digest if change.progress.plan else ""
    row = [_button(offer, change) for offer in offers(change)]
    return [actions(row, f"decide:{digest}")] if row else []


def _button(offer: Offer, change: Change) -> Element:
    conflicts = change.progress.plan.conflicts if change.progress.plan else ()
    if offer is Offer.CONFIRM and conflicts:
        return button(
            "Take over and apply",
            offer.action_id,
            change.id,
            style="danger",
            confirm=dialog(
                "Take over these fields?",
                f"{_owners(conflicts)} will not expect this, and may set it back.",
                "Take over and apply",
                "Go back",
            ),
        )
    if offer is Offer.UNDO:
        return button(
            LABELS[offer],
            offer.action_id,
            change.id,
            style="danger",
            confirm=dialog(
                "Undo in the cluster?",
                "Everything this change touched is put back as it was before.",
                "Undo",
                "Go back",
            ),
        )
    style = "primary" if offer is Offer.CONFIRM else ""
    return button(LABELS[offer], offer.action_id, change.id, style=style)


def _owners(conflicts: Sequence[FieldConflict]) -> str:
    managers = sorted({conflict.manager for conflict in conflicts})
    return shorten(", ".join(managers), 200)
