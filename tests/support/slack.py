"""Drives the sandbox's Slack as people do: types commands, fills modals, clicks, reads.

Start one for a test session (it takes about half a second) and reset it between tests:

    with SlackWorkspace.running() as slack:
        slack.command("U0REQUESTER", "#dev-changes", "/change", "scale dev deploy/checkout 4")
        slack.submit("U0REQUESTER", {"justification": "Black Friday"})

Channels are named by id or `#name`, people by id. Everything waits with a deadline; a wait that
ends in vain raises AssertionError and says what was seen instead.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import websocket

from chatbot.slack.socket_mode import Handler
from sandbox.slack_workspace import APP_ID, APP_TOKEN, BOT_TOKEN
from tests.support.slack_forms import filled, pressed

T = TypeVar("T")
_ROOT = Path(__file__).parents[2]
_HTTP_SECONDS = 15
_READY = "slack ready on "
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.1
"""Seconds between two looks: what comes at once is seen at once, and a longer wait leaves the
processor to what is waited for."""


@dataclass(frozen=True)
class Submitted:
    """What came of a submission: errors by field, or the view that is open now (None: closed)."""

    errors: dict[str, str]
    view: dict[str, Any] | None


class SlackWorkspace:
    """A running workspace at `url`; build it with `running()`."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, url: str) -> None:
        self.url = url
        self.api_url = f"{url}/api/"
        self._http = requests.Session()
        self._frames: list[dict[str, Any]] = []
        self._stack: list[dict[str, Any]] = []
        self._homes: dict[str, dict[str, Any]] = {}
        self._filled: dict[str, dict[str, Any]] = {}  # by view: what was filled in stays there
        self._news = threading.Condition()
        self._happened = 0
        self._glances: dict[str, tuple[int, list[dict[str, Any]]]] = {}
        address = url.replace("http://", "ws://")
        self._ui = websocket.create_connection(f"{address}/ui?as=person", timeout=_HTTP_SECONDS)
        self._ui.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()

    @classmethod
    @contextmanager
    def running(cls, *, trigger_seconds: float = 3.0) -> "Iterator[SlackWorkspace]":
        """Start local-slack and the edge as children; stop them at the end."""
        options = ["--until-eof", "--port", "0", "--trigger-seconds", str(trigger_seconds)]
        child = subprocess.Popen(
            [sys.executable, "-m", "sandbox.slack", *options],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            line = next((line for line in child.stdout if line.startswith(_READY)), None)
            assert line is not None, f"the sandbox's Slack ended with status {child.wait(5)}"
            workspace = cls(line.removeprefix(_READY).strip())
            try:
                yield workspace
            finally:
                workspace.leave()
        finally:
            child.terminate()
            child.wait(timeout=15)
            child.stdout.close()
            child.stdin.close()

    def leave(self) -> None:
        """Close this page of the workspace."""
        self._ui.close()

    # What people do

    def command(self, user: str, channel: str, command: str, text: str = "") -> None:
        """Type a slash command; returns when the bot has acknowledged it (or after 5 s)."""
        self._stack = []  # whatever opens now is new
        self._control(
            "command", channel=self.channel(channel), user=user, command=command, text=text
        )

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> str:
        """Write a message, or a reply to `thread_ts`; returns its ts."""
        told = self._control(
            "message", channel=self.channel(channel), user=user, text=text, thread_ts=thread_ts
        )
        return str(told["message"]["ts"])

    def view(
        self, user: str, callback_id: str | None = None, *, timeout: float = 5
    ) -> dict[str, Any]:
        """Wait for the modal that is open in front of a person, as the bot built it."""

        def on_top() -> dict[str, Any] | None:
            top = self._stack[-1] if self._stack else {}
            wanted = callback_id in (None, top.get("callback_id"))
            return top if top.get("user") == user and wanted else None

        return self._wait(on_top, timeout, f"no modal {callback_id or ''} for {user}")

    def submit(self, user: str, values: Mapping[str, Any], *, timeout: float = 10) -> Submitted:
        """Fill fields of the open modal and press its button.

        `values` maps a field (its block_id) to text, to the value of an option, to a list of them,
        to a date or time as text or to a datetime; None empties a text. Fields that are not named
        keep what the modal shows, or what an earlier try filled in.
        """
        view = self.view(user)
        start = len(self._frames)
        frame = {"t": "view_submit", "user": user, "values": self._fill(view, values)}
        self._ui.send(json.dumps(frame))

        def outcome() -> Submitted | None:
            answered = False
            for seen in self._frames[start:]:
                if seen["t"] == "view_errors":
                    return Submitted(seen["errors"], view)
                answered = answered or (seen["t"] == "edge_ack" and seen["view"] == view["id"])
                if answered and seen["t"] == "view":
                    return Submitted({}, seen["stack"][-1] if seen["stack"] else None)
            return None

        return self._wait(outcome, timeout, "the bot did not answer the submission")

    def choose(self, user: str, field: str, value: Any, *, timeout: float = 5) -> dict[str, Any]:
        """Change one field that has `dispatch_action`; returns the view the bot then shows."""
        view = self.view(user)
        start = len(self._frames)
        values = self._fill(view, {field: value})
        self._ui.send(json.dumps({"t": "view_action", "block_id": field, "values": values}))

        def updated() -> dict[str, Any] | None:
            stacks = [frame["stack"] for frame in self._frames[start:] if frame["t"] == "view"]
            return stacks[-1][-1] if stacks and stacks[-1] else None

        return self._wait(updated, timeout, f"choosing {field} changed nothing")

    def close(self, user: str) -> None:
        """Close the open modal without submitting it."""
        start = len(self._frames)
        self._ui.send(json.dumps({"t": "view_close", "user": user}))
        self._wait(
            lambda: any(frame["t"] == "view" for frame in self._frames[start:]) or None,
            5,
            "the modal stayed open",
        )

    def click(
        self, user: str, channel: str, ts: str, action_id: str, *, option: str | None = None
    ) -> None:
        """Press a button, or choose `option`; returns when the bot has acknowledged it."""
        channel = self.channel(channel)
        found = [message for message in self._all(channel) if message["ts"] == ts]
        assert found, f"no message {ts} in {channel}"
        action = pressed(found[0].get("blocks") or [], action_id, option)
        self.send_click(user, channel, ts, action)

    def send_click(self, user: str, channel: str, ts: str, action: Mapping[str, Any]) -> None:
        """Send any action as if a button of this message had been pressed."""
        self._stack = []
        where = {"channel": self.channel(channel), "messageTs": ts}
        self._control("interact", **where, user=user, action=dict(action))

    def home(self, user: str, *, timeout: float = 5) -> dict[str, Any]:
        """Open the app's Home and wait until it has been published."""
        self._homes.pop(user, None)
        self._control("open-home", user=user)
        return self._wait(lambda: self._homes.get(user), timeout, f"no Home for {user}")

    def click_home(self, user: str, action_id: str, *, option: str | None = None) -> None:
        """Press a button in the Home that was opened last."""
        action = pressed(self._homes[user]["blocks"], action_id, option)
        place = {"channel": "", "messageTs": "", "appId": APP_ID}
        self._ui.send(json.dumps({"t": "block_action", "user": user, "action": action, **place}))

    # What people see

    def messages(self, channel: str, *, glance: bool = False) -> list[dict[str, Any]]:
        """What everybody sees in a channel, oldest first, without replies. With `glance` as of the
        last thing that happened in the workspace and was heard of: a moment late at most, and next
        to nothing to ask again and again."""
        return [
            message
            for message in self._all(self.channel(channel), glance=glance)
            if not message.get("thread_ts") and message.get("subtype") != "ephemeral"
        ]

    def thread(self, channel: str, ts: str, *, glance: bool = False) -> list[dict[str, Any]]:
        """The replies to a message, oldest first; `glance` as in `messages`."""
        return [
            message
            for message in self._all(self.channel(channel), glance=glance)
            if message.get("thread_ts") == ts and message.get("subtype") != "ephemeral"
        ]

    def ephemerals(self, channel: str, user: str, *, glance: bool = False) -> list[dict[str, Any]]:
        """What only this person sees in a channel, oldest first; `glance` as in `messages`."""
        return [
            message
            for message in self._all(self.channel(channel), glance=glance)
            if message.get("subtype") == "ephemeral" and message["ephemeral_to"] == user
        ]

    def direct_messages(self, user: str) -> list[dict[str, Any]]:
        """What the bot and this person wrote to each other."""
        for channel in self._channels():
            if channel["is_im"] and user in channel["members"]:
                return self._all(channel["id"])
        return []

    def channel(self, ref: str) -> str:
        """The id of a channel given by id or `#name`."""
        if not ref.startswith("#"):
            return ref
        for channel in self._channels():
            if ref == f"#{channel['name']}":
                return str(channel["id"])
        raise AssertionError(f"no channel {ref}")

    # What tests need besides

    def reset(self) -> None:
        """Back to the empty workspace; a connected bot stays connected."""
        self._http.post(f"{self.url}/_control/reset", timeout=_HTTP_SECONDS).raise_for_status()
        self._wait(lambda: not self._stack or None, 5, "the modal survived the reset")
        with self._news:
            self._frames.clear()
            self._homes.clear()
            self._glances.clear()

    def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        """The bot's calls since the reset: `method`, `args`, `answer`, `status`, `violations`."""
        calls: list[dict[str, Any]] = self._get("_edge/calls", method=method)["calls"]
        return calls

    def violations(self) -> list[str]:
        """Everything the bot sent since the reset that Slack would not have taken."""
        violations: list[str] = self._get("_edge/violations")["violations"]
        return violations

    def fault(self, method: str, **how: Any) -> None:
        """Let the next calls of `method` (`*`: any) fail; see `sandbox.slack_state.Fault`."""
        answer = self._http.post(
            f"{self.url}/_edge/fault", json={"method": method, **how}, timeout=_HTTP_SECONDS
        )
        answer.raise_for_status()

    def disconnect(self, *, abruptly: bool = False) -> int:
        """Cut every Socket Mode connection, announced or not; returns how many there were."""
        path = "_edge/disconnect?abruptly" if abruptly else "_edge/disconnect"
        answer = self._http.post(f"{self.url}/{path}", timeout=_HTTP_SECONDS)
        return int(answer.json()["connections"])

    def wait_until_connected(self, *, timeout: float = 10) -> None:
        """Wait until a bot listens in Socket Mode."""
        self.wait_for(self.connections, timeout)

    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return int(self._get("_edge/connections")["connections"])

    def hang_up(self, handler: Handler) -> None:
        """Close a Bolt app's handler, and wait until its connection is gone.

        Closing takes the SDK a second or two of waiting for its own threads; cutting the line
        first spares the test that.
        """
        handler.client.auto_reconnect_enabled = False
        self.disconnect(abruptly=True)
        self.wait_for(lambda: not handler.client.is_connected())
        threading.Thread(target=handler.close, daemon=True).start()
        self.wait_for(lambda: self.connections() == 0)

    def wait_for(self, predicate: Callable[[], T], timeout: float = 10) -> T:
        """Poll until `predicate` gives something true, and return that."""
        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while True:
            found = predicate()
            if found:
                return found
            assert time.monotonic() < deadline, (
                f"waited {timeout} s in vain; violations: {self.violations()}"
            )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    # How it is done

    def _listen(self) -> None:
        while True:
            try:
                text = self._ui.recv()
            except (websocket.WebSocketException, OSError):
                return
            if not text:
                return
            frame = json.loads(text)
            with self._news:
                self._frames.append(frame)
                self._happened += 1
                if frame["t"] == "view":
                    self._stack = frame["stack"]
                elif frame["t"] == "init":
                    self._stack = frame["state"]["modalStack"]
                elif frame["t"] == "home":
                    self._homes[frame["user"]] = frame["view"]
                self._news.notify_all()

    def _fill(self, view: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        kept = self._filled.setdefault(view["id"], {})
        kept.update(filled(view, values))
        return kept

    def _wait(self, look: Callable[[], T | None], timeout: float, complaint: str) -> T:
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = look()
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(left)
        open_now = [view.get("callback_id") for view in self._stack]
        raise AssertionError(
            f"{complaint}; open modals: {open_now}; violations: {self.violations()}"
        )

    def _control(self, what: str, **body: Any) -> dict[str, Any]:
        answer = self._http.post(f"{self.url}/_control/{what}", json=body, timeout=_HTTP_SECONDS)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._http.get(f"{self.url}/{path}", params=query, timeout=_HTTP_SECONDS)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def _channels(self) -> list[dict[str, Any]]:
        channels: list[dict[str, Any]] = self._get("_control/state")["channels"]
        return channels

    def _all(self, channel: str, *, glance: bool = False) -> list[dict[str, Any]]:
        happened = self._happened
        if glance and (seen := self._glances.get(channel)) and seen[0] == happened:
            return seen[1]
        messages: list[dict[str, Any]] = self._get(f"_control/messages/{channel}")["messages"]
        self._glances[channel] = (happened, messages)
        return messages


@pytest.fixture(scope="session")
def slack_workspace() -> Iterator[SlackWorkspace]:
    """One workspace for the whole test worker."""
    with SlackWorkspace.running() as workspace:
        yield workspace


@pytest.fixture
def slack(slack_workspace: SlackWorkspace) -> SlackWorkspace:
    """The workspace, empty."""
    slack_workspace.reset()
    return slack_workspace
