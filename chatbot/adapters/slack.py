"""Slack's Web API behind the `Chat` port. Messages carry the change id and a key in their
metadata, so that one whose post was not recorded can be found again."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from typing import Any, ParamSpec, TypeVar
from urllib.error import URLError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from chatbot.adapters.patience import Patience
from chatbot.adapters.retry_after import retry_after
from chatbot.blocks import card as card_blocks
from chatbot.blocks.kit import Block, context, section
from chatbot.blocks.notice_buttons import notice_buttons
from chatbot.domain.announcement import Announcement
from chatbot.domain.card import Card
from chatbot.domain.change import MessageRef
from chatbot.domain.errors import Closed, NotFound, Permanent, RedlightError, RetryLater
from chatbot.domain.mrkdwn import link
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.person import Person

log = structlog.get_logger()

EVENT_TYPE = "redlight_message"
CARD_KEY = "card"
LIMIT_PAUSE = timedelta(seconds=1)
"""For a limit that comes without a time."""

PAGE = 200
PAGES = 5
"""How far back a lost message is looked for: a thousand messages."""

_TRANSIENT = frozenset(
    {
        "ratelimited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "external_channel_migrating",
    }
)
_MISSING = frozenset(
    {
        "message_not_found",
        "no_such_subteam",
        "not_found",
        "thread_not_found",
        "user_not_found",
        "users_not_found",
    }
)
_REMEDIES = {
    "not_in_channel": "Invite the app to the channel: /invite @redlight.",
    "channel_not_found": "Create the channel, or correct its name in redlight.toml, and invite "
    "the app to it.",
    "is_archived": "Unarchive the channel, or name another one in redlight.toml.",
    "missing_scope": "Add the scope to the app and install it again; manifest.yaml lists them all.",
    "invalid_auth": "SLACK_BOT_TOKEN is not valid; install the app again and set the new one.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked; install the app again and set the new one.",
}

_CODE = re.compile(r"[a-z0-9_]+")

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SlackChat:
    """The `Chat` port. `client` has a timeout and makes no retries of its own: the rows do."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._patience: dict[str, Patience] = {}
        """By method: Slack limits each on its own."""
        self._channel_ids: dict[str, str] = {}
        self._archives = ""
        """What every permalink of the workspace starts with, once Slack has given one."""

    def person(self, user: str) -> Person:
        """Raises `NotFound`."""
        found: dict[str, Any] = self._call(self._client.users_info, user=user)["user"]
        profile = found.get("profile") or {}
        return Person(
            id=found["id"],
            name=profile.get("display_name") or found.get("real_name") or found.get("name", ""),
            email=profile.get("email") or "",
            time_zone=found.get("tz") or "UTC",
            is_bot=bool(found.get("is_bot")),
            is_guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
            is_stranger=bool(found.get("is_stranger")),
            is_deactivated=bool(found.get("deleted")),
        )

    def user_by_email(self, email: str) -> str | None:
        """Slack user id of a member's e-mail address; None if nobody has it."""
        try:
            answer = self._call(self._client.users_lookupByEmail, email=email)
        except NotFound:
            return None
        return str(answer["user"]["id"])

    def group_members(self, handle: str) -> frozenset[str]:
        """User ids of a user group, named `@handle`. Raises `NotFound`."""
        groups = self._call(self._client.usergroups_list)["usergroups"]
        wanted = handle.removeprefix("@")
        for group in groups:
            if group["handle"] == wanted:
                answer = self._call(self._client.usergroups_users_list, usergroup=group["id"])
                return frozenset(answer["users"])
        raise NotFound(f"There is no user group {handle} in this workspace")

    def post_card(self, channel: str, card: Card) -> MessageRef:
        """Post the card for the first time."""
        return self._post(
            channel,
            card_blocks.summary(card),
            card_blocks.blocks(card),
            change=card.change.id,
            key=CARD_KEY,
        )

    def update_card(self, message: MessageRef, card: Card) -> None:
        """Draw the card anew where it stands."""
        self._call(
            self._client.chat_update,
            channel=message.channel,
            ts=message.ts,
            text=card_blocks.summary(card),
            blocks=card_blocks.blocks(card),
            metadata=metadata_of(card.change.id, CARD_KEY),
        )

    def find_card(self, channel: str, change: str) -> MessageRef | None:
        """The card as posted before, by message metadata."""
        return self._find(self._channel_id(channel), "", change, CARD_KEY)

    def send(self, notice: Notice, change: str, card: MessageRef | None) -> MessageRef:
        """Send it: under the card, or to the person with a link to the card."""
        blocks = [section(notice.text), *notice_buttons(notice, change)]
        if notice.audience is Audience.DIRECT:
            channel, thread = self._direct(notice.user), ""
            blocks += self._way_to(card) if card else []
        else:
            channel, thread = _standing(card)
        return self._post(
            channel,
            notice.text,
            blocks,
            change=change,
            key=notice.key,
            thread=thread,
        )

    def find_notice(
        self, notice: Notice, change: str, card: MessageRef | None
    ) -> MessageRef | None:
        """The notice as sent before, by message metadata."""
        if notice.audience is Audience.DIRECT:
            return self._find(self._direct(notice.user), "", change, notice.key)
        channel, thread = _standing(card)
        return self._find(channel, thread, change, notice.key)

    def announce(self, announcement: Announcement) -> None:
        """Post it in its channel."""
        text = announcement.text
        self._post(announcement.channel, text, [section(text)], change="", key=announcement.key)

    def was_announced(self, announcement: Announcement) -> bool:
        """Whether it stands in its channel, by message metadata."""
        channel = self._channel_id(announcement.channel)
        return self._find(channel, "", "", announcement.key) is not None

    def link(self, message: MessageRef) -> str:
        """Permalink of a message. Slack is asked for one; the others follow from it, because a
        list of ten changes must not cost ten calls."""
        suffix = f"{message.channel}/p{message.ts.replace('.', '')}"
        if self._archives:
            return f"{self._archives}{suffix}"
        answer = self._call(
            self._client.chat_getPermalink, channel=message.channel, message_ts=message.ts
        )
        permalink = str(answer["permalink"])
        if permalink.endswith(suffix):
            self._archives = permalink.removesuffix(suffix)
        return permalink

    def _way_to(self, card: MessageRef) -> list[Block]:
        """The card's link as small print; nothing if Slack does not give it: what the message
        says is worth more than the way to it."""
        try:
            return [context(link(self.link(card), "Open the card"))]
        except RedlightError as error:
            log.info("card.unlinked", because=str(error))
            return []

    def _post(
        self,
        channel: str,
        text: str,
        blocks: list[dict[str, Any]],
        *,
        change: str,
        key: str,
        thread: str = "",
    ) -> MessageRef:
        answer = self._call(
            self._client.chat_postMessage,
            channel=channel,
            text=text,
            blocks=blocks,
            thread_ts=thread or None,
            metadata=metadata_of(change, key),
            unfurl_links=False,
            unfurl_media=False,
        )
        ref = MessageRef(channel=answer["channel"], ts=answer["ts"])
        self._channel_ids.setdefault(channel, ref.channel)
        return ref

    def _find(self, channel: str, thread: str, change: str, key: str) -> MessageRef | None:
        cursor = ""
        for _ in range(PAGES):
            page = self._history(channel, thread, cursor)
            for message in page["messages"]:
                metadata = message.get("metadata") or {}
                if metadata.get("event_payload") == {"change": change, "key": key}:
                    return MessageRef(channel=channel, ts=message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return None

    def _history(self, channel: str, thread: str, cursor: str) -> SlackResponse:
        common: dict[str, Any] = {
            "channel": channel,
            "include_all_metadata": True,
            "limit": PAGE,
            "cursor": cursor or None,
        }
        if thread:
            return self._call(self._client.conversations_replies, ts=thread, **common)
        return self._call(self._client.conversations_history, **common)

    def _direct(self, user: str) -> str:
        return str(self._call(self._client.conversations_open, users=[user])["channel"]["id"])

    def _channel_id(self, name: str) -> str:
        """History is read by id; names are what people configure."""
        if not name.startswith("#"):
            return name
        if name not in self._channel_ids:
            self._channel_ids[name] = self._look_up_channel(name)
        return self._channel_ids[name]

    def _look_up_channel(self, name: str) -> str:
        cursor = ""
        while True:
            page = self._call(
                self._client.users_conversations,
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PAGE,
                cursor=cursor or None,
            )
            for channel in page["channels"]:
                if channel["name"] == name.removeprefix("#"):
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                raise NotFound(
                    f"Redlight is in no channel named {name}", remedy=_REMEDIES["channel_not_found"]
                )

    def _call(self, method: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self._asking(method):
            return method(*args, **kwargs)

    @contextmanager
    def _asking(
        self, method: Callable[..., Any], *, passing: Collection[str] = ()
    ) -> Iterator[None]:
        patience = self._patience.setdefault(method.__name__, Patience())
        with patience.honoured(), translating(passing=passing):
            yield


@contextmanager
def translating(*, passing: Collection[str] = ()) -> Iterator[None]:
    """Slack's refusals and a network that fails, as the two families; refusals whose code is in
    `passing` are the caller's to understand."""
    try:
        yield
    except SlackApiError as error:
        if code_of(error) in passing:
            raise
        raise translated(error) from error
    except (SlackClientError, URLError, HTTPException, OSError) as error:
        raise RetryLater(f"Slack does not answer ({type(error).__name__})") from error


def code_of(error: SlackApiError) -> str:
    """Slack's word for its refusal, `name_taken`; empty when there is none."""
    data = getattr(error.response, "data", None)
    said = str(data.get("error", "")) if isinstance(data, dict) else ""
    return said if _CODE.fullmatch(said) else ""  # a page in HTML becomes a sentence in the SDK


def translated(error: SlackApiError) -> RetryLater | Permanent:
    """Slack's refusal as one of the two families."""
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    data = getattr(response, "data", None)
    code = code_of(error)
    if status == 429 or code == "ratelimited":
        asked = retry_after((response.headers or {}).get("Retry-After"))
        return RetryLater("Slack limits how often we may call", after=asked or LIMIT_PAUSE)
    if status >= 500 or code in _TRANSIENT:
        return RetryLater(f"Slack is not well ({code or status})")
    sentence = f"Slack said {code or status}"
    if isinstance(data, dict) and data.get("needed"):
        sentence += f" (needs {data['needed']})"
    if code in _MISSING:
        return NotFound(sentence)
    family = Closed if code == "is_archived" else Permanent
    return family(sentence, remedy=_REMEDIES.get(code, ""))


def metadata_of(change: str, key: str) -> dict[str, Any]:
    """What a message carries, so that it can be found again."""
    return {"event_type": EVENT_TYPE, "event_payload": {"change": change, "key": key}}


def _standing(card: MessageRef | None) -> tuple[str, str]:
    if card is None:
        raise RetryLater("the card is not posted yet")
    return card.channel, card.ts
