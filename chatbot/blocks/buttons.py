"""The card's row of buttons: what can be done now."""

from collections.abc import Sequence

from chatbot.blocks import red_lights
from chatbot.blocks.kit import Block, Element, actions, button, dialog
from chatbot.domain.card import Card
from chatbot.domain.change import Change, FieldConflict, Path
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.mrkdwn import shorten
from chatbot.domain.offers import Offer, offers
from chatbot.domain.red_lights import passed
from chatbot.domain.story import headline

_HEADLINE_LENGTH = 120
LABELS: dict[Offer, str] = {
    Offer.CONFIRM: "Apply",
    Offer.RED_LIGHT_1: "I understand what will happen",
    Offer.RED_LIGHT_2: "I take this on",
    Offer.SIGN_OFF: "Authorize emergency change",
    Offer.APPROVE: "Approve",
    Offer.REJECT: "Reject…",
    Offer.RELEASE: "Release",
    Offer.CANCEL: "Cancel",
    Offer.UNDO: "Undo in the cluster",
    Offer.RETRY: "Retry",
    Offer.OPEN_BACKFILL: "Open pull request again",
    Offer.SHOW_DIFF: "Whole diff",
}


def label_of(offer: Offer, change: Change) -> str:
    """What the button says; it undoes a change where that was made first."""
    match offer:
        case Offer.UNDO if change.path is Path.GITOPS:
            return "Take it back"
        case Offer.REJECT if change.path is Path.EMERGENCY:
            return "Refuse…"
        case Offer.RED_LIGHT_2 if len(passed(change)) > 1:
            return "Type the target…"
    return LABELS[offer]


def buttons(card: Card) -> list[Block]:
    """A row of what can be done; its block id binds a click to the plan that stood above it."""
    change = card.change
    digest = change.progress.plan.digest if change.progress.plan else ""
    row = [_button(offer, card) for offer in offers(change) if offer in LABELS]
    return [actions(row, f"decide:{digest}")] if row else []


def _button(offer: Offer, card: Card) -> Element:
    conflicts = card.change.progress.plan.conflicts if card.change.progress.plan else ()
    label, style, question = label_of(offer, card.change), "", None
    match offer:
        case Offer.CONFIRM if conflicts:
            label, style, question = "Take over and apply", "danger", _take_over(conflicts)
        case Offer.CONFIRM:
            style = "primary"
        case Offer.RED_LIGHT_1 | Offer.RED_LIGHT_2:
            style = "danger"
        case Offer.SIGN_OFF:
            style, question = "danger", red_lights.authorize(card)
        case Offer.UNDO:
            style, question = "danger", _undo(card)
        case Offer.APPROVE:
            in_production = card.environment.class_ is EnvironmentClass.PROD
            style, question = "primary", _approve(card) if in_production else None
        case Offer.RELEASE:
            style, question = "primary", _release(card)
    return button(label, offer.action_id, card.change.id, style=style, confirm=question)


def _take_over(conflicts: Sequence[FieldConflict]) -> Block:
    managers = sorted({conflict.manager for conflict in conflicts})
    return dialog(
        "Take over these fields?",
        f"{shorten(', '.join(managers), 200)} will not expect this, and may set it back.",
        "Take over and apply",
        "Go back",
    )


def _undo(card: Card) -> Block:
    if card.change.path is Path.GITOPS:
        return dialog(
            "Take it back?",
            "Its commit is taken back by a pull request, and Argo CD syncs that. Then "
            f"{card.environment.name} is held until a senior releases it.",
            "Take it back",
            "Go back",
        )
    return dialog(
        "Undo in the cluster?",
        "Everything this change touched is put back as it was before.",
        "Undo",
        "Go back",
    )


def _approve(card: Card) -> Block:
    asked = card.change.progress.pull_request
    merged = f"pull request #{asked.number} is merged" if asked else "it is merged"
    what = shorten(headline(card.change), _HEADLINE_LENGTH)
    return dialog(
        "Approve for production?",
        f"{what}. Once everybody who is needed said yes, {merged} and Argo CD brings it to "
        f"{card.environment.name}.",
        "Approve",
        "Go back",
    )


def _release(card: Card) -> Block:
    return dialog(
        f"Release {card.environment.name}?",
        "Changes that wait behind this one go on at once.",
        "Release",
        "Go back",
    )
