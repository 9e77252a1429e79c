from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.events import (
    GENESIS,
    AuditEntry,
    ChainLink,
    canonical_json,
    chain_hash,
    check_chain,
)
from tests.support import builders


def chain(length: int) -> list[ChainLink]:
    links: list[ChainLink] = []
    previous = GENESIS
    for sequence in range(1, length + 1):
        entry = builders.entry(f"step.{sequence}", data={"sequence": sequence})
        previous = chain_hash(previous, sequence, entry)
        links.append(ChainLink(sequence, entry, previous))
    return links


def with_other(link: ChainLink, **changes: Any) -> ChainLink:
    assert link.entry
    return link._replace(entry=link.entry.model_copy(update=changes))


def test_the_hash_of_a_known_entry_never_changes() -> None:
    entry = builders.entry(data={"ticket": "INC-1", "größe": 3})
    expected = "40b3fd69810a845a16d786986d70500dc56ae134d468a928824d0470fbe4d6cb"
    assert chain_hash(GENESIS, 1, entry) == expected


def test_canonical_json_does_not_depend_on_key_order() -> None:
    assert canonical_json({"b": 1, "a": [1, 2]}) == canonical_json({"a": [1, 2], "b": 1})
    assert canonical_json({"a": "ü"}) == '{"a":"ü"}'


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "change.approved"},
        {"actor": builders.SENIOR},
        {"change": 2},
        {"at": builders.NOW + timedelta(microseconds=1)},
        {"data": {"replicas": 4}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_an_entry_is_under_the_hash(change: dict[str, Any]) -> None:
    entry = builders.entry(change=1, data={"replicas": 3})
    altered = entry.model_copy(update=change)
    assert chain_hash(GENESIS, 1, altered) != chain_hash(GENESIS, 1, entry)


def test_the_hash_covers_the_place_and_what_came_before() -> None:
    entry = builders.entry()
    hashes = {chain_hash(GENESIS, 1, entry), chain_hash(GENESIS, 2, entry)}
    assert len(hashes | {chain_hash("1" * 64, 1, entry)}) == 3


def test_a_whole_chain_holds() -> None:
    links = chain(5)
    check = check_chain(links, links[-1])
    assert (check.events, check.broken, check.reason) == (5, None, "")


def test_an_empty_log_holds_when_nothing_was_written() -> None:
    assert check_chain([], ChainLink(0, None, GENESIS)).broken is None


@given(st.integers(1, 8), st.data())
def test_one_altered_event_is_the_one_that_is_named(length: int, data: st.DataObject) -> None:
    links = chain(length)
    place = data.draw(st.integers(0, length - 1))
    head = links[-1]
    links[place] = with_other(links[place], actor="U0FORGER")
    check = check_chain(links, head)
    assert (check.events, check.broken) == (place, place + 1)
    assert f"Event {place + 1} was altered" in check.reason


@given(st.integers(1, 8), st.data())
def test_one_missing_event_is_the_one_that_is_named(length: int, data: st.DataObject) -> None:
    links = chain(length)
    place = data.draw(st.integers(0, length - 1))
    head = links[-1]
    del links[place]
    check = check_chain(links, head)
    assert (check.events, check.broken) == (place, place + 1)
    assert f"Event {place + 1} is missing" in check.reason


def test_of_two_swapped_events_the_first_is_named() -> None:
    links = chain(5)
    links[1], links[3] = (
        links[3]._replace(sequence=2),
        links[1]._replace(sequence=4),
    )
    assert check_chain(links, links[-1]).broken == 2


def test_an_event_that_cannot_be_read_is_named() -> None:
    links = chain(3)
    links[1] = links[1]._replace(entry=None)
    check = check_chain(links, links[-1])
    assert (check.broken, check.reason) == (2, "Event 2 cannot be read.")


def test_an_event_put_in_before_the_first_is_named() -> None:
    links = chain(2)
    check = check_chain([links[0]._replace(sequence=0), *links], links[-1])
    assert check.broken == 0


def test_a_tail_computed_anew_does_not_fit_the_head() -> None:
    links = chain(3)
    forged = builders.entry("step.3", actor="U0FORGER")
    rewritten = [*links[:2], ChainLink(3, forged, chain_hash(links[1].hash, 3, forged))]
    check = check_chain(rewritten, links[-1])
    assert (check.events, check.broken) == (2, 3)


def test_an_event_past_the_head_does_not_hold() -> None:
    links = chain(3)
    assert check_chain(links, links[1]).broken == 3


def test_the_same_instant_in_another_zone_is_another_text_so_writers_agree_on_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    entry = builders.entry()
    moved = AuditEntry.model_validate(entry.model_dump() | {"at": entry.at.astimezone(berlin)})
    assert chain_hash(GENESIS, 1, moved) != chain_hash(GENESIS, 1, entry)
