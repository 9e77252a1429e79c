import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain import red_lights
from chatbot.domain.change import Operation
from chatbot.domain.emergency import LIGHTS, Light
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.red_lights import asked_at, pass_by, passed, sensitive, typed_target
from tests.support.builders import NOW, REQUESTER, SENIOR, target
from tests.support.cards import DIGEST
from tests.support.emergencies import ASKED_AT, LIT, RED, RULES, emergency, lights, moved, request

HERE = st.sampled_from((DIGEST, "e" * 64))
LIGHT = st.builds(
    Light,
    number=st.integers(1, LIGHTS),
    by=st.sampled_from((REQUESTER, SENIOR)),
    at=st.just(NOW),
    digest=HERE,
)


@given(st.lists(LIGHT, max_size=8))
def test_only_lights_in_turn_of_the_requester_for_this_content_count(found: list[Light]) -> None:
    lit = passed(emergency(*RED, lights=tuple(found)))
    assert [one.number for one in lit] == list(range(1, len(lit) + 1))
    assert {(one.by, one.digest) for one in lit} <= {(REQUESTER, DIGEST)}


@pytest.mark.parametrize("count", range(LIGHTS + 1))
def test_lights_count_one_after_the_other(count: int) -> None:
    assert len(passed(emergency(*RED, lit=count))) == count


def test_other_content_turns_every_light_red_again() -> None:
    assert passed(moved(emergency(*RED, lit=2))) == ()


def test_a_light_that_was_skipped_leaves_the_next_ones_red() -> None:
    first, _, third = lights(3)
    assert passed(emergency(*RED, lights=(first, third))) == (first,)
    assert passed(emergency(*RED, lights=lights(3)[1:])) == ()


def test_the_seniors_are_asked_with_the_last_light() -> None:
    assert asked_at(emergency(*LIT)) == ASKED_AT
    assert asked_at(emergency(*RED, lit=2)) is None
    assert asked_at(moved(emergency(*LIT))) is None


def test_the_lights_have_to_be_passed_in_time() -> None:
    rules = EmergencyRules(timeout=timedelta(minutes=20))
    assert pass_by(emergency(*RED), rules) == NOW + timedelta(minutes=21)


def test_what_has_to_be_typed_names_the_whole_target() -> None:
    assert typed_target(emergency(*RED)) == "prod/shop/deployment/web"
    pair = (target(), target("api"))
    many = request(operation=Operation.APPLY, targets=pair, replicas=None)
    assert typed_target(emergency(*RED, request=many)) == "prod/shop/2-objects"
    everywhere = many.model_copy(update={"namespace": ""})
    assert typed_target(emergency(*RED, request=everywhere)) == "prod/*/2-objects"
    cluster_wide = request(targets=(target("shop", kind="Namespace", namespace=""),), namespace="")
    assert typed_target(emergency(*RED, request=cluster_wide)) == "prod/namespace/shop"


@pytest.mark.parametrize(
    ("pattern", "marks"),
    [
        ("prod/payments/*", True),
        ("prod/*/deployment/ledger", True),
        ("*/payments/*", True),
        ("test/payments/*", False),
        ("prod/shop/*", False),
    ],
)
def test_patterns_mark_what_is_sensitive(pattern: str, marks: bool) -> None:
    marked = request(targets=(target("ledger", namespace="payments"), target()))
    found = sensitive(emergency(*RED, request=marked), (pattern, "prod/shop/*/api"))
    assert [(one.target.name, one.pattern) for one in found] == (
        [("ledger", pattern)] if marks else [("web", pattern)] if pattern == "prod/shop/*" else []
    )


def test_each_light_has_words_of_its_own() -> None:
    change = emergency(*RED)
    first, second, third = (red_lights.words(n, change, RULES) for n in (1, 2, 3))
    assert "about to change prod directly: Scale deployment/web 2 → 3" in first
    assert change.request.blast_radius in first
    assert "Freeze until" in second
    assert "postmortem within 24 h" in second
    assert third == "Type the target to go on: prod/shop/deployment/web"


@given(st.text(max_size=4_000))
def test_the_words_stay_short_whatever_was_typed(text: str) -> None:
    change = emergency(*RED, request=request(blast_radius=text), bypassed=(text,) * 5)
    assert all(len(red_lights.words(n, change, RULES)) <= 2_000 for n in (1, 2, 3))


def test_what_is_owed_is_told_in_hours() -> None:
    rules = EmergencyRules(
        postmortem_within=timedelta(hours=48), reconciliation_within=timedelta(hours=1.5)
    )
    told = red_lights.owed(rules)
    assert re.search("postmortem within 48 h and Git reconciliation within 1 h 30 min", told)
