"""Brings what the rows say to Slack: the card as it should look, and the notices not yet sent.

Apart from the reconciler on purpose: Slack being slow or down delays what people read, never
what the cluster gets. Intent is recorded before a first post; on doubt we look before posting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from chatbot.domain import story
from chatbot.domain.card import Card
from chatbot.domain.change import Change, MessageRef, format_change_id
from chatbot.domain.errors import NotFound, Permanent, RetryLater
from chatbot.domain.notice import Audience, Delivery
from chatbot.logs import about_change
from chatbot.ports import Chat, Clock, Store

log = structlog.get_logger()

UNREACHABLE_DELAY = timedelta(seconds=5)
MISCONFIGURED_DELAY = timedelta(minutes=5)
"""A channel we are not in, a scope that lacks: nothing changes until somebody mends it."""


@dataclass(frozen=True)
class Courier:
    """Delivers one change's card and notices."""

    store: Store
    clock: Clock
    chat: Chat
    draw: Callable[[Change], Card]
    channel: Callable[[Change], str]

    def deliver(self, number: int) -> None:
        """Bring card and notices up to date; if Slack does not let us, try again later."""
        with (
            self.store.claim(number, "deliver") as mine,
            about_change(format_change_id(number)),
        ):
            if not mine:
                return
            try:
                self._card_and_notices(number)
            except RetryLater as error:
                self._delay(number, error, error.after or UNREACHABLE_DELAY)
            except Permanent as error:
                self._delay(number, error, MISCONFIGURED_DELAY)

    def _delay(self, number: int, error: Exception, delay: timedelta) -> None:
        log.warning("delivery.delayed", because=str(error), seconds=delay.seconds)
        self.store.delay_delivery(number, self.clock.now() + delay)

    def _card_and_notices(self, number: int) -> None:
        card = self._card_or_complaint(number)
        try:
            self._notices(number, card)
        except NotFound:
            # Somebody deleted the card since it was drawn last, and its thread with it.
            self._notices(number, self._card(number, surely=False))

    def _card_or_complaint(self, number: int) -> MessageRef:
        """The card; if its channel does not take it, the requester hears why, once."""
        try:
            return self._card(number)
        except Permanent as error:
            change = self.store.change(number)
            notice = story.card_unposted(change, self.channel(change), error)
            if self.chat.find_notice(notice, change.id, None) is None:
                self.chat.send(notice, change.id, None)
            raise

    def _card(self, number: int, *, surely: bool = True) -> MessageRef:
        """Where the card stands, up to date. A card that shows this revision already is left
        alone, unless it is doubtful (not `surely`) that it is still there."""
        row = self.store.card(number)
        change = self.store.change(number)
        message = row.message
        if message is None and row.attempted:
            message = self.chat.find_card(self.channel(change), change.id)
        if message and row.message and surely and row.shown_revision >= change.revision:
            return message
        if message:
            message = self._updated(message, change)
        if message is None:
            self.store.card_attempted(number)
            message = self.chat.post_card(self.channel(change), self.draw(change))
        self.store.card_shown(number, message, change.revision)
        return message

    def _updated(self, message: MessageRef, change: Change) -> MessageRef | None:
        """Where the card stands, drawn anew; None when somebody deleted it."""
        try:
            self.chat.update_card(message, self.draw(change))
        except NotFound:
            log.warning("card.gone", ts=message.ts)
            # It may have been posted anew already, and only the row does not know.
            found = self.chat.find_card(self.channel(change), change.id)
            return None if found in (None, message) else self._updated(found, change)
        return message

    def _notices(self, number: int, card: MessageRef) -> None:
        change_id = self.store.change(number).id
        for delivery in self.store.pending_notices(number):
            self.store.notice_sent(
                number, delivery.notice.key, self._send(number, change_id, delivery, card)
            )

    def _send(
        self, number: int, change_id: str, delivery: Delivery, card: MessageRef
    ) -> MessageRef | None:
        notice = delivery.notice
        if notice.stale_at is not None and notice.stale_at <= self.clock.now():
            log.info("notice.stale", key=notice.key)
            return None
        try:
            if delivery.attempted and (sent := self.chat.find_notice(notice, change_id, card)):
                return sent
            self.store.notice_attempted(number, notice.key)
            return self.chat.send(notice, change_id, card)
        except Permanent as error:
            if notice.audience is Audience.THREAD:
                raise
            log.warning("notice.undeliverable", user=notice.user, because=str(error))
            return None
