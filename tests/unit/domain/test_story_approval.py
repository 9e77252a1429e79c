from datetime import timedelta

import pytest

from chatbot.domain import story_approval as story
from chatbot.domain.notice import Audience
from chatbot.domain.nudges import Rung
from tests.support.approvals import FIRST, PEER, SECOND, approval, awaiting
from tests.support.builders import NOW, REQUESTER
from tests.support.cards import longest_texts, plan

EXPIRY = NOW + timedelta(hours=8)


def test_a_yes_tells_who_for_whom_and_how_many_more() -> None:
    [told] = story.given(awaiting(), approval(PEER, behalf=FIRST), 1)
    assert told.text == f"✔ Yes by <@{PEER}> for <@{FIRST}>. 1 more is needed."
    [two] = story.given(awaiting(), approval(), 2)
    assert two.text.endswith("2 more are needed.")


def test_the_requester_hears_of_approval_rejection_and_expiry() -> None:
    change = awaiting()
    for notices in (
        story.approved(change, [approval()]),
        story.rejected(change, FIRST, "The quota is full."),
        story.expired(change),
    ):
        thread, direct = notices
        assert (thread.audience, direct.audience) == (Audience.THREAD, Audience.DIRECT)
        assert direct.user == REQUESTER
        assert "*CHG-12* · Scale deployment/web 2 → 3 · prod" in direct.text


@pytest.mark.parametrize("reason", longest_texts(), ids=lambda text: ascii(text[:8]))
def test_whatever_reason_is_typed_mentions_nobody_and_fits(reason: str) -> None:
    for notice in story.rejected(awaiting(), FIRST, reason):
        assert "<!" not in notice.text
        assert len(notice.text) <= 2_500


def test_each_person_is_reminded_once_for_each_rung_and_content() -> None:
    change = awaiting()
    anew = awaiting(plan=plan(digest="e" * 64))
    told = [
        notice
        for asked in (change, anew)
        for rung in Rung
        for notice in story.nudges(asked, rung, 1, EXPIRY, {FIRST, SECOND})
    ]
    assert len({notice.key for notice in told}) == len(told) == 8
    assert {notice.user for notice in told} == {FIRST, SECOND}
    assert "waits for approval. 1 more is needed. It expires <!date^" in told[0].text


def test_whoever_said_yes_is_told_what_came_of_it() -> None:
    assert story.answer(awaiting(), 0) == "Your yes to CHG-12 counts, and it is approved."
    assert story.answer(awaiting(), 1) == "Your yes to CHG-12 counts. 1 more is needed."
