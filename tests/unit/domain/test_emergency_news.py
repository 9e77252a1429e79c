"""News of an emergency: to every channel once, and kept until they are told."""

from datetime import timedelta

from chatbot.domain import emergency_news as news
from chatbot.domain.obligation import Kind, Obligation
from tests.support.builders import NOW, REQUESTER, SENIOR
from tests.unit.domain.test_incident import emergency

WHERE = ("#incidents", "#status")


def test_incidents_come_first_and_no_channel_twice() -> None:
    assert news.channels("#incidents", ["#status", "#incidents"], "#prod") == WHERE
    assert news.channels(None, ["#status"], "#prod") == ("#prod", "#status")


def test_each_of_the_four_is_kept_and_has_a_key_of_its_own() -> None:
    change = emergency()
    told = [
        news.signed_off(change, SENIOR, WHERE, NOW),
        news.applied(change, [], WHERE, NOW),
        news.undone(change, WHERE, NOW),
        news.closed(change, WHERE, NOW),
    ]
    assert [[each.channel for each in one] for one in told] == [list(WHERE)] * 4
    assert {each.key for one in told for each in one} == {
        f"emergency:CHG-12:{what}" for what in ("signed_off", "applied", "undone", "closed")
    }
    assert all(each.keep for one in told for each in one)


def test_a_sign_off_says_who_why_and_how_wide() -> None:
    [text, _] = [each.text for each in news.signed_off(emergency(), SENIOR, WHERE, NOW)]
    assert f"<@{SENIOR}> signed it off for <@{REQUESTER}>: service down." in text
    assert "> more visitors than two pods can serve" in text
    assert "half of &lt;checkout&gt;" in text


def test_an_apply_says_what_is_owed_and_until_when() -> None:
    owed = [
        Obligation(
            change=12, kind=kind, owner=REQUESTER, since=NOW, due_at=NOW + timedelta(hours=24)
        )
        for kind in Kind
    ]
    [text] = [each.text for each in news.applied(emergency(), owed, ["#incidents"], NOW)]
    assert "postmortem until <!date^" in text
    assert "reconciliation until <!date^" in text
