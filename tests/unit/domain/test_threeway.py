"""A three-way merge of JSON keeps what both sides did, and says where they did different things."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.fields import ABSENT
from chatbot.domain.threeway import difference, merged


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        pytest.param({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, {}, {"b": 2}, id="one adds, one removes"),
        pytest.param({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 3}}, None),
        pytest.param([1, 2], [3, 2], [1, 4], [3, 4], id="items of lists of one length"),
        pytest.param({"a": 1}, {"a": 1}, ABSENT, ABSENT, id="gone on one side"),
        pytest.param({"a": 1}, {"a": 5}, {"a": 5}, {"a": 5}, id="the same on both"),
    ],
)
def test_what_either_side_did_is_in_the_result(
    base: Any, ours: Any, theirs: Any, expected: Any
) -> None:
    expected = {"a": {"x": 3, "y": 2}} if expected is None else expected
    assert merged(base, ours, theirs) == (expected, [])


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "path"),
    [
        ({"spec": {"replicas": 2}}, {"spec": {"replicas": 8}}, {"spec": {"replicas": 5}}, ".spec"),
        ({"spec": {"replicas": 2}}, {"spec": {"replicas": 8}}, {}, ".spec"),
        ({"args": ["a"]}, {"args": ["a", "b"]}, {"args": []}, ".args"),
    ],
)
def test_different_things_done_to_one_field_are_a_clash_and_ours_stays(
    base: Any, ours: Any, theirs: Any, path: str
) -> None:
    value, [clash] = merged(base, ours, theirs)
    assert value == ours
    assert clash.startswith(path)


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def test_named_items_are_told_apart_by_name_wherever_they_stand() -> None:
    base = variables(a="1", b="1")
    ours, theirs = variables(b="1", c="1", a="1"), variables(b="2")
    value, clashes = merged(base, ours, theirs)
    assert clashes == []
    assert difference(value, variables(c="1", b="2")) is None
    assert merged(variables(a="1"), variables(a="2"), variables(a="3"))[1] == [".a.value"]


def test_a_list_that_one_side_takes_away_and_the_other_extends_keeps_what_was_added() -> None:
    value, clashes = merged(variables(a="1"), variables(a="1", b="2"), ABSENT)
    assert (value, clashes) == (variables(b="2"), [])


def test_a_difference_is_named_by_its_path() -> None:
    one = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    other = {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}
    assert difference(one, other) == ".spec.containers.web.image"
    assert difference({"a": [1]}, {"a": [1, 2]}) == ".a"
    assert difference({"a": None}, {}) == ".a"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from("xy"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(base=JSON, side=JSON)
def test_what_only_one_side_did_is_taken_as_it_is(base: Any, side: Any) -> None:
    assert merged(base, side, base) == (side, [])
    assert merged(base, base, side) == (side, [])
    assert merged(base, side, side) == (side, [])


@given(base=JSON, ours=JSON, theirs=JSON)
def test_both_sides_clash_in_the_same_places(base: Any, ours: Any, theirs: Any) -> None:
    assert sorted(merged(base, ours, theirs)[1]) == sorted(merged(base, theirs, ours)[1])
