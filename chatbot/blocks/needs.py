"""The card's line that says what is needed from whom, or what is being waited for."""

from chatbot.blocks.kit import Block, listed, section
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.emergency import LIGHTS
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import escape, link, mention, moment, shorten, since
from chatbot.domain.offers import touched
from chatbot.domain.red_lights import pass_by, passed

_REASON_LENGTH = 600


def needs(card: Card) -> list[Block]:
    """What is needed from whom, or what is being waited for and since when; of an emergency also
    what is not well about what was applied."""
    return [*_remarks(card.change), *_needed(card)]


def _remarks(change: Change) -> list[Block]:
    paying = change.state in (State.RECONCILING, State.PR_OPEN)
    if change.path is not Path.EMERGENCY or not paying or not change.progress.rollout:
        return []
    return [section(listed([f"⚠️ {escape(line)}" for line in change.progress.rollout]))]


def _needed(card: Card) -> list[Block]:
    change = card.change
    progress = change.progress
    if change.state is State.AWAITING_APPROVAL and card.approval:
        return [section(card.approval), *_waiting(change)]
    if progress.waiting:
        return _waiting(change)
    if change.state is State.HELD:
        return [section(_held(card))]
    if change.state is State.AWAITING_CONFIRMATION and change.path is Path.EMERGENCY:
        return [section(_light(card))]
    if change.state is State.AWAITING_CONFIRMATION:
        return [section(f"Needs {mention(change.requester)} to look at this diff and apply it.")]
    if progress.pull_request and asks_for_merge(change):
        asked = link(progress.pull_request.url, f"pull request #{progress.pull_request.number}")
        if card.environment.backfill.auto_merge:
            return [section(f"The cluster has it. Redlight merges {asked} to bring it into Git.")]
        return [
            section(f"The cluster has it. Needs somebody to merge {asked}, so that Git has it.")
        ]
    if change.state in (State.SYNCING, State.VALIDATING) and progress.rollout:
        return [section(listed([escape(line) for line in progress.rollout]))]
    return []


def _light(card: Card) -> str:
    change = card.change
    number = len(passed(change)) + 1
    text = f"Needs {mention(change.requester)} to pass red light {number} of {LIGHTS}"
    if touched(change):
        return f"{text}."
    return f"{text} · expires {moment(pass_by(change, card.environment.emergency))}"


def _waiting(change: Change) -> list[Block]:
    waiting = change.progress.waiting
    if waiting is None:
        return []
    reason = escape(shorten(waiting.reason.rstrip("."), _REASON_LENGTH))
    return [section(f"⏳ Waiting since {since(waiting.since)}: {reason}.")]


def _held(card: Card) -> str:
    place = escape(card.environment.name)
    return f"Other changes to {place} wait until a senior releases it: is {place} well again?"


def asks_for_merge(change: Change) -> bool:
    """Whether an open pull request is what the card is about, and not what hinders it."""
    progress = change.progress
    hindered = progress.waiting or progress.failure or progress.divergence
    asks = change.state is State.PR_OPEN and change.path is not Path.GITOPS
    return asks and not hindered
