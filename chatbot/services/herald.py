"""Tells channels what concerns a whole environment. Intent is recorded before a post; on doubt it
is looked for before posting, so that each channel hears it once."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from chatbot.domain.announcement import Announcement, Pending
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.ports import Chat, Clock, Store

log = structlog.get_logger()

UNREACHABLE_DELAY = timedelta(seconds=5)
MISCONFIGURED_DELAY = timedelta(minutes=5)
"""A channel we are not in: nothing changes until somebody mends it."""

OF_NO_CHANGE = 0
"""In place of a change's number."""

STALE = timedelta(hours=1)
"""Older news are dropped, unless they are to be kept: cards and lists have told them long since."""


@dataclass(frozen=True)
class Herald:
    """Makes the announcements that are due."""

    store: Store
    clock: Clock
    chat: Chat

    def run(self) -> None:
        """One try each; what Slack does not take now is due again later. Of two schedulers at once
        one makes them: both would find that nothing stands there yet."""
        if not self.store.announcements_due(self.clock.now(), limit=1):
            return
        with self.store.claim(OF_NO_CHANGE, "announce") as mine:
            if mine:
                self._make()

    def _make(self) -> None:
        for pending in self.store.announcements_due(self.clock.now()):
            one = pending.announcement
            if not one.keep and self.clock.now() - one.at > STALE:
                log.warning("announcement.dropped", key=one.key, channel=one.channel)
                self.store.announcement_done(one)
                continue
            try:
                self._tell(pending)
            except RetryLater as error:
                self._delay(one, error, error.after or UNREACHABLE_DELAY)
            except Permanent as error:
                self._delay(one, error, MISCONFIGURED_DELAY)

    def _tell(self, pending: Pending) -> None:
        one = pending.announcement
        if not (pending.attempted and self.chat.was_announced(one)):
            self.store.announcement_attempted(one)
            self.chat.announce(one)
        self.store.announcement_done(one)

    def _delay(self, one: Announcement, error: Exception, delay: timedelta) -> None:
        log.warning("announcement.delayed", channel=one.channel, because=str(error))
        self.store.delay_announcement(one, self.clock.now() + delay)
