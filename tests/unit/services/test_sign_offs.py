"""The sign-off: a senior who did not ask for it, for what the card shows, once; and paging while
nobody answers."""

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import MessageRef
from chatbot.domain.errors import Refused
from chatbot.domain.lifecycle import State
from chatbot.domain.review import Author
from tests.support.builders import REQUESTER
from tests.support.cards import CONFLICTS, DIGEST, plan
from tests.unit.services.approving import BOT, FIRST, GONE, GUEST, PEER, SECOND, STRANGER
from tests.unit.services.glass import MANAGER, Glass
from tests.unit.services.parts import Hand, Slack


@pytest.fixture
def glass(store: SqliteStore, clock: Hand, slack: Slack) -> Glass:
    return Glass(store, clock, slack)


def test_one_senior_lets_it_be_applied(glass: Glass) -> None:
    change = glass.sign(glass.lit(), FIRST)
    assert change.state is State.APPLYING
    progress = change.progress
    assert (progress.confirmed_digest, progress.confirmed_by) == (DIGEST, FIRST)
    assert not progress.force
    [event] = [e for e in glass.store.events(change.number) if e.entry.kind == "change.signed_off"]
    assert event.entry.data["signed_off_by"] == [FIRST]
    assert change.due_at == glass.clock.now()
    assert change.number in glass.woken


def test_conflicts_that_were_shown_are_taken_over(glass: Glass) -> None:
    glass.plan = plan(conflicts=CONFLICTS)
    assert glass.sign(glass.lit(), FIRST).progress.force


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        (REQUESTER, "You requested it"),
        (PEER, "you are not among them"),
        (GUEST, "Guests"),
        (STRANGER, "shared channel"),
        (GONE, "deactivated"),
        (BOT, "Apps and bots"),
    ],
)
def test_nobody_else_signs_off(glass: Glass, user: str, sentence: str) -> None:
    change = glass.lit()
    with pytest.raises(Refused, match=sentence):
        glass.sign(change, user)
    assert glass.now(change).state is State.AWAITING_APPROVAL
    assert glass.refusals(change)[-1] == (user, "sign_off")


def test_who_wrote_a_commit_of_what_is_applied_does_not_sign_it_off(glass: Glass) -> None:
    author = Author(email=f"{FIRST.lower()}@example.com", commit="3f2a91c" + "0" * 33)
    change = glass.lit(manifest_ref=f"fix at {'a' * 40}", manifest_authors=(author,))
    with pytest.raises(Refused, match="You wrote commit `3f2a91c` in it"):
        glass.sign(change, FIRST)
    glass.tend(change)
    [(_, users, _)] = glass.paged(change)
    assert FIRST not in users
    assert SECOND in users
    assert glass.sign(change, SECOND).state is State.APPLYING


