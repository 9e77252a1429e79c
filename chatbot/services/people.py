"""Who is who: the lists of `[people]` resolved to Slack users, remembered for a minute.

A person who is removed from a user group, deactivated or made a guest loses their say within
that minute.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

import structlog

from chatbot.domain.errors import NotFound, Refused
from chatbot.domain.mrkdwn import escape, mention
from chatbot.domain.person import Person, counts, may_request, why_not_counted
from chatbot.ports import Chat, Clock
from chatbot.services.ttl_cache import TtlCache

KEEP = timedelta(minutes=1)
_NAMED = 5
"""Seniors that are named one by one before the rest is counted."""

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
        github_logins: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._chat = chat
        self._requesters = tuple(requesters)
        self._seniors = tuple(seniors)
        self._managers = tuple(managers)
        self._github_logins = dict(github_logins)
        self._persons: TtlCache[str, Person] = TtlCache(clock, KEEP)
        self._entries: TtlCache[str, frozenset[str]] = TtlCache(clock, KEEP)
        self._addresses: TtlCache[str, frozenset[str]] = TtlCache(clock, KEEP)

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

    def voters(self, *, seniors_only: bool) -> frozenset[str] | None:
        """User ids of those with a right to approve: the seniors, or they and those who may
        request; None: every full member. Who of the latter counts is not looked up."""
        if seniors_only:
            return self.seniors()
        if not self._requesters:
            return None
        return self._resolve(self._requesters) | self._resolve(self._seniors)

    def named(self, *, seniors_only: bool) -> str:
        """How those with a right to approve are called, as mrkdwn."""
        if not seniors_only:
            return "those who may request changes"
        names = [
            escape(entry) if entry.startswith("@") else mention(user)
            for entry in self._seniors
            for user in ([""] if entry.startswith("@") else sorted(self._members(entry)))
        ]
        more = len(names) - _NAMED
        return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")

    def logins(self) -> dict[str, frozenset[str]]:
        """GitHub logins in lower case, by user id, of everybody whose login is configured."""
        found: dict[str, frozenset[str]] = {}
        for entry, login in self._github_logins.items():
            for user in self._members(entry):
                found[user] = found.get(user, frozenset()) | {login.lower()}
        return found

    def known(self, users: Collection[str]) -> dict[str, Person]:
        """Those of these users whom Slack knows."""
        found = {}
        for user in sorted(users):
            try:
                found[user] = self.person(user)
            except NotFound:
                _log.info("people.unknown", user=user)
        return found

    def with_email(self, email: str) -> frozenset[str]:
        """The user who has this address, or nobody."""
        return self._addresses.get(email, lambda: self._look_up_address(email))

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

    def _look_up_address(self, email: str) -> frozenset[str]:
        user = self._chat.user_by_email(email)
        return frozenset() if user is None else frozenset({user})

    def _look_up(self, entry: str) -> frozenset[str]:
        try:
            if entry.startswith("@"):
                return self._chat.group_members(entry)
            if "@" not in entry:
                return frozenset({self.person(entry).id})
            if users := self.with_email(entry):
                return users
        except NotFound:
            pass  # said below, like an e-mail that nobody has
        _log.warning("people.entry_unknown", entry=entry)
        return frozenset()
