"""The red lights on the card of an emergency, and the form behind the third. Each says one thing:
what is about to happen, what that goes past, which target it is."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from chatbot.blocks.kit import (
    Block,
    View,
    context,
    dialog,
    field_block,
    listed,
    modal,
    section,
    text_input,
)
from chatbot.domain.approval_line import voices
from chatbot.domain.bypass import about_policy, in_brief, is_denial
from chatbot.domain.card import Card
from chatbot.domain.change import Change
from chatbot.domain.emergency import LIGHTS
from chatbot.domain.environment import Environment
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import clock_time, code, escape, shorten
from chatbot.domain.red_lights import NOTHING, owed, passed, sensitive, typed_target
from chatbot.domain.review import Approval
from chatbot.domain.story import headline

CALLBACK_ID: Final = "red_light_typed"
CONFIRMATION: Final = "confirmation"
_LINE: Final = 280
_TARGET: Final = 400
_SHOWN: Final = 5
_DIALOG_TARGET: Final = 90


def emergency_blocks(card: Card) -> list[Block]:
    """What an emergency's card says beyond any other: the light that is next, else what was
    bypassed; who feels it, what is sensitive, and which lights were passed when."""
    change = card.change
    lit = [context(line) for line in _passed(change)]
    match change.state:
        case State.AWAITING_CONFIRMATION:
            return [section(_next(card)), *_warnings(card), *lit]
        case State.AWAITING_APPROVAL:
            told = section(f"Goes past:\n{listed(_bullets(in_brief(change.progress.bypassed)))}")
            return [section(_felt(change)), *_banner(card), told, *lit]
    denials = _bullets(line for line in change.progress.bypassed if is_denial(line))
    return [section(_felt(change)), *([section(listed(denials))] if denials else []), *lit]


def _next(card: Card) -> str:
    """The words of the light that is red now."""
    change, place = card.change, escape(card.environment.name)
    number = len(passed(change)) + 1
    title = f"🔴 *{number} of {LIGHTS}* · "
    match number:
        case 1:
            return (
                f"{title}You are about to change *{place}* directly: "
                f"{escape(headline(change))}.\n{_felt(change)}"
            )
        case 2:
            price = owed(card.environment.emergency)
            return f"{title}You are bypassing:\n{_bypassed(change)}\n{price}"
    return f"{title}Type the target to go on: {code(typed_target(change), _TARGET)}"


def _felt(change: Change) -> str:
    return f"Who feels it: {escape(shorten(change.request.blast_radius, 2 * _LINE))}"


def _bypassed(change: Change) -> str:
    return listed(_bullets(change.progress.bypassed or [NOTHING]))


def _bullets(sentences: Iterable[str]) -> list[str]:
    return [
        f"{'🔴' if is_denial(line) else '•'} {escape(shorten(line, _LINE))}" for line in sentences
    ]


def _warnings(card: Card) -> list[Block]:
    """At every light: what is sensitive, and what policy says; the second has it in full."""
    said = _bullets(in_brief(about_policy(card.change.progress.bypassed)))
    told_already = len(passed(card.change)) == 1
    policy = [] if told_already or not said else [section(listed(said))]
    return [*_banner(card), *policy]


def _banner(card: Card) -> list[Block]:
    found = sensitive(card.change, card.environment.emergency.sensitive)
    lines = [
        f"⚠️ *Sensitive*: {escape(shorten(one.target.place, _LINE))} is marked by "
        f"{code(one.pattern, _LINE)}"
        for one in found[:_SHOWN]
    ]
    left = len(found) - len(lines)
    return (
        [section("\n".join([*lines, *([f"_and {left} more_"] if left else [])]))] if lines else []
    )


def _passed(change: Change) -> list[str]:
    lit = passed(change)
    times = [f"{one.number} ✔ {clock_time(one.at)}" for one in lit]
    signed = [one for one in change.progress.approvals if _is_signed(change, one)]
    by = [f"signed off by {voices(signed)}"] if signed else []
    return [f"Red lights: {' · '.join([*times, *by])}"] if lit else []


def _is_signed(change: Change, approval: Approval) -> bool:
    """Whether a sign-off let it be applied; until then the line about approval tells of it."""
    progress = change.progress
    return bool(progress.confirmed_by) and approval.digest == progress.confirmed_digest


def view(change: Change, environment: Environment) -> View:
    """The form of the third light."""
    digest = change.progress.plan.digest if change.progress.plan else ""
    card = Card(change=change, environment=environment)
    what = f"*{change.id}* · {escape(headline(change))} · {escape(change.request.environment)}"
    return modal(
        CALLBACK_ID,
        f"{LIGHTS} of {LIGHTS}: type the target",
        [
            section(f"🔴 {what}\n{_felt(change)}"),
            *_warnings(card),
            section(f"Type the target to go on:\n{code(typed_target(change), _TARGET)}"),
            field_block(
                CONFIRMATION,
                "The target",
                text_input(CONFIRMATION, "", "environment/namespace/kind/name"),
                hint="Exactly as it stands above. The seniors are paged then.",
            ),
        ],
        submit="Ask for the sign-off",
        private_metadata=json.dumps({"change": change.id, "digest": digest}),
    )


def read(view_payload: Mapping[str, Any]) -> tuple[str, str, str]:
    """The change's id, the digest that the form was shown for, and what was typed."""
    kept = json.loads(view_payload["private_metadata"])
    element = view_payload["state"]["values"][CONFIRMATION][CONFIRMATION]
    return str(kept["change"]), str(kept["digest"]), str(element.get("value") or "")


def authorize(card: Card) -> Block:
    """The question before the sign-off counts."""
    denials = sum(is_denial(line) for line in about_policy(card.change.progress.bypassed))
    denied = f" Policy denies it ({denials})." if denials else ""
    what = shorten(headline(card.change), _DIALOG_TARGET)
    return dialog(
        "Authorize this emergency?",
        f"{what}, in {shorten(card.environment.name, _DIALOG_TARGET)}.{denied} "
        "It is applied at once, past Git and review. Your name stands in the audit log.",
        "Authorize",
        "Go back",
    )
