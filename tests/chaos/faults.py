"""What goes wrong at a call, and when the bot may come back after it was asked for patience."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.stage import Stage
from tests.support.call_names import is_effect
from tests.support.proxy import Arrival, Call, Fault

PATIENCE_ASKED = 1
"""Seconds of `Retry-After`."""

IN_FLIGHT = 0.3
"""Seconds after the refusal in which what another thread sent before it still arrives."""

SHORT_TIMEOUTS = (
    "[timeouts]\nslack_seconds = 1\ngithub_seconds = 1\ncluster_seconds = 1\njira_seconds = 1\n"
)
"""For the bot that is never answered: waiting for that is what most of a round would be."""

_LIMITED: Mapping[str, Mapping[str, object]] = {
    "slack": {"ok": False, "error": "ratelimited"},
    "forge": {"message": "You have exceeded a secondary rate limit."},
    "jira": {"errorMessages": ["Rate limit exceeded."], "errors": {}},
    "cluster": {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "TooManyRequests",
        "message": "too many requests, please try again later",
        "code": 429,
    },
}
_BROKEN = b"<html><body><h1>500 Internal Server Error</h1></body></html>"
"""Not what an API says, but what stands in front of one does."""


@dataclass(frozen=True)
class Weather:
    """One kind of fault."""

    name: str
    fault: Callable[[str], Fault]
    """The fault at a call of this name."""


def _limit(name: str) -> Fault:
    body = json.dumps(_LIMITED[name.partition(" ")[0]]).encode()
    headers = {"Retry-After": str(PATIENCE_ASKED), "Content-Type": "application/json"}
    return Fault(status=429, headers=headers, body=body)


def _broken(*, reached: bool) -> Fault:
    return Fault(status=500, headers={"Content-Type": "text/html"}, body=_BROKEN, reached=reached)


LIMIT = Weather("429", _limit)
_LOST = Weather("timeout", lambda name: Fault(hang=True))
_CUT = Weather("reset", lambda name: Fault())
_CUT_THOUGH_DONE = Weather("reset though done", lambda name: Fault(reached=True))
KINDS = (LIMIT, Weather("500", lambda name: _broken(reached=False)), _LOST, _CUT)
DONE_ALL_THE_SAME = (
    Weather("500 though done", lambda name: _broken(reached=True)),
    Weather("timeout though done", lambda name: Fault(hang=True, reached=True)),
    _CUT_THOUGH_DONE,
)
"""What makes a difference only where a call changes something."""


@dataclass(frozen=True)
class Case:
    """One fault at one call."""

    call: Call
    weather: Weather

    def fault(self, _: Stage) -> Fault:
        return self.weather.fault(self.call.name)

    def __str__(self) -> str:
        return f"{self.weather.name} at {self.call.name} #{self.call.occurrence}"


def kinds_at(name: str) -> Sequence[Weather]:
    """What can go wrong at a call of this name. An acknowledgement in Socket Mode has no answer: it
    is lost, or the socket is, before or after it came through."""
    if is_acknowledgement(name):
        return (_LOST, _CUT, _CUT_THOUGH_DONE)
    return (*KINDS, *DONE_ALL_THE_SAME) if is_effect(name) else KINDS


def is_acknowledgement(name: str) -> bool:
    """Whether it goes over the socket that Slack's requests come in by."""
    return name.startswith("slack ack ")


def impatient(arrivals: Sequence[Arrival]) -> list[str]:
    """Calls that came although `Retry-After` had not passed. Slack limits a method; GitHub, Jira
    and an API server limit the caller, whatever it asks. Who is limited as one of the cluster's
    users may go on as the other: an emergency does not wait for what every day may look at."""
    return [
        f"{arrival.call} came {arrival.at - refused.told:.2f} s after 429 at {refused.call}"
        for refused in arrivals
        if refused.fault and refused.fault.status == LIMIT.fault("slack").status
        for arrival in arrivals
        if _limited(arrival) == _limited(refused)
        and IN_FLIGHT < arrival.at - refused.told < PATIENCE_ASKED
    ]


def _limited(arrival: Arrival) -> tuple[str, str]:
    """Whom a limit at this call concerns."""
    system, what, *_ = arrival.call.name.split(" ")
    return (f"{system} {what}" if system == "slack" else system), arrival.caller
