"""A Bolt app that acknowledges everything that waits before it goes on with anything.

Bolt by itself runs five listeners at a time, each to its end: the sixth person's button is not
acknowledged before one of five others has been served. And it looks every ten milliseconds whether
a listener has acknowledged, for every request that waits.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.listener import Listener
from slack_bolt.listener.thread_runner import ThreadListenerRunner
from slack_bolt.logger.messages import warning_did_not_call_ack
from slack_bolt.middleware.authorization import SingleTeamAuthorization
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from chatbot.services.rush import Rush

LISTENERS = 64
"""Listeners that run at a time. Most of them wait: for Slack, or until the acknowledgements are
out."""


class PromptApp(App):
    """`App` with room for many listeners, in which `ack()` returns once no other
    acknowledgement is owed: what a listener does after it is not in anybody's way."""

    def __init__(self, client: WebClient, rush: Rush, **options: Any) -> None:
        super().__init__(
            name="redlight",  # Bolt would read the source of every caller to find one: 0.2 s
            client=client,
            listener_executor=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
            **options,
        )
        self._rush = rush
        self._listener_runner = _PromptRunner(self._listener_runner)

    def known_as(self, identity: SlackResponse) -> None:
        """What `auth.test` said of our token. Bolt would ask at the first request, before its
        acknowledgement, and that request would fail with Slack's answer."""
        for middleware in self._middleware_list:
            if isinstance(middleware, SingleTeamAuthorization):
                middleware.auth_test_result = identity

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """As Bolt does it; gives the acknowledgement."""
        req.context["ack"] = _FirstAck(self._rush)
        with self._rush.owing():
            return super().dispatch(req)


class _FirstAck(Ack):
    def __init__(self, rush: Rush) -> None:
        self._given = Event()
        self._response: BoltResponse | None = None
        self._rush = rush

    @property
    def response(self) -> BoltResponse | None:
        """What is answered to Slack; None until it is known."""
        return self._response

    @response.setter
    def response(self, response: BoltResponse | None) -> None:
        self._response = response
        self._given.set()

    def __call__(self, *args: Any, **kwargs: Any) -> BoltResponse:
        response = super().__call__(*args, **kwargs)
        self._rush.make_way()
        return response

    def wait(self, seconds: float) -> BoltResponse | None:
        """The response as soon as it is known; None if it is not within so many seconds."""
        self._given.wait(seconds)
        return self._response


class _PromptRunner(ThreadListenerRunner):
    """Runs a listener to its end on a thread of the pool, as Bolt does it where there are no other
    threads (`process_before_response`), and answers once it has acknowledged."""

    def __init__(self, like: ThreadListenerRunner) -> None:
        super().__init__(
            logger=like.logger,
            process_before_response=True,
            listener_error_handler=like.listener_error_handler,
            listener_start_handler=like.listener_start_handler,
            listener_completion_handler=like.listener_completion_handler,
            listener_executor=like.listener_executor,
            lazy_listener_runner=like.lazy_listener_runner,
        )

    def run(
        self,
        request: BoltRequest,
        response: BoltResponse,
        listener_name: str,
        listener: Listener,
        starting_time: float | None = None,
    ) -> BoltResponse | None:
        """The acknowledgement, or the answer to an error before it; None if the listener gives
        neither in the time that Slack waits."""
        ack: _FirstAck = request.context["ack"]
        if request.body.get("type") == "view_submission":
            # Acknowledged with what the listener found out: there is nobody to go ahead of it.
            super().run(request, response, listener_name, listener, starting_time)
            return ack.response
        if listener.auto_acknowledgement:
            ack()
        self.listener_executor.submit(
            super().run, request, response, listener_name, listener, starting_time
        )
        answer = ack.wait(listener.ack_timeout)
        if answer is None:
            self.logger.warning(warning_did_not_call_ack(listener_name))
        return answer
