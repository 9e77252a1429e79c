"""Who is who: the lists of `[people]` resolved to Slack users, remembered for a minute.

A person who is removed from a user group, deactivated or made a guest loses their say within
that minute.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.person import Person, counts, may_request, why_not_counted
from chatbot.ports import Chat, Clock
from chatbot.services.ttl_cache import TtlCache

KEEP = timedelta(minutes=1)

_log = structlog.get_logger()


class People:
    """Answers who may request, approve and be told, from lists of Slack user ids, e-mails and
    `@user-groups`.

    Every method may raise `RetryLater` or `Permanent` while Slack does not answer: without it
    nobody counts. An entry that Slack does not know (a person who left, a group renamed) is
    passed over with a warning in the log, so that one stale line does not lock everybody out.
    """

    def __init__(
        self,
        chat: Chat,
        clock: Clock,
        *,
        requesters: Sequence[str] = (),
        seniors: Sequence[str] = (),
        managers: Sequence[str] = (),
    ) -> None:
        self._chat = chat
        self._requesters = tuple(requesters)
        self._seniors = tuple(seniors)
        self._managers = tuple(managers)
        self._persons: TtlCache[str, Person] = TtlCache(clock, KEEP)
        self._entries: TtlCache[str, frozenset[str]] = TtlCache(clock, KEEP)

    def person(self, user: str) -> Person:
        """A Slack user. Raises `NotFound`."""
        return self._persons.get(user, lambda: self._chat.person(user))

    def refuse_unless_requester(self, user: str) -> Person:
        """The person, if they may request changes; raises `Refused` with why and what to do."""
        person = self.person(user)
        may_request(person, self._resolve(self._requesters) if self._requesters else None)
        return person

    def refuse_unless_counted(self, user: str) -> Person:
        """The person, if they are a full member of the workspace; raises `Refused`."""
        person = self.person(user)
        if sentence := why_not_counted(person):
            raise Refused(sentence)
        return person

    def is_requester(self, user: str) -> bool:
        """Whether this user may request changes."""
        person = self.person(user)
        return counts(person) and (not self._requesters or user in self._resolve(self._requesters))

    def is_senior(self, user: str) -> bool:
        """Whether this user is on the list of seniors, and counts."""
        return self._is_in(user, self._seniors)

    def is_manager(self, user: str) -> bool:
        """Whether this user is on the list of managers, and counts."""
        return self._is_in(user, self._managers)

    def seniors(self) -> frozenset[str]:
        """User ids of every senior who counts."""
        return self._those_who_count(self._seniors)

    def managers(self) -> frozenset[str]:
        """User ids of every manager who counts."""
        return self._those_who_count(self._managers)

    def unknown_entries(self) -> list[str]:
        """Entries of the lists that no Slack user stands behind."""
        entries = dict.fromkeys((*self._requesters, *self._seniors, *self._managers))
        return [entry for entry in entries if not self._members(entry)]

    def _is_in(self, user: str, entries: Sequence[str]) -> bool:
        return user in self._resolve(entries) and counts(self.person(user))

    def _those_who_count(self, entries: Sequence[str]) -> frozenset[str]:
        return frozenset(user for user in self._resolve(entries) if counts(self.person(user)))

    def _resolve(self, entries: Sequence[str]) -> frozenset[str]:
        return frozenset().union(*(self._members(entry) for entry in entries))

    def _members(self, entry: str) -> frozenset[str]:
        return self._entries.get(entry, lambda: self._look_up(entry))

    def _look_up(self, entry: str) -> frozenset[str]:
        try:
            if entry.startswith("@"):
                return self._chat.group_members(entry)
            if "@" in entry:
                user = self._chat.user_by_email(entry)
                if user is not None:
                    return frozenset({user})
            else:
                return frozenset({self.person(entry).id})
        except NotFound:
            pass  # said below, like an e-mail that nobody has
        _log.warning("people.entry_unknown", entry=entry)
        return frozenset()
