import pytest

from chatbot.domain import story
from chatbot.domain.change import Operation
from chatbot.domain.notice import Audience
from tests.support.builders import REQUESTER, SENIOR, change_request, target
from tests.support.cards import CONFIRM, MERGED, direct, failure, longest, longest_texts, plan
from tests.unit.domain.story_cases import everything_told


@pytest.mark.parametrize(
    ("fields", "headline"),
    [
        ({}, "Scale deployment/web to 3"),
        ({"operation": Operation.RESTART}, "Restart deployment/web"),
        ({"operation": Operation.ROLLBACK, "rolls_back": 9}, "Roll back CHG-9: deployment/web"),
        (
            {"operation": Operation.APPLY, "targets": tuple(target(name) for name in "abcde")},
            "Apply deployment/a, deployment/b, deployment/c and 2 more",
        ),
    ],
)
def test_the_headline_says_what_to_what(fields: dict[str, object], headline: str) -> None:
    assert story.headline(direct(request=change_request(**fields))) == headline


def test_the_headline_says_from_where_once_that_is_known() -> None:
    assert story.headline(direct(*CONFIRM)) == "Scale deployment/web 2 → 3"
    unchanged = plan(objects=())
    assert story.headline(direct(*CONFIRM, plan=unchanged)) == "Scale deployment/web to 3"


def test_the_longest_headline_is_one_line() -> None:
    headline = story.headline(longest("x"))
    assert len(headline) < 250
    assert "\n" not in headline


def test_no_two_notices_of_a_change_share_a_key() -> None:
    keys = [notice.key for notice in everything_told(direct(*CONFIRM))]
    assert len(keys) == len(set(keys))


def test_what_happens_twice_in_a_change_is_told_twice() -> None:
    first = direct(*CONFIRM)
    second = first.model_copy(update={"revision": first.revision + 5})
    for told in (story.outdated, story.applied, story.rolled_out):
        assert told(first)[0].key != told(second)[0].key
    assert (
        story.failure_notices(first, failure())[0].key
        != story.failure_notices(second, failure())[0].key
    )


@pytest.mark.parametrize("text", longest_texts(), ids=lambda text: ascii(text[:8]))
def test_every_notice_fits_one_message(text: str) -> None:
    for notice in everything_told(longest(text), text):
        assert 0 < len(notice.text) <= 2_500
        assert "<!" not in notice.text.replace("<!date^", "")


def test_direct_messages_go_to_whoever_asked_and_name_the_change() -> None:
    direct_messages = [
        notice
        for notice in everything_told(direct(*CONFIRM))
        if notice.audience is Audience.DIRECT and not notice.key.startswith("page:")
    ]
    assert len(direct_messages) == 12
    for notice in direct_messages:
        assert notice.user == REQUESTER
        assert "*CHG-12* · Scale deployment/web 2 → 3 · test" in notice.text


def test_whoever_cancels_their_own_change_gets_no_message_about_it() -> None:
    told = story.cancelled(direct(*CONFIRM), REQUESTER)
    assert [notice.audience for notice in told] == [Audience.THREAD]
    assert len(story.cancelled(direct(*CONFIRM), SENIOR)) == 2


def test_a_failure_comes_with_what_to_do_however_long_it_is() -> None:
    told = story.failure_notices(direct(*CONFIRM), failure("&" * 9_000, "Ask for quota."))
    assert all(notice.text.endswith("\nAsk for quota.") for notice in told)


def test_an_undo_that_was_asked_for_is_no_failure() -> None:
    told = story.rolled_back(direct(*CONFIRM), "")
    assert not any("🔴" in notice.text for notice in told)


def test_the_merge_names_its_commit() -> None:
    assert "`3f2a91c`" in story.pull_request_merged(MERGED)[0].text
