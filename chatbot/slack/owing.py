"""What emergencies owe: `/change list debt`, `/change handover`, and the buttons of reminders."""

from collections.abc import Callable, Sequence

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from chatbot.blocks import owed as owed_blocks
from chatbot.blocks.kit import Block, View, section
from chatbot.blocks.notice_buttons import about
from chatbot.domain.change import format_change_id
from chatbot.domain.chase import skippable
from chatbot.domain.command import HandoverCommand
from chatbot.domain.mrkdwn import mention
from chatbot.domain.obligation import Kind, Obligation
from chatbot.domain.person import counts
from chatbot.slack.actions import number_of
from chatbot.slack.desk import Desk, Payload, Reply, acknowledged, answering, show_view, whisper

DEBT = "debt"
"""`/change list debt`."""


def register(app: App, desk: Desk) -> None:
    """Listen to the buttons, and to the form behind one of them."""
    app.action("accept_handover")(_answer(desk, accepted=True))
    app.action("decline_handover")(_answer(desk, accepted=False))

    @app.action(owed_blocks.SNOOZE)
    def snooze(
        ack: Ack, body: Payload, action: Payload, client: WebClient, respond: Respond
    ) -> None:
        ack()
        user = body["user"]["id"]
        answering(
            respond, lambda: show_view(client, body["trigger_id"], _why_snooze(desk, user, action))
        )

    @app.view(owed_blocks.SNOOZE)
    def reason_given(ack: Ack, body: Payload, view: Payload) -> None:
        user, (change_id, reason, kind) = body["user"]["id"], owed_blocks.read_snooze(view)

        def snoozed() -> None:
            number = desk.requests.named(user, change_id, "snooze")
            desk.obligations.snooze(user, number, reason, kind)

        acknowledged(ack, snoozed)


def _answer(desk: Desk, *, accepted: bool) -> Callable[..., None]:
    say = desk.obligations.accept if accepted else desk.obligations.decline

    def pressed(ack: Ack, body: Payload, action: Payload, respond: Respond) -> None:
        ack()
        user = body["user"]["id"]

        def answered() -> None:
            owed = say(user, number_of(desk.requests, user, action), _kind(action))
            whisper(respond, _answered(owed, accepted=accepted))

        answering(respond, answered)

    return pressed


def _why_snooze(desk: Desk, user: str, action: Payload) -> View:
    """The form that asks why. Raises `Refused`."""
    number = number_of(desk.requests, user, action)
    ladder, now = desk.obligations.ladder, desk.clock.now()
    skipped = {
        each.kind: (each, rung.at)
        for each in desk.obligations.may_snooze(user, number, _kind(action))
        if (rung := skippable(each, ladder, now)) is not None
    }
    return owed_blocks.snooze_form(desk.store.change(number), skipped)


def hand_over(desk: Desk, user: str, asked: HandoverCommand, respond: Reply) -> None:
    """Ask somebody to take over what a change owes."""
    number = desk.requests.named(user, format_change_id(asked.number), "handover")
    offered = desk.obligations.offer(user, number, asked.user, asked.kind)
    whisper(
        respond,
        f"{mention(asked.user)} is asked to take over {_named(offered)}. It changes hands once "
        "they accept.",
    )


def list_debt(desk: Desk, user: str, respond: Reply) -> None:
    """Everything that is owed, to one person."""
    blocks = debt(desk, user)
    whisper(respond, "What emergencies owe", blocks)


def at_home(desk: Desk, user: str) -> list[Block]:
    """For App Home: what is owed; nothing where nothing is, or where it is not this user's to
    see."""
    if not desk.store.obligations() or not counts(desk.obligations.people.person(user)):
        return []
    return [section("*What we owe*"), *debt(desk, user)]


def debt(desk: Desk, user: str) -> list[Block]:
    """A row for everything that is owed. Raises `Refused`."""
    owed = desk.obligations.listed(user)
    changes = {each.change: desk.store.change(each.change) for each in owed}
    return owed_blocks.listing(owed, changes, desk.debtors.links(owed), desk.clock.now())


def _kind(action: Payload) -> Kind | None:
    return owed_blocks.kind_of(about(str(action.get("block_id") or "")))


def _named(owed: Sequence[Obligation]) -> str:
    return " and ".join(_one(each) for each in owed)


def _one(owed: Obligation) -> str:
    return f"the {owed.kind.words} of {owed.change_id}"


def _answered(owed: Sequence[Obligation], *, accepted: bool) -> str:
    if accepted:
        return f"You own {_named(owed)} now. `/change list debt` shows until when."
    return f"You declined {_named(owed)}."
