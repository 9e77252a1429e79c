"""Slack's Web API behind the `Channels` port: what it answers about something that is there
already counts as done."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from chatbot.adapters.slack import PAGE, SlackChat, code_of, metadata_of
from chatbot.blocks.kit import section
from chatbot.domain.change import MessageRef
from chatbot.domain.errors import NotFound, Permanent
from chatbot.domain.mrkdwn import shorten
from chatbot.ports import Channels, Room

TOPIC = 250
TITLE = 255
CHANNEL_NAME = 80
_MOST_NAMES = 50
"""How many archived channels of one name are passed over before somebody has to look."""

_UNINVITABLE = frozenset(
    {
        "cant_invite",
        "cant_invite_self",
        "no_user",
        "org_user_not_in_team",
        "ura_max_channels",
        "user_disabled",
        "user_is_restricted",
        "user_is_ultra_restricted",
        "user_not_found",
        "user_team_not_in_channel",
    }
)
"""What is about a person, and not about the channel or about us."""


class SlackChannels(SlackChat, Channels):
    """The `Channels` port, on the same client as the `Chat` port."""

    def open_channel(self, name: str, *, private: bool) -> Room:
        """See `Channels`."""
        for number in range(1, _MOST_NAMES):
            wanted = name if number == 1 else f"{name[: CHANNEL_NAME - 3]}-{number}"
            answer = self._unless(
                {"name_taken"},
                self._client.conversations_create,
                name=wanted,
                is_private=private,
            )
            found = answer["channel"] if answer else self._of_name(wanted)
            if found is None:
                raise Permanent(
                    f"There is a channel #{wanted} that Redlight may not see",
                    remedy=f"Invite the app to #{wanted}, or rename that channel.",
                )
            if not found.get("is_archived"):
                self._come_in(found)
                return Room(id=found["id"], name=found["name"])
        raise Permanent(f"Every channel from #{name} to #{name}-{_MOST_NAMES - 1} is archived")

    def named_channel(self, ref: str) -> Room:
        """See `Channels`."""
        if ref.startswith("#"):
            found = self._of_name(ref.removeprefix("#"))
        else:
            answer = self._unless(
                {"channel_not_found"}, self._client.conversations_info, channel=ref
            )
            found = answer["channel"] if answer else None
        if found is None or found.get("is_archived"):
            raise NotFound(f"Redlight sees no open channel {ref}")
        self._come_in(found)
        return Room(id=found["id"], name=found["name"])

    def set_topic(self, channel: str, topic: str) -> None:
        """See `Channels`."""
        self._call(
            self._client.conversations_setTopic, channel=channel, topic=shorten(topic, TOPIC)
        )

    def say(self, channel: str, text: str, change: str, key: str) -> MessageRef:
        """See `Channels`."""
        return self._post(channel, text, [section(text)], change=change, key=key)

    def said(self, channel: str, change: str, key: str) -> MessageRef | None:
        """See `Channels`."""
        return self._find(channel, "", change, key)

    def say_anew(self, message: MessageRef, text: str, change: str, key: str) -> None:
        """See `Channels`."""
        self._call(
            self._client.chat_update,
            channel=message.channel,
            ts=message.ts,
            text=text,
            blocks=[section(text)],
            metadata=metadata_of(change, key),
        )

    def pin(self, message: MessageRef) -> None:
        """See `Channels`."""
        self._unless(
            {"already_pinned"},
            self._client.pins_add,
            channel=message.channel,
            timestamp=message.ts,
        )

    def bookmark(self, channel: str, title: str, url: str) -> None:
        """See `Channels`. Slack itself would take the same one twice."""
        there = self._call(self._client.bookmarks_list, channel_id=channel)["bookmarks"]
        if all(bookmark.get("link") != url for bookmark in there):
            self._call(
                self._client.bookmarks_add,
                channel_id=channel,
                title=shorten(title, TITLE),
                type="link",
                link=url,
            )

    def invite(self, channel: str, users: Collection[str]) -> frozenset[str]:
        """See `Channels`. One who cannot be invited has Slack refuse all: then each alone."""
        wanted = sorted(users)
        if not wanted or not self._refusal(channel, wanted):
            return frozenset()
        return frozenset(user for user in wanted if self._refusal(channel, [user]) in _UNINVITABLE)

    def _refusal(self, channel: str, users: list[str]) -> str:
        """Slack's word against inviting these people; empty when they are in now."""
        try:
            invite = self._client.conversations_invite
            with self._asking(invite, passing={*_UNINVITABLE, "already_in_channel"}):
                invite(channel=channel, users=users)
        except SlackApiError as error:
            return code_of(error)
        return ""

    def archive(self, channel: str) -> None:
        """See `Channels`."""
        self._unless({"already_archived"}, self._client.conversations_archive, channel=channel)

    def _come_in(self, channel: dict[str, Any]) -> None:
        """A public channel is open to us; into a private one somebody has to invite us."""
        if not channel.get("is_member"):
            self._call(self._client.conversations_join, channel=channel["id"])

    def _of_name(self, name: str) -> dict[str, Any] | None:
        return next((each for each in self._channels() if each["name"] == name), None)

    def _channels(self) -> Iterator[dict[str, Any]]:
        """Every channel that we may see, archived ones too."""
        cursor = ""
        while True:
            page = self._call(
                self._client.conversations_list,
                types="public_channel,private_channel",
                limit=PAGE,
                cursor=cursor or None,
            )
            yield from page["channels"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _unless(
        self, done: Collection[str], method: Callable[..., SlackResponse], **arguments: Any
    ) -> SlackResponse | None:
        """The answer; None when Slack says one of these, which tell that there is nothing to
        do."""
        try:
            with self._asking(method, passing=done):
                return method(**arguments)
        except SlackApiError:
            return None
