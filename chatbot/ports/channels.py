"""Slack's channels, as an incident needs one."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from chatbot.domain.change import MessageRef


@dataclass(frozen=True)
class Room:
    """A channel: Slack's id, and its name without `#`."""

    id: str
    name: str


class Channels(Protocol):
    """Makes and furnishes channels. Every call is safe to repeat. Raises `Closed` for what cannot
    be done in a channel that somebody archived."""

    def open_channel(self, name: str, *, private: bool) -> Room:
        """The channel of this name: the one that is there, or a new one. Where that one was
        archived (a name is taken for ever), the first of `name-2`, `name-3` … that is not."""
        ...

    def named_channel(self, ref: str) -> Room:
        """A channel that somebody named, `#inc-foo` or its id, and that we are in from now on.
        Raises `NotFound` when there is none, or none that we may see."""
        ...

    def set_topic(self, channel: str, topic: str) -> None:
        """Plain text, cut to Slack's 250 characters."""
        ...

    def say(self, channel: str, text: str, change: str, key: str) -> MessageRef:
        """Post mrkdwn, under a key by which `said` finds it."""
        ...

    def said(self, channel: str, change: str, key: str) -> MessageRef | None:
        """The message as posted before, by its metadata."""
        ...

    def say_anew(self, message: MessageRef, text: str, change: str, key: str) -> None:
        """Put other words where a message stands. Raises `NotFound` when somebody deleted it."""
        ...

    def pin(self, message: MessageRef) -> None:
        """Pinned already is success."""
        ...

    def bookmark(self, channel: str, title: str, url: str) -> None:
        """A bookmark of this address is there from now on."""
        ...

    def invite(self, channel: str, users: Collection[str]) -> frozenset[str]:
        """Bring people in; who is in already stays. Returns those whom Slack does not let in."""
        ...

    def archive(self, channel: str) -> None:
        """Archived already is success."""
        ...
