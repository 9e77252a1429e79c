"""A review in the words of the Git host."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.domain.change import Change, ObjectAction, Path
from chatbot.domain.lifecycle import State
from chatbot.domain.record import MAX_BODY
from chatbot.domain.review import Review
from chatbot.domain.review_rules import denied
from chatbot.domain.review_text import (
    DESCRIPTION,
    comment,
    description,
    ending,
    failure_of,
    tally,
)
from tests.support.builders import change
from tests.support.cards import plan
from tests.support.reviews import DENIED, LATEST, PASSED, WARNED, finding, longest, review

CHANGE: Change = change(number=12, path=Path.GITOPS)


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (PASSED, "Passed: 14 objects judged"),
        (WARNED, "Passed: 14 objects judged, 1 warning, 1 note"),
        (review(finding()), f"Denied: images, deployment/web in shop: {LATEST}"),
    ],
)
def test_the_commit_status_says_the_verdict_in_one_line(judged: Review, words: str) -> None:
    said = description(judged)
    assert said.replace("\u2060", "") == words or said.replace("\u2060", "")[:-1] in words


def test_the_commit_status_says_how_many_denials_do_not_fit() -> None:
    long = finding(message="m" * 300)
    said = description(review(long, finding()))
    assert said.endswith("m… (and 1 more)")
    assert len(said) <= DESCRIPTION


def test_only_a_denial_stops_a_change() -> None:
    assert [denied(one) for one in (PASSED, WARNED, DENIED)] == [False, False, True]


def test_the_tally_counts_what_there_is() -> None:
    assert tally(DENIED) == "14 objects judged, 2 denials, 1 warning"
    assert tally(review(objects=1)) == "1 object judged"


def test_a_blocked_change_says_every_denial_and_what_to_do() -> None:
    sentence, remedy = failure_of(DENIED)
    assert sentence.split("\n") == [
        "Policy stops this:",
        f"images, deployment/web in shop: {LATEST}",
        "quota compute in shop: needs 14 of 12 cpu; 2 too many",
    ]
    assert "Push a commit" in remedy
    many = review(*(finding(policy=f"p{number}") for number in range(9)))
    assert failure_of(many)[0].endswith("\nand 4 more")


def test_a_comment_with_too_many_findings_is_cut_with_a_count() -> None:
    said = comment(CHANGE, plan(), review(*(finding(message="m" * 300) for _ in range(200))))
    assert "… and 115 more." in said
    assert "+  replicas: 3" in said


def test_the_comment_says_verdict_findings_quota_and_the_rendered_diff() -> None:
    said = comment(CHANGE, plan(warnings=("CAREFUL",)), WARNED).replace("\\", "")
    assert said.startswith("### Redlight: 🟢 nothing speaks against it\n\nCHG-12 at 3f2a91c, by")
    assert "| 🟠 warns | disruption | deployment/checkout in shop | no PodDisr" in said
    assert "- CAREFUL\n- Quota compute in shop: 9.5 of 12 cpu after this" in said
    assert "- changes deployment/web in shop" in said
    assert said.endswith("```diff\n-  replicas: 2\n+  replicas: 3\n```\n")
    assert comment(CHANGE, plan(), DENIED).startswith("### Redlight: 🔴 denied\n")


def test_a_deletion_stands_out() -> None:
    [one] = plan().objects
    gone = plan(objects=(one.model_copy(update={"action": ObjectAction.DELETE}),))
    assert "- **deletes** deployment/web in shop" in comment(CHANGE, gone, PASSED)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.CANCELLED, "CHG-12 was cancelled, so"),
        (State.EXPIRED, "CHG-12 has expired: nobody approved it in time, so"),
        (State.ROLLED_BACK, "CHG-12 is over, so"),
    ],
)
def test_a_pull_request_that_we_close_is_told_why(state: State, words: str) -> None:
    assert ending(CHANGE.model_copy(update={"state": state})).startswith(words)


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=60).map(lambda text: text * 50))
def test_whatever_is_in_a_review_it_fits_and_does_nothing(text: str) -> None:
    judged = longest(text)
    said = comment(CHANGE, plan(warnings=(text,) * 50), judged)
    assert len(said) <= MAX_BODY
    assert len(description(judged)) <= DESCRIPTION
    for told in (said, description(judged), failure_of(judged)[0]):
        assert not re.search(r"@(?!\u2060)\w|#(?=\d)", told)
    rows = [line for line in said.split("\n") if line.startswith(("| 🔴", "| 🟠", "| ⚪"))]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
