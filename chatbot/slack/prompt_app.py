"""A Bolt app that acknowledges everything that waits before it goes on with anything.

Bolt by itself runs five listeners at a time, each to its end: the sixth person's button is not
acknowledged before one of five others has been served.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltRequest, BoltResponse
from slack_sdk import WebClient

from chatbot.services.rush import Rush

LISTENERS = 64
"""Listeners that run at a time. Most of them wait: for Slack, or until the acknowledgements are
out."""


class PromptApp(App):
    """`App` with room for many listeners, in which `ack()` returns once no other
    acknowledgement is owed: what a listener does after it is not in anybody's way."""

    def __init__(self, client: WebClient, rush: Rush, **options: Any) -> None:
        super().__init__(
            client=client,
            listener_executor=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
            **options,
        )
        self._rush = rush
        self.middleware(self._acknowledge_first)

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """As Bolt does it; gives the acknowledgement."""
        with self._rush.owing():
            return super().dispatch(req)

    def _acknowledge_first(
        self,
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002 - Bolt's name
    ) -> BoltResponse:
        context["ack"] = _FirstAck(self._rush)
        return next()


class _FirstAck(Ack):
    def __init__(self, rush: Rush) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Bolt leaves it out
        self._rush = rush

    def __call__(self, *args: Any, **kwargs: Any) -> BoltResponse:
        response = super().__call__(*args, **kwargs)
        self._rush.make_way()
        return response
