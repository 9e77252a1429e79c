from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain import bypass
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.lifecycle import State
from chatbot.domain.policy import Violation
from tests.support.cards import environment
from tests.support.emergencies import BYPASSED, emergency
from tests.support.freezes import freeze


def violation(enforcement: Enforcement = Enforcement.DENY, **fields: str) -> Violation:
    said = {"policy": "images", "kind": "Deployment", "namespace": "shop", "name": "web"}
    return Violation(**{**said, "message": "no digest", **fields}, enforcement=enforcement)


def test_staging_and_prod_skip_the_pull_request_and_its_review() -> None:
    told = bypass.review(environment(EnvironmentClass.PROD, approvals=2))
    assert [line.partition(":")[0] for line in told] == [
        "Pull request",
        "Review",
        "Maintenance window",
    ]
    assert "2 approvals" in told[1]


@pytest.mark.parametrize("class_", [EnvironmentClass.DEV, EnvironmentClass.TEST])
def test_where_changes_go_directly_no_review_is_skipped(class_: EnvironmentClass) -> None:
    assert bypass.review(environment(class_)) == []


def test_denials_come_before_warnings_and_what_only_audits_is_left_out() -> None:
    told = bypass.judged(
        [
            violation(Enforcement.DRYRUN),
            violation(Enforcement.WARN, message="no\nbudget"),
            violation(),
        ]
    )
    assert told == [
        "Policy denies deployment/web: no digest (images)",
        "Policy warns deployment/web: no budget (images)",
    ]
    assert [bypass.is_denial(line) for line in told] == [True, False]


def test_policy_without_an_objection_is_said_too() -> None:
    [told] = bypass.judged([])
    assert "no objection" in told
    assert not bypass.is_denial(told)


def test_many_violations_are_counted() -> None:
    told = bypass.judged([violation(name=f"web-{n}") for n in range(50)])
    assert len(told) == 21
    assert told[-1] == "Policy: 30 more findings"


@given(st.text(max_size=2_000))
def test_every_sentence_about_policy_is_found_again_and_short(text: str) -> None:
    told = [
        *bypass.judged([violation(message=text, policy=text, name=text)]),
        bypass.not_looked_up(text),
        bypass.not_judged(text),
    ]
    assert bypass.about_policy(told) == told
    assert all(len(line) <= 300 for line in told)
    assert bypass.about_policy(BYPASSED) == list(BYPASSED[:2])


def test_a_freeze_says_until_when_and_why() -> None:
    end = datetime(2027, 1, 2, tzinfo=UTC)
    lasting = freeze(end=None, reason="")
    assert bypass.freezes([freeze(end=end, reason="year end"), lasting]) == [
        "Freeze until 2027-01-02 00:00 UTC: year end",
        "Freeze until it is lifted",
    ]


def test_holds_and_other_changes_are_named() -> None:
    assert bypass.held("prod", []) == []
    assert "CHG-7, CHG-9 had to be taken back" in bypass.held("prod", [7, 9])[0]
    [told] = bypass.in_hand([emergency(State.VALIDATING)])
    assert told == "CHG-12 has the same objects in hand (validating)"


def test_in_brief_warnings_are_counted_and_what_would_have_stopped_it_stays() -> None:
    warnings = [f"Policy warns deployment/web: {what} (some)" for what in ("this", "that")]
    told = bypass.in_brief([*BYPASSED[:1], *warnings, "Pull request: later"])
    assert told == [BYPASSED[0], "Pull request: later", "Policy: 2 warnings"]
    assert bypass.in_brief(warnings) == ["Policy: no denial, 2 warnings"]
    assert bypass.in_brief(warnings[:1]) == warnings[:1]
