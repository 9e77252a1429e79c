from collections import deque
from itertools import product

import pytest

from chatbot.domain.errors import InvalidTransition
from chatbot.domain.lifecycle import (
    HOLDING,
    TERMINAL,
    TRANSITIONS,
    Event,
    State,
    allows,
    transition,
)

UNLISTED = [pair for pair in product(State, Event) if pair not in TRANSITIONS]


def reachable_from(start: State) -> set[State]:
    seen, queue = {start}, deque([start])
    while queue:
        state = queue.popleft()
        for (before, _), after in TRANSITIONS.items():
            if before is state and after not in seen:
                seen.add(after)
                queue.append(after)
    return seen


@pytest.mark.parametrize(("pair", "after"), TRANSITIONS.items(), ids=str)
def test_a_listed_pair_leads_to_its_state(pair: tuple[State, Event], after: State) -> None:
    assert allows(*pair)
    assert transition(*pair) is after


def test_every_unlisted_pair_raises_and_names_state_and_event() -> None:
    assert len(UNLISTED) + len(TRANSITIONS) == len(State) * len(Event)
    for state, event in UNLISTED:
        assert not allows(state, event)
        with pytest.raises(InvalidTransition, match=f"{state}.*{event}"):
            transition(state, event)


def test_every_state_is_reachable_from_requested() -> None:
    assert reachable_from(State.REQUESTED) == set(State)


@pytest.mark.parametrize("state", sorted(set(State) - TERMINAL))
def test_every_open_state_can_end(state: State) -> None:
    assert reachable_from(state) & TERMINAL


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_nothing_leaves_a_terminal_state(state: State) -> None:
    assert not [event for event in Event if allows(state, event)]


def test_a_change_that_ended_holds_nothing() -> None:
    assert not HOLDING & TERMINAL


def test_every_event_moves_something() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)
