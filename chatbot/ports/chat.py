"""Slack."""

from typing import Protocol

from chatbot.domain.announcement import Announcement
from chatbot.domain.card import Card
from chatbot.domain.change import (
    MessageRef,
)
from chatbot.domain.notice import Notice
from chatbot.domain.person import Person


class Chat(Protocol):
    """Slack. Messages carry the change id and a key in their metadata."""

    def person(self, user: str) -> Person:
        """Raises `NotFound`."""
        ...

    def user_by_email(self, email: str) -> str | None:
        """User id of the member with this e-mail, or None."""
        ...

    def group_members(self, handle: str) -> frozenset[str]:
        """User ids of a user group, named `@handle`. Raises `NotFound`."""
        ...

    def post_card(self, channel: str, card: Card) -> MessageRef:
        """Post the card for the first time."""
        ...

    def update_card(self, message: MessageRef, card: Card) -> None:
        """Draw the card anew where it stands."""
        ...

    def find_card(self, channel: str, change: str) -> MessageRef | None:
        """The card as posted before, by message metadata."""
        ...

    def send(self, notice: Notice, change: str, card: MessageRef | None) -> MessageRef:
        """Send it: under the card, or to the person."""
        ...

    def find_notice(
        self, notice: Notice, change: str, card: MessageRef | None
    ) -> MessageRef | None:
        """The notice as sent before, by message metadata."""
        ...

    def announce(self, announcement: Announcement) -> None:
        """Post it in its channel."""
        ...

    def was_announced(self, announcement: Announcement) -> bool:
        """Whether it stands in its channel, by message metadata."""
        ...

    def link(self, message: MessageRef) -> str:
        """Permalink of a message."""
        ...
