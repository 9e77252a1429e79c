"""Many requests at once, on a real Bolt app whose listeners are slow after their `ack()`."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import Ack, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from chatbot.services.rush import Rush
from chatbot.slack.prompt_app import PromptApp

AT_ONCE = 50
SECONDS = 30


def test_everybody_is_acknowledged_while_all_listeners_are_still_at_work() -> None:
    app = PromptApp(
        WebClient(token="xoxb-test"),
        Rush(),
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0", bot_token="xoxb-test"),
        request_verification_enabled=False,
    )
    finish = threading.Event()
    at_work = threading.Semaphore(0)

    @app.command("/change")
    def change(ack: Ack) -> None:
        ack()
        at_work.release()
        finish.wait(SECONDS)

    def command(_: int) -> BoltResponse:
        body = {"command": "/change", "user_id": "U0", "team_id": "T0", "channel_id": "C0"}
        return app.dispatch(BoltRequest(body=json.dumps(body), mode="socket_mode"))

    try:
        with ThreadPoolExecutor(AT_ONCE) as people:
            answers = list(people.map(command, range(AT_ONCE)))
        assert [answer.status for answer in answers] == [200] * AT_ONCE
        assert all(at_work.acquire(timeout=SECONDS) for _ in range(AT_ONCE))
    finally:
        finish.set()
