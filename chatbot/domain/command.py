"""What somebody typed after `/change`, as data. Wrong words become one clear sentence.

The sentences are mrkdwn: a typed word comes back in a code span, where it mentions nobody.
"""

import html
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chatbot.domain.change import Operation, parse_change_id
from chatbot.domain.delegation import parse_period
from chatbot.domain.errors import Refused
from chatbot.domain.freeze_command import REASONED, ReasonedCommand, parse_reasoned_command
from chatbot.domain.mrkdwn import code
from chatbot.domain.obligation import Kind

REQUESTABLE = (Operation.APPLY, Operation.SCALE, Operation.RESTART)
_SHOWN_WORD = 60
_MENTION = re.compile(r"<@([UW][A-Z0-9_]+)(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?://|mailto:)[^<>|]*)(?:\|([^<>]*))?>")
_OPERATIONS = {operation.value: operation for operation in REQUESTABLE}


@dataclass(frozen=True)
class RequestCommand:
    """`/change [request] [apply|scale|restart] [env] [[namespace/]kind/name] [replicas]`."""

    operation: str = ""
    environment: str = ""
    namespace: str = ""
    kind: str = ""
    name: str = ""
    replicas: str = ""


@dataclass(frozen=True)
class ShowCommand:
    """`/change show CHG-n`."""

    number: int


@dataclass(frozen=True)
class CancelCommand:
    """`/change cancel CHG-n`."""

    number: int


@dataclass(frozen=True)
class RollbackCommand:
    """`/change rollback CHG-n`."""

    number: int


@dataclass(frozen=True)
class ListCommand:
    """`/change list [mine|open|<env>|<text>]`; empty means open."""

    filter: str = ""


@dataclass(frozen=True)
class HelpCommand:
    """`/change help`."""


@dataclass(frozen=True)
class DelegateCommand:
    """`/change delegate @user 3d`."""

    user: str
    """Slack user id."""
    period: timedelta


@dataclass(frozen=True)
class HandoverCommand:
    """`/change handover CHG-n @user [postmortem|reconciliation]`."""

    number: int
    user: str
    """Slack user id."""
    kind: Kind | None = None
    """None: everything that the change owes."""


@dataclass(frozen=True)
class UndelegateCommand:
    """`/change undelegate @user`."""

    user: str
    """Slack user id."""


Command = (
    RequestCommand
    | ShowCommand
    | CancelCommand
    | RollbackCommand
    | ListCommand
    | HelpCommand
    | DelegateCommand
    | UndelegateCommand
    | HandoverCommand
    | ReasonedCommand
)

_OF_ONE_CHANGE: dict[str, type[ShowCommand | CancelCommand | RollbackCommand]] = {
    "show": ShowCommand,
    "cancel": CancelCommand,
    "rollback": RollbackCommand,
}


def parse_command(text: str) -> Command:
    """Read the text of a `/change`. Raises `Refused` with a sentence that shows the right form."""
    words = _split(_as_typed(text))
    if not words:
        return RequestCommand()
    verb, rest = words[0].lower(), words[1:]
    match verb:
        case "help":
            return HelpCommand()
        case "list":
            return ListCommand(" ".join(rest))
        case _ if verb in _OF_A_PERSON:
            return _OF_A_PERSON[verb](rest)
        case _ if verb in REASONED:
            return parse_reasoned_command(verb, _as_typed(text))
        case _ if verb in _OF_ONE_CHANGE:
            return _OF_ONE_CHANGE[verb](_change_number(verb, rest))
        case "request":
            return _request(rest)
        case _ if verb in _OPERATIONS:
            return _request(words)
    raise Refused(
        f"`/change help` shows what there is; {_word(f'/change {verb}')} is not among it. "
        "`/change` alone opens a form."
    )


def parse_emergency(text: str) -> RequestCommand | HelpCommand:
    """Read the text of a `/breakglass`: nothing, `help`, an environment, or the words of a
    `/change`. Raises `Refused` with a sentence that shows the right form."""
    words = _split(_as_typed(text))
    if [word.lower() for word in words] == ["help"]:
        return HelpCommand()
    if len(words) == 1 and words[0].lower() not in _OPERATIONS:
        return RequestCommand(environment=words[0])
    if len(words) > 1 and words[0].lower() not in _OPERATIONS:
        raise Refused(
            f"{_word(words[0])} is no operation. Write `/breakglass prod`, or "
            "`/breakglass scale prod deploy/web 5`."
        )
    return _request(words)


def _word(text: str) -> str:
    return code(text, _SHOWN_WORD)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _as_typed(text: str) -> str:
    """Slack makes links of what looks like an address (`example.com`), and entities of `&`; what
    was typed is meant. Mentions stay as they are."""
    return html.unescape(_LINK.sub(lambda link: link[2] or link[1], text))


def _delegate(words: list[str]) -> DelegateCommand:
    if len(words) != 2:
        raise Refused("Who, and for how long? Write it like `/change delegate @somebody 3d`.")
    return DelegateCommand(_user(words[0]), parse_period(words[1]))


def _undelegate(words: list[str]) -> UndelegateCommand:
    if len(words) != 1:
        raise Refused("Who? Write it like `/change undelegate @somebody`.")
    return UndelegateCommand(_user(words[0]))


def _handover(words: list[str]) -> HandoverCommand:
    number = parse_change_id(words[0]) if len(words) in (2, 3) else None
    kinds: dict[str, Kind | None] = {"": None, **{kind.value: kind for kind in Kind}}
    named = "".join(words[2:]).lower()
    if number is None or named not in kinds:
        raise Refused(
            "What, and to whom? Write it like `/change handover CHG-12 @somebody`, with "
            "`postmortem` or `reconciliation` at the end if it is only one of both."
        )
    return HandoverCommand(number, _user(words[1]), kinds[named])


def _user(word: str) -> str:
    match = _MENTION.fullmatch(word)
    if match is None:
        raise Refused(
            f"I can't tell who {_word(word)} is. Type @ and pick the person from the list that "
            "Slack shows."
        )
    return match[1]


_OF_A_PERSON: dict[str, Callable[[list[str]], Command]] = {
    "delegate": _delegate,
    "undelegate": _undelegate,
    "handover": _handover,
}


def _change_number(verb: str, rest: list[str]) -> int:
    number = parse_change_id(rest[0]) if len(rest) == 1 else None
    if number is None:
        raise Refused(f"Which change? Write it like `/change {verb} CHG-12`.")
    return number


def _request(words: list[str]) -> RequestCommand:
    operation = words[0].lower() if words else ""
    if operation and operation not in _OPERATIONS:
        raise Refused(
            f"{_word(words[0])} is no operation. There are apply, scale and restart: "
            "`/change scale test deploy/web 5`."
        )
    environment = words[1] if len(words) > 1 else ""
    namespace, kind, name = _target(words[2]) if len(words) > 2 else ("", "", "")
    replicas = words[3] if len(words) > 3 else ""
    if len(words) > 4:
        raise Refused(
            f"I don't know what {_word(words[4])} is for. The form is "
            "`/change scale test deploy/web 5`; the rest is asked in the form that opens."
        )
    return RequestCommand(operation, environment, namespace, kind, name, replicas)


def _target(word: str) -> tuple[str, str, str]:
    parts = word.split("/")
    if len(parts) == 2 and all(parts):
        return "", parts[0], parts[1]
    if len(parts) == 3 and all(parts):
        return parts[0], parts[1], parts[2]
    raise Refused(f"{_word(word)} names no object. Write kind/name, such as `deploy/web`.")
