import pytest

from chatbot.domain.errors import Refused
from chatbot.domain.person import Person, counts, may_request

MEMBER = Person(id="U1", name="a requester")


def test_every_full_member_may_request_when_there_is_no_list() -> None:
    assert may_request(MEMBER, None) is None


def test_only_those_on_the_list_may_request() -> None:
    may_request(MEMBER, frozenset({"U1"}))
    with pytest.raises(Refused, match=r"not on the list.*ask a platform owner"):
        may_request(MEMBER, frozenset({"U2"}))


def test_a_list_that_nobody_is_left_on_lets_nobody_in() -> None:
    with pytest.raises(Refused):
        may_request(MEMBER, frozenset())


@pytest.mark.parametrize(
    ("flag", "why", "what_to_do"),
    [
        ("is_guest", "Guests", "Ask a full member"),
        ("is_stranger", "shared channel", "Ask one of them"),
        ("is_bot", "bots", "A person has to"),
        ("is_deactivated", "deactivated", "reactivate"),
    ],
)
def test_those_who_never_count_are_told_why_even_when_listed(
    flag: str, why: str, what_to_do: str
) -> None:
    person = MEMBER.model_copy(update={flag: True})
    assert not counts(person)
    for requesters in (None, frozenset({"U1"})):
        with pytest.raises(Refused) as caught:
            may_request(person, requesters)
        assert why in str(caught.value)
        assert what_to_do in str(caught.value)
