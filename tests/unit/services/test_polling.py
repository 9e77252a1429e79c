from datetime import timedelta

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.errors import NotFound, RetryLater
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from chatbot.ports import GitHost
from chatbot.services.ledger import Ledger
from chatbot.services.polling import PullRequestPoll
from tests.support.store import add_change, move
from tests.unit.services.parts import Hand


class PullRequests(GitHost):
    """What the poll asks for: pull requests by number, with an ETag each, or errors to raise."""

    def __init__(self) -> None:
        self.now: dict[int, PullRequest | Exception] = {}
        self.asked: list[tuple[int, str]] = []

    def pull_request(self, number: int, etag: str = "") -> PullRequest | None:
        self.asked.append((number, etag))
        found = self.now[number]
        if isinstance(found, Exception):
            raise found
        return None if etag and found.etag == etag else found


@pytest.fixture
def git() -> PullRequests:
    return PullRequests()  # type: ignore[abstract] # only the part that the poll asks


@pytest.fixture
def woken() -> list[int]:
    return []


@pytest.fixture
def poll(
    store: SqliteStore, ledger: Ledger, git: PullRequests, woken: list[int]
) -> PullRequestPoll:
    return PullRequestPoll(store, git, ledger, woken.append)


def waits(store: SqliteStore, git: PullRequests, etag: str = "") -> Change:
    """A change that waits for its pull request, which has the change's own number."""
    change = add_change(store)
    pull_request = PullRequest(
        number=change.number,
        url=f"https://git.example/{change.number}",
        branch=change.branch,
        head_sha="a" * 40,
        state=PullRequestState.OPEN,
        etag=etag,
    )
    git.now[change.number] = pull_request
    progress = change.progress.model_copy(update={"pull_request": pull_request})
    return move(store, change, State.PR_OPEN, progress=progress, due_at=None)


def test_a_pull_request_that_did_not_change_wakes_nobody(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll, woken: list[int]
) -> None:
    change = waits(store, git, etag='"1"')
    poll.run()
    assert git.asked == [(change.number, '"1"')]
    assert woken == []
    assert store.change(change.number) == change


def test_one_that_moved_makes_its_change_due_and_wakes_it(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll, woken: list[int], clock: Hand
) -> None:
    change = waits(store, git, etag='"1"')
    merged = change.progress.pull_request
    assert merged is not None
    git.now[change.number] = merged.model_copy(
        update={"state": PullRequestState.MERGED, "etag": '"2"'}
    )
    poll.run()
    assert woken == [change.number]
    assert store.change(change.number).due_at == clock.time


def test_a_limit_ends_the_round_and_the_next_round_asks_all(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll, woken: list[int]
) -> None:
    first, second = waits(store, git), waits(store, git)
    kept = git.now[first.number]
    git.now[first.number] = RetryLater("limited", after=timedelta(minutes=1))
    poll.run()
    assert git.asked == [(first.number, "")]
    git.now[first.number] = kept
    poll.run()
    assert [number for number, _ in git.asked[1:]] == [first.number, second.number]


def test_one_that_cannot_be_asked_for_does_not_keep_the_others_from_being_asked(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll, woken: list[int]
) -> None:
    gone, there = waits(store, git), waits(store, git, etag='"old"')
    git.now[gone.number] = NotFound("GitHub has no pull request")
    there_now = git.now[there.number]
    assert isinstance(there_now, PullRequest)
    git.now[there.number] = there_now.model_copy(update={"etag": '"new"'})
    poll.run()
    assert woken == [there.number]


def test_only_changes_that_wait_for_a_pull_request_are_asked_for(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll
) -> None:
    add_change(store)
    done = waits(store, git)
    move(store, done, State.COMPLETED)
    without = add_change(store)
    move(store, without, State.PR_OPEN)
    poll.run()
    assert git.asked == []


def test_a_way_back_is_woken_by_its_own_pull_request_and_only_by_what_ends_it(
    store: SqliteStore, git: PullRequests, poll: PullRequestPoll, woken: list[int]
) -> None:
    change = waits(store, git)
    asked = git.now[change.number]
    assert isinstance(asked, PullRequest)
    progress = change.progress.model_copy(update={"revert": asked, "pull_request": None})
    change = move(store, change, State.ROLLING_BACK, progress=progress)
    git.now[change.number] = asked.model_copy(update={"etag": '"2"'})
    poll.run()
    assert woken == []
    git.now[change.number] = asked.model_copy(update={"state": PullRequestState.MERGED})
    poll.run()
    assert woken == [change.number]
    merged = progress.model_copy(update={"revert": git.now[change.number]})
    move(store, store.change(change.number), State.ROLLING_BACK, progress=merged)
    poll.run()
    assert woken == [change.number]
