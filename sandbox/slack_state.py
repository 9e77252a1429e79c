"""What the edge remembers beyond local-slack: overlays, open views, faults and the record of calls.

Everything here is gone with a reset, as in local-slack itself.
"""

import secrets
import time
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.slack_workspace import Workspace

_FORGOTTEN = (
    *("calls", "faults", "violations", "channels", "overlays", "metadata", "triggers"),
    *("spent_triggers", "hooks", "envelopes", "modals", "stack", "homes"),
)


@dataclass
class Call:
    """One call of the bot, as `GET /_edge/calls` tells it; tokens are never kept."""

    method: str
    args: dict[str, Any]
    at: float
    status: int = 0
    answer: Any = None
    violations: list[str] = field(default_factory=list)


@dataclass
class Fault:
    """One kind of bad weather for one method (`*` for all), for the next `times` calls."""

    method: str
    status: int = 200
    error: str = ""
    retry_after: int = 0
    times: int = 1
    delay: float = 0.0  # seconds before anything else happens
    drop: bool = False  # cut the connection instead of answering
    after: bool = False  # do the work first: the answer is what gets lost

    @property
    def answers(self) -> bool:
        """Whether it takes the place of the real answer (a mere delay does not)."""
        return self.drop or bool(self.error) or self.status != HTTPStatus.OK


@dataclass
class Channel:
    """What local-slack does not keep about a channel."""

    archived: bool = False
    topic: str = ""
    invited: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Hook:
    """A response_url: Slack takes five posts in thirty minutes."""

    user: str
    issued: float
    uses: int = 0
    channel: str = ""  # of one that the edge gave out itself: local-slack knows nothing of it


@dataclass
class Pending:
    """An envelope on its way to the bot; kept, so that a second connection does not get it too."""

    payload: dict[str, Any]
    kind: str
    sent: float
    acknowledged: bool = False


@dataclass(frozen=True)
class Modal:
    """An open modal: which version of it is current, and who looks at it."""

    hash: str
    user: str
    external_id: str


@dataclass
class State:
    """All of it; one object for one edge."""

    workspace: Workspace
    trigger_seconds: float = 3.0
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    overlays: dict[str, Channel] = field(default_factory=dict)
    metadata: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    triggers: dict[str, tuple[float, str]] = field(default_factory=dict)
    spent_triggers: set[str] = field(default_factory=set)
    upstream_trigger: str = ""  # the last one that local-slack gave out; it takes any again
    hooks: dict[str, Hook] = field(default_factory=dict)
    envelopes: dict[str, Pending] = field(default_factory=dict)
    modals: dict[str, Modal] = field(default_factory=dict)  # the open ones, bottom first
    stack: list[dict[str, Any]] = field(default_factory=list)  # as local-slack last told it
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: set[web.WebSocketResponse] = field(default_factory=set)
    bots: set[web.WebSocketResponse] = field(default_factory=set)

    def reset(self) -> None:
        """Forget everything but the workspace and who is connected."""
        for name in _FORGOTTEN:
            getattr(self, name).clear()

    def record(self, method: str, args: dict[str, Any]) -> Call:
        """Start the record of one call."""
        call = Call(method, args, time.time())
        self.calls.append(call)
        return call

    def take_fault(self, method: str) -> Fault | None:
        """The fault that hits this call, used up by one."""
        for fault in self.faults:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def overlay(self, channel: str) -> Channel:
        """What we know about a channel beyond local-slack."""
        return self.overlays.setdefault(channel, Channel())

    def members(self, channel: dict[str, Any]) -> list[str]:
        """Everybody in a channel, invited people included."""
        return [*channel["members"], *self.overlay(channel["id"]).invited]

    def told(self, method: str | None) -> list[dict[str, Any]]:
        """The recorded calls as JSON, of one method or all."""
        return [asdict(call) for call in self.calls if method in (None, call.method)]


def new_id(prefix: str) -> str:
    """An id in Slack's style: a letter and ten capitals or digits."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    return prefix + "".join(secrets.choice(alphabet) for _ in range(10))
