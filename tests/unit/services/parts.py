"""What the services' tests stand on: a clock that is moved by hand, and a Slack in memory.

The contract tests of the `Chat` port run over this Slack as over the real adapter.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from chatbot.domain.announcement import Announcement
from chatbot.domain.card import Card
from chatbot.domain.change import MessageRef
from chatbot.domain.environment import ENVIRONMENT_CLASSES, Environment, EnvironmentClass
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.person import Person
from chatbot.ports import Chat, Clock
from tests.support.builders import NOW, REQUESTER, SENIOR


class Hand(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


def environment(name: str = "dev", class_: str = "dev", **fields: object) -> Environment:
    """An environment of a class, in the channel that is named after it."""
    known = EnvironmentClass(class_)
    defaults: dict[str, object] = {
        "name": name,
        "class_": known,
        "rules": ENVIRONMENT_CLASSES[known],
        "path": f"environments/{name}",
        "context": "",
        "emergency_context": "",
        "channel": f"#{name}-changes",
    }
    return Environment.model_validate({**defaults, **fields})


@dataclass
class Message:
    """What stands in a channel; `thread` is the ts of the message above, or empty."""

    ref: MessageRef
    thread: str
    change: str
    key: str
    text: str
    revision: int = 0
    buttons: tuple[str, ...] = ()


class Slack(Chat):
    """People, groups, channels and messages in memory; counts what it is asked for."""

    def __init__(self) -> None:
        self.persons = {
            name: Person(id=name, name=name, email=f"{name.lower()}@example.com")
            for name in (REQUESTER, SENIOR, "U1", "U2", "U3")
        }
        self.groups = {"@platform-seniors": frozenset({"U2", "U3"})}
        self.channels = {"#dev-changes": "C0DEV", "#test-changes": "C0TEST"}
        self.messages: list[Message] = []
        self.unreachable: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.down = False
        self._ticks = count(1)
        self._before: dict[str, list[Exception]] = defaultdict(list)
        self._after: dict[str, list[Exception]] = defaultdict(list)

    def fail(self, method: str, error: Exception, *, after: bool = False) -> None:
        """Let the next call of a method fail, instead of its work or (`after`) when it is done."""
        (self._after if after else self._before)[method].append(error)

    def delete(self, message: MessageRef) -> None:
        """Somebody deletes a message."""
        self.messages = [one for one in self.messages if one.ref != message]

    def texts(self, thread: str = "") -> list[str]:
        """What stands below a message, or in no thread, oldest first."""
        return [one.text for one in self.messages if one.thread == thread]

    def person(self, user: str) -> Person:
        self._ask(user)
        if user not in self.persons:
            raise NotFound(f"no user {user}")
        return self.persons[user]

    def user_by_email(self, email: str) -> str | None:
        self._ask(email)
        return next((p.id for p in self.persons.values() if p.email == email), None)

    def group_members(self, handle: str) -> frozenset[str]:
        self._ask(handle)
        if handle not in self.groups:
            raise NotFound(f"no group {handle}")
        return self.groups[handle]

    def post_card(self, channel: str, card: Card) -> MessageRef:
        return self._post(
            "post_card",
            self._channel(channel),
            Message(
                ref=MessageRef(channel="", ts=""),
                thread="",
                change=card.change.id,
                key="card",
                text=card.change.state.value,
                revision=card.change.revision,
            ),
        )

    def update_card(self, message: MessageRef, card: Card) -> None:
        self._enter("update_card")
        for one in self.messages:
            if one.ref == message:
                one.text, one.revision = card.change.state.value, card.change.revision
                break
        else:
            raise NotFound("Slack said message_not_found")
        self._leave("update_card")

    def find_card(self, channel: str, change: str) -> MessageRef | None:
        self._enter("find_card")
        return self._find(self._channel(channel), "", change, "card")

    def send(self, notice: Notice, change: str, card: MessageRef | None) -> MessageRef:
        channel, thread = self._place(notice, card)
        message = Message(
            ref=MessageRef(channel="", ts=""),
            thread=thread,
            change=change,
            key=notice.key,
            text=notice.text,
            buttons=notice.buttons,
        )
        return self._post("send", channel, message)

    def find_notice(
        self, notice: Notice, change: str, card: MessageRef | None
    ) -> MessageRef | None:
        self._enter("find_notice")
        channel, thread = self._place(notice, card)
        return self._find(channel, thread, change, notice.key)

    def announce(self, announcement: Announcement) -> None:
        message = Message(
            ref=MessageRef(channel="", ts=""),
            thread="",
            change="",
            key=announcement.key,
            text=announcement.text,
        )
        self._post("announce", self._channel(announcement.channel), message)

    def was_announced(self, announcement: Announcement) -> bool:
        self._enter("was_announced")
        return self._find(self._channel(announcement.channel), "", "", announcement.key) is not None

    def link(self, message: MessageRef) -> str:
        self._enter("link")
        return f"https://slack.example/{message.channel}/{message.ts}"

    def _ask(self, what: str) -> None:
        self.asked[what] += 1
        if self.down:
            raise RetryLater("Slack does not answer")

    def _enter(self, method: str) -> None:
        self._ask(method)
        if self._before[method]:
            raise self._before[method].pop(0)

    def _leave(self, method: str) -> None:
        if self._after[method]:
            raise self._after[method].pop(0)

    def _post(self, method: str, channel: str, message: Message) -> MessageRef:
        self._enter(method)
        message.ref = MessageRef(channel=channel, ts=f"1772443800.{next(self._ticks):06}")
        self.messages.append(message)
        self._leave(method)
        return message.ref

    def _find(self, channel: str, thread: str, change: str, key: str) -> MessageRef | None:
        for one in self.messages:
            place = (one.ref.channel, one.thread)
            if place == (channel, thread) and (one.change, one.key) == (change, key):
                return one.ref
        return None

    def _channel(self, name: str) -> str:
        if name in self.channels.values():
            return name
        if name not in self.channels:
            raise Permanent("Slack said channel_not_found", remedy="Create the channel.")
        return self.channels[name]

    def _place(self, notice: Notice, card: MessageRef | None) -> tuple[str, str]:
        if notice.audience is Audience.DIRECT:
            if notice.user in self.unreachable:
                raise Permanent("Slack said cannot_dm_bot")
            return f"D{notice.user}", ""
        if card is None:
            raise RetryLater("the card is not posted yet")
        if all(one.ref != card for one in self.messages):
            raise NotFound("Slack said thread_not_found")
        return card.channel, card.ts
