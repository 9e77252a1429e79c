"""What people read of freezes where they look first: the list, App Home, and the answer to whoever
made or lifted one."""

from collections.abc import Sequence

from chatbot.blocks.kit import Block, section
from chatbot.domain.change import Change
from chatbot.domain.freeze import ALL, Freeze, announcement, begun, how_to_lift
from chatbot.domain.mrkdwn import code

_SHOWN = 5


def notices(freezes: Sequence[Freeze], environment: str = "") -> list[Block]:
    """A paragraph that tells what is frozen, in one environment or anywhere; nothing when nothing
    is. `freezes` are those in force, the most important first."""
    lines = [_line(freeze, environment) for freeze in freezes[:_SHOWN]]
    left = len(freezes) - _SHOWN
    more = [f"_and {left} more_"] if left > 0 else []
    return [section("\n".join([*lines, *more]))] if lines else []


def made(freeze: Freeze) -> str:
    """To whoever froze something."""
    return f"{begun(freeze)} {how_to_lift(freeze)}"


def lifted(environment: str, still: Sequence[Freeze]) -> str:
    """To whoever lifted a freeze; `still` are those that stop something there all the same."""
    what = "What was frozen with `all`" if environment == ALL else code(environment)
    first = f"{what} is not frozen any more; what waited goes on."
    if not still:
        return first
    return "\n".join([f"This freeze of {code(environment)} is lifted. Still:", *map(_line, still)])


def let_through(change: Change) -> str:
    """To whoever made an exception."""
    return f"{change.id} may go on in spite of the freeze. Its thread says who let it through."


def _line(freeze: Freeze, environment: str = "") -> str:
    return f"❄ {announcement(freeze, environment)} {how_to_lift(freeze)}"