def test_a_requester_who_is_a_senior_does_not_sign_off_their_own(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    slack.groups["@platform-seniors"] = frozenset({REQUESTER, FIRST})
    glass = Glass(store, clock, slack)
    slack.groups["@platform-seniors"] = frozenset({REQUESTER, FIRST})
    with pytest.raises(Refused, match="You requested it"):
        glass.sign(glass.lit(), REQUESTER)


@pytest.mark.parametrize("digest", ["e" * 64, ""])
def test_a_sign_off_of_other_content_does_not_count(glass: Glass, digest: str) -> None:
    change = glass.lit()
    with pytest.raises(Refused, match="changed after this card was drawn"):
        glass.sign(change, FIRST, digest)
    assert glass.refusals(change)[-1] == (FIRST, "sign_off")


def test_nobody_signs_off_before_the_third_light(glass: Glass) -> None:
    change = glass.planned()
    with pytest.raises(Refused, match="now: it is awaiting confirmation"):
        glass.sign(change, FIRST)


def test_an_approval_by_the_other_button_is_none(glass: Glass) -> None:
    with pytest.raises(Refused, match="You can't approve CHG-1 now"):
        glass.approve(FIRST, glass.lit())


def test_two_have_to_sign_off_where_the_rules_say_so(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    glass = Glass(store, clock, slack, sign_offs=2)
    change = glass.sign(glass.lit(), FIRST)
    assert change.state is State.AWAITING_APPROVAL
    assert glass.sign_offs.missing(change) == 1
    with pytest.raises(Refused, match="You have said yes to this already"):
        glass.sign(change, FIRST)
    assert glass.sign(change, SECOND).state is State.APPLYING
    assert glass.sign_offs.missing(glass.now(change)) == 0


def test_a_delegate_signs_off_for_their_senior(glass: Glass) -> None:
    glass.lend(FIRST, PEER)
    change = glass.sign(glass.lit(), PEER)
    [approval] = change.progress.approvals
    assert (approval.user, approval.behalf) == (PEER, FIRST)


def test_a_second_click_is_told_what_became_of_it(glass: Glass) -> None:
    change = glass.lit()
    glass.sign(change, FIRST)
    with pytest.raises(Refused, match="You can't sign off CHG-1 now: it is applying"):
        glass.sign(change, SECOND)


def test_a_senior_refuses_with_a_reason(glass: Glass) -> None:
    change = glass.reject(SECOND, glass.lit(), "That makes it worse.")
    assert change.state is State.REJECTED
    assert "That makes it worse" in glass.told(change)["rejected"]


def test_seniors_are_paged_at_once_with_what_they_have_to_know(glass: Glass) -> None:
    change = glass.tend(glass.lit())
    assert glass.paged(change) == [("seniors", [FIRST, SECOND], "")]
    [told, _] = [text for key, text in glass.told(change).items() if key.startswith("page:")]
    for words in (
        "CHG-1",
        "Scale deployment/web 2 → 3",
        "prod",
        "service down",
        "Checkout answers with 503",
        "All of checkout",
        f"<@{REQUESTER}>",
        "1 denial",
    ):
        assert words in told
    assert change.due_at == glass.clock.now()


def test_those_on_call_find_the_card_where_it_is_posted(glass: Glass, clock: Hand) -> None:
    change = glass.lit()
    place = MessageRef(channel="C0INCIDENTS", ts="1772443800.000100")
    glass.store.card_shown(change.number, place, change.revision)
    clock.move(minutes=15)
    glass.tend(change)
    [pending] = glass.store.announcements_due(clock.now())
    card = "<https://slack.example/C0INCIDENTS/1772443800.000100|Its card> has the diff"
    assert card in pending.announcement.text
    pages = [text for key, text in glass.told(change).items() if key.startswith("page:")]
    assert not any("Its card" in page for page in pages), "a direct message has the link below"


def test_whoever_does_not_answer_is_paged_on_and_on(glass: Glass, clock: Hand) -> None:
    change = glass.lit()
    for _ in range(4):
        glass.tend(change)
        glass.tend(change)
        clock.move(minutes=5)
    everybody = sorted([FIRST, SECOND, MANAGER])
    assert glass.paged(change) == [
        ("seniors", [FIRST, SECOND], ""),
        ("seniors_again", [FIRST, SECOND], ""),
        ("managers", everybody, ""),
        ("on_call", everybody, "#on-call"),
    ]
    [pending] = glass.store.announcements_due(clock.now())
    assert pending.announcement.channel == "#on-call"
    assert "Nobody has answered yet" in pending.announcement.text
    assert "Checkout answers" in pending.announcement.text
    keys = [key for key in glass.told(change) if key.startswith("page:")]
    assert len(keys) == 2 + 2 + 3 + 3


def test_after_an_hour_without_an_answer_it_is_over(glass: Glass, clock: Hand) -> None:
    change = glass.lit()
    glass.tend(change)
    clock.move(minutes=60)
    with pytest.raises(Refused, match="Approvals were taken until"):
        glass.sign(change, FIRST)
    over = glass.tend(change)
    assert (over.state, over.due_at) == (State.EXPIRED, None)
    assert "nobody signed it off in time" in glass.told(over)["expired"]


def test_the_sleep_of_a_bot_is_no_reason_to_page_for_what_it_slept_through(
    glass: Glass, clock: Hand
) -> None:
    change = glass.lit()
    clock.move(minutes=12)
    glass.tend(change)
    assert [page for page, _, _ in glass.paged(change)] == ["managers"]
