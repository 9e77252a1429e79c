"""The anchor of every number about Slack: a Bolt app that acknowledges and does nothing else.

python -m benchmarks.bare_bolt
"""

import os
import re
import threading

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient


def main() -> None:
    """Connect as the environment says, with Bolt's own defaults, and acknowledge."""
    address, app_token = os.environ["SLACK_API_URL"], os.environ["SLACK_APP_TOKEN"]
    client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=address)
    app = App(client=client)

    @app.command("/change")
    @app.view("change_request")
    @app.action(re.compile(".*"))
    def acknowledge(ack: Ack) -> None:
        ack()

    socket = WebClient(token=app_token, base_url=address)
    SocketModeHandler(app, app_token, web_client=socket).connect()  # type: ignore[no-untyped-call]
    print("bare bolt ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
