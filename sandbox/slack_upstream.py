"""The one place that talks to local-slack over HTTP, and the refusals that answer in its stead."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from sandbox.slack_state import State


class Refusal(Exception):
    """An answer `{"ok": false, "error": …}`; `extra` is merged into it."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **extra}


@dataclass
class Upstream:
    """A client of local-slack at `url` (no trailing slash)."""

    session: aiohttp.ClientSession
    url: str

    async def call(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        """Call a Web API method; raises Refusal when local-slack says no."""
        async with self.session.post(f"{self.url}/api/{method}", json=args) as response:
            answer: dict[str, Any] = await response.json()
        if not answer.get("ok"):
            raise Refusal(answer.get("error", "internal_error"))
        return answer

    async def control(self, path: str) -> dict[str, Any]:
        """Read from the control API, for instance `state` or `messages/C0DEV`."""
        async with self.session.get(f"{self.url}/_control/{path}") as response:
            answer: dict[str, Any] = await response.json()
        return answer

    def through(self, text: str, host: str) -> str:
        """The text with local-slack's own addresses replaced by the edge's `host` (name:port)."""
        return text.replace(f"//{urlsplit(self.url).netloc}/", f"//{host}/")


@dataclass
class Edge:
    """What every handler needs: memory and the way to local-slack."""

    state: State
    upstream: Upstream

    async def channel(self, ref: str, *, by_name: bool = False) -> dict[str, Any]:
        """A channel of local-slack by id, or also by `#name`; raises Refusal if there is none."""
        known = self.state.channels
        name = ref.removeprefix("#")
        for attempt in range(2):
            if ref in known:
                return known[ref]
            if by_name:
                for channel in known.values():
                    if channel["name"] == name:
                        return channel
            if attempt == 0:
                await self.refresh_channels()
        if by_name and ref in self.state.workspace.users:
            opened = await self.upstream.call("conversations.open", {"users": ref})
            await self.refresh_channels()
            return known[opened["channel"]["id"]]
        raise Refusal("channel_not_found")

    async def refresh_channels(self) -> None:
        """Learn of the channels that appeared since the last look."""
        state = await self.upstream.control("state")
        self.state.channels.update({channel["id"]: channel for channel in state["channels"]})

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        """Everything local-slack holds for a channel, oldest first, ephemerals included."""
        told = await self.upstream.control(f"messages/{channel}")
        messages: list[dict[str, Any]] = told["messages"]
        return messages

    async def message(self, channel: str, ts: str) -> dict[str, Any]:
        """One message that everybody can see; raises Refusal if there is none."""
        for message in await self.messages(channel):
            if message["ts"] == ts and message.get("subtype") != "ephemeral":
                return message
        raise Refusal("message_not_found")
