"""Names and short texts from a form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.errors import InvalidInput
from chatbot.domain.names import dns_label, parse_replicas, parse_target_word


@pytest.mark.parametrize(("text", "count"), [("0", 0), (" 4 ", 4), ("+7", 7), ("10000", 10_000)])
def test_replicas_are_a_whole_number(text: str, count: int) -> None:
    assert parse_replicas(text) == count


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "How many"),
        ("many", "whole number"),
        ("4.5", "whole number"),
        ("-1", "fewer than 0"),
        ("10001", "more than 10,000"),
        ("9" * 5000, "whole number"),
        ("٤", "whole number"),
        ("1_0", "whole number"),
    ],
)
def test_other_replicas_are_refused_with_the_rule(text: str, word: str) -> None:
    with pytest.raises(InvalidInput, match=word) as caught:
        parse_replicas(text)
    assert list(caught.value.fields) == ["replicas"]


@given(st.text(max_size=40))
def test_any_text_gives_a_number_in_range_or_a_sentence(text: str) -> None:
    try:
        count = parse_replicas(text)
    except InvalidInput:
        return
    assert 0 <= count <= 10_000


def test_a_target_word_is_a_kind_and_a_name() -> None:
    assert parse_target_word("deploy/web") == ("deploy", "web")
    assert parse_target_word(" Deployment.apps/web.v2 ") == ("Deployment.apps", "web.v2")


@pytest.mark.parametrize(
    "text", ["", "web", "deploy/", "/web", "a/b/c", "deploy/<!here>", "d y/web", "../web"]
)
def test_a_word_that_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_target_word(text)


def test_a_dns_label_has_63_characters_at_most_and_no_dots() -> None:
    assert dns_label("a" * 63)
    for text in ("a" * 64, "a.b", "A", "-a", "a-", "", "a\n", "é"):
        assert not dns_label(text)
