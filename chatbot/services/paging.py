"""Paging for the sign-off of an emergency, until somebody answers or the time is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chatbot.domain import story_break_glass as story
from chatbot.domain.approval import Electorate, able, expires_at
from chatbot.domain.change import Change
from chatbot.domain.lifecycle import Event
from chatbot.domain.pages import Page, due_page, next_look
from chatbot.domain.red_lights import asked_at
from chatbot.services.electorates import Electorates
from chatbot.services.ledger import Ledger
from chatbot.services.people import People


@dataclass(frozen=True)
class Paging:
    """Waits for the sign-off, and is not quiet about it."""

    ledger: Ledger
    people: People
    electorates: Electorates
    link: Callable[[int], str]
    """The address of a change's card, as far as it is known."""

    def tend(self, change: Change) -> Change:
        """Step `awaiting_approval`: the first page is due at once."""
        electorate = self.electorates.of(change)
        environment, now = electorate.environment, self.ledger.clock.now()
        asked, expiry = asked_at(change), expires_at(change, environment)
        if asked is None or expiry is None:
            return self.ledger.rest(change, None)
        if expiry <= now:
            return self.ledger.advance(
                change,
                Event.EXPIRED,
                "sign_off.expired",
                notices=story.expired(change),
                due_in=None,
            )
        if (page := due_page(change, environment, now)) is not None:
            return self._send(change, electorate, page, asked, expiry)
        following = next_look(change, environment)
        return self.ledger.rest(change, following - now if following else None)

    def _send(
        self, change: Change, electorate: Electorate, page: Page, asked: datetime, expiry: datetime
    ) -> Change:
        now = self.ledger.clock.now()
        users = set(able(change, electorate, now))
        if page in (Page.MANAGERS, Page.ON_CALL):
            users |= self.people.managers() - {change.requester}
        channel = electorate.environment.emergency.on_call if page is Page.ON_CALL else ""
        text = story.page_text(change, expiry)
        called = story.page_text(change, expiry, self.link(change.number))
        told = [story.on_call(change, channel, asked, called, now)] if channel else []
        return self.ledger.note(
            change,
            "sign_off.paged",
            data={"page": page.value, "users": sorted(users), "channel": channel},
            notices=story.pages(page, asked, text, users),
            announcements=told,
            nudged_at=now,
        )
