"""The anchor of the click that merges: a Bolt app that merges the pull request whose number the
button carries, with PyGithub as it is, and asks nothing.

python -m benchmarks.bare_merge
"""

import os
import threading
from typing import Any

import github
from github.Repository import Repository
from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

REPO = "acme/cluster-config"


def connected(url: str, token: str) -> Repository:
    """The repository, over a connection that stays open and does not wait between requests."""
    hub = github.Github(
        base_url=url,
        auth=github.Auth.Token(token),
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    return hub.get_repo(REPO)


def main() -> None:
    """Connect as the environment says, and merge at every click."""
    address, app_token = os.environ["SLACK_API_URL"], os.environ["SLACK_APP_TOKEN"]
    app = App(client=WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=address))
    repo = connected(os.environ["GITHUB_API_URL"], os.environ["GITHUB_TOKEN"])

    @app.action("approve")
    def approve(ack: Ack, action: dict[str, Any]) -> None:
        ack()
        repo.get_pull(int(action["value"])).merge()

    socket = WebClient(token=app_token, base_url=address)
    SocketModeHandler(app, app_token, web_client=socket).connect()  # type: ignore[no-untyped-call]
    print("bare merge ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
