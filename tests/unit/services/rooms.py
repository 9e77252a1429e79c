"""Slack's channels in memory, and a tracker: what the tests of incidents stand on. The contract
tests of both ports run over these as over the real adapters."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from chatbot.domain.change import MessageRef
from chatbot.domain.errors import Closed, NotFound
from chatbot.ports import Channels, Issue, NewIssue, Room, Tracker

T = TypeVar("T")


class Weather:
    """Lets calls fail: instead of their work, or when it is done."""

    def __init__(self) -> None:
        self._before: dict[str, list[Exception]] = defaultdict(list)
        self._after: dict[str, list[Exception]] = defaultdict(list)
        self.down: Exception | None = None
        self.calls: list[str] = []

    def fail(self, method: str, error: Exception, *, after: bool = False) -> None:
        """Let the next call of a method fail."""
        (self._after if after else self._before)[method].append(error)

    def through(self, method: str, work: Callable[[], T]) -> T:
        self.calls.append(method)
        if self.down:
            raise self.down
        if self._before[method]:
            raise self._before[method].pop(0)
        result = work()
        if self._after[method]:
            raise self._after[method].pop(0)
        return result


@dataclass
class Said:
    """A message in a channel."""

    ref: MessageRef
    change: str
    key: str
    text: str


@dataclass
class Kept:
    """One channel with what is in it."""

    room: Room
    private: bool = False
    topic: str = ""
    archived: bool = False
    members: set[str] = field(default_factory=set)
    pins: list[str] = field(default_factory=list)
    bookmarks: list[tuple[str, str]] = field(default_factory=list)
    messages: list[Said] = field(default_factory=list)


class Rooms(Weather, Channels):
    """The `Channels` port in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, Kept] = {}
        self.outsiders = {"U0GONE"}
        self._ticks = count(1)

    def add(self, name: str, **fields: object) -> Kept:
        room = Room(id=f"C{len(self.kept):04}", name=name)
        made = Kept(room, **fields)  # type: ignore[arg-type]
        self.kept[room.id] = made
        return made

    def called(self, name: str) -> Kept:
        [found] = [each for each in self.kept.values() if each.room.name == name]
        return found

    def open_channel(self, name: str, *, private: bool) -> Room:
        def work() -> Room:
            for number in count(1):
                wanted = name if number == 1 else f"{name}-{number}"
                found = [each for each in self.kept.values() if each.room.name == wanted]
                if not found:
                    return self.add(wanted, private=private).room
                if not found[0].archived:
                    return found[0].room
            raise AssertionError

        return self.through("open_channel", work)

    def named_channel(self, ref: str) -> Room:
        def work() -> Room:
            for each in self.kept.values():
                if ref in (each.room.id, f"#{each.room.name}") and not each.archived:
                    return each.room
            raise NotFound(f"Redlight sees no open channel {ref}")

        return self.through("named_channel", work)

    def set_topic(self, channel: str, topic: str) -> None:
        self.through("set_topic", lambda: setattr(self.kept[channel], "topic", topic[:250]))

    def say(self, channel: str, text: str, change: str, key: str) -> MessageRef:
        def work() -> MessageRef:
            if self.kept[channel].archived:
                raise Closed("Slack said is_archived")
            ref = MessageRef(channel=channel, ts=f"1772443800.{next(self._ticks):06}")
            self.kept[channel].messages.append(Said(ref, change, key, text))
            return ref

        return self.through("say", work)

    def said(self, channel: str, change: str, key: str) -> MessageRef | None:
        def work() -> MessageRef | None:
            for one in self.kept[channel].messages:
                if (one.change, one.key) == (change, key):
                    return one.ref
            return None

        return self.through("said", work)

    def say_anew(self, message: MessageRef, text: str, change: str, key: str) -> None:
        def work() -> None:
            for one in self.kept[message.channel].messages:
                if one.ref == message:
                    one.text, one.change, one.key = text, change, key
                    return
            raise NotFound("Slack said message_not_found")

        self.through("say_anew", work)

    def pin(self, message: MessageRef) -> None:
        def work() -> None:
            pins = self.kept[message.channel].pins
            if message.ts not in pins:
                pins.append(message.ts)

        self.through("pin", work)

    def bookmark(self, channel: str, title: str, url: str) -> None:
        def work() -> None:
            bookmarks = self.kept[channel].bookmarks
            if all(there != url for _, there in bookmarks):
                bookmarks.append((title, url))

        self.through("bookmark", work)

    def invite(self, channel: str, users: Collection[str]) -> frozenset[str]:
        def work() -> frozenset[str]:
            refused = frozenset(users) & self.outsiders
            self.kept[channel].members |= set(users) - refused
            return refused

        return self.through("invite", work)

    def archive(self, channel: str) -> None:
        self.through("archive", lambda: setattr(self.kept[channel], "archived", True))


@dataclass
class Filed:
    """One issue with what belongs to it."""

    issue: Issue
    label: str
    summary: str
    description: str
    comments: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    subtasks: list[str] = field(default_factory=list)
    resolved: bool = False


class Board(Weather, Tracker):
    """The `Tracker` port in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.filed: list[Filed] = []

    def find(self, label: str) -> Issue | None:
        return self.through(
            "find", lambda: next((each.issue for each in self.filed if each.label == label), None)
        )

    def issue(self, key: str) -> Issue:
        return self.through("issue", lambda: self._named(key).issue)

    def create(self, new: NewIssue) -> Issue:
        def work() -> Issue:
            key = f"INC-{len(self.filed) + 1}"
            issue = Issue(key, f"https://jira.example/browse/{key}")
            self.filed.append(Filed(issue, new.label, new.summary, new.description))
            return issue

        return self.through("create", work)

    def comment(self, key: str, mark: str, text: str) -> None:
        self.through("comment", lambda: self._named(key).comments.setdefault(mark, text))

    def link(self, key: str, url: str, title: str) -> None:
        self.through("link", lambda: self._named(key).links.setdefault(url, title))

    def add_subtasks(self, key: str, summaries: tuple[str, ...]) -> None:
        def work() -> None:
            there = self._named(key).subtasks
            there += [each for each in dict.fromkeys(summaries) if each not in there]

        self.through("add_subtasks", work)

    def resolve(self, key: str) -> None:
        self.through("resolve", lambda: setattr(self._named(key), "resolved", True))

    def _named(self, key: str) -> Filed:
        for each in self.filed:
            if each.issue.key == key:
                return each
        raise NotFound(f"Jira has no issue {key}")
