"""A senior's say, lent to somebody for a while."""

import re
from datetime import timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from chatbot.domain.errors import Refused
from chatbot.domain.mrkdwn import code, mention, moment
from chatbot.domain.person import Person, why_not_counted

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=14)

_PERIOD = re.compile(r"([0-9]{1,4})([hd])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_SHOWN_WORD = 60


class Delegation(BaseModel):
    """Who speaks for which senior; from `since` until before `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    senior: str
    """Slack user id."""
    delegate: str
    """Slack user id."""
    since: AwareDatetime
    until: AwareDatetime


def parse_period(text: str) -> timedelta:
    """`3d` and `12h` to a time between an hour and two weeks. Raises `Refused`."""
    match = _PERIOD.fullmatch(text.lower())
    period = int(match[1]) * _UNITS[match[2]] if match else timedelta()
    if not SHORTEST <= period <= LONGEST:
        raise Refused(
            f"{code(text, _SHOWN_WORD)} is no time that can be delegated for: give from `1h` to "
            "`14d`, such as `/change delegate @somebody 3d`."
        )
    return period


def why_not_delegate(*, is_senior: bool, to: Person, to_is_senior: bool) -> str:
    """Why this say cannot be lent to that person; empty when it can. `is_senior` tells whether
    whoever lends it has one."""
    if not is_senior:
        return "Only a senior has a say to delegate."
    if sentence := why_not_counted(to):
        return f"{mention(to.id)} cannot approve for anybody: {sentence}"
    if to_is_senior:
        return f"{mention(to.id)} is a senior, and approves without being asked to."
    return ""


def taken(held: Delegation) -> str:
    """Why one person cannot speak for two: who they speak for already."""
    return (
        f"{mention(held.delegate)} speaks for {mention(held.senior)} until {moment(held.until)}, "
        "and one person has one voice. Choose somebody else, or let that end first: "
        "`/change undelegate @somebody`."
    )
