import re
from pathlib import Path

from chatbot.domain.lifecycle import TERMINAL, TRANSITIONS, Event, State

DIAGRAM = Path(__file__).parents[3] / "docs" / "lifecycle.md"
ARROW = re.compile(r"^    (\w+|\[\*\]) --> (\w+|\[\*\])(?:: (\w+))?$", re.MULTILINE)


def arrows() -> set[tuple[str, str, str]]:
    return {(a, b, event) for a, b, event in ARROW.findall(DIAGRAM.read_text())}


def test_the_diagram_shows_every_transition_and_no_other() -> None:
    drawn = {((State(a), Event(event)), State(b)) for a, b, event in arrows() if event}
    assert drawn == set(TRANSITIONS.items())


def test_the_diagram_ends_where_the_table_ends() -> None:
    assert {a for a, b, _ in arrows() if b == "[*]"} == {state.value for state in TERMINAL}
    assert {b for a, b, _ in arrows() if a == "[*]"} == {State.REQUESTED.value}
