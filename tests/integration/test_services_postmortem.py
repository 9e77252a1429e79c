"""A postmortem gets into a real repository, whatever fails on the way, and nobody waits for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import Change
from chatbot.domain.environment import Backfill
from chatbot.domain.errors import Permanent, RetryLater
from chatbot.domain.obligation import Kind
from chatbot.domain.postmortem import Postmortem, PostmortemText
from chatbot.domain.timeline import entries_of
from chatbot.services.postmortem_publisher import PostmortemPublisher
from chatbot.services.postmortems import Postmortems
from tests.support.builders import REQUESTER
from tests.support.forge import ForgeProcess, running_forge
from tests.support.forge_work import commit_files
from tests.support.github_host import github_host
from tests.unit.services.owing import INCIDENTS, SENIOR, Office, emergency
from tests.unit.services.parts import Hand, Slack, environment

CALLS = ("head", "commit", "open_pull_request", "comment", "pull_request", "merge", "delete_branch")
TEXT = PostmortemText(
    summary="Checkout answered with errors.\nSee <b>@octo-senior</b> & #1.",
    impact="Every third order failed.",
    root_cause="A limit that was too low.",
    timeline="09:30 it began\n\n09:40 it ended",
    action_items="raise the limit\nalert on it",
)


class Faulty:
    """The repository's host, of which one call fails before or after its work, once."""

    def __init__(self, forge: ForgeProcess) -> None:
        self.host = github_host(forge)
        self.failing: dict[tuple[str, str], Exception] = {}
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        work = getattr(self.host, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            self._fail(name, "before")
            answer = work(*args, **kwargs)
            self._fail(name, "after")
            return answer

        return call

    def _fail(self, name: str, when: str) -> None:
        if (error := self.failing.pop((name, when), None)) is not None:
            raise error


class Newsroom:
    """One emergency's postmortem, and whoever brings it into Git."""

    def __init__(self, store: SqliteStore, forge: ForgeProcess, *, auto_merge: bool) -> None:
        self.clock = Hand()
        self.office = Office(store, self.clock, Slack())
        self.store = store
        self.git = Faulty(forge)
        self.repo: Any = forge.github().get_repo(forge.repo)
        self.woken: list[int] = []
        for _ in range(len(list(self.repo.get_pulls(state="all")))):
            emergency(store, self.clock)  # each test has a change, and with it a branch, of its own
        self.change: Change = emergency(store, self.clock)
        place = environment("prod", "prod", backfill=Backfill(auto_merge=auto_merge))
        self.publisher = PostmortemPublisher(
            environments={"prod": place},
            ledger=self.office.ledger,
            git=self.git,  # type: ignore[arg-type] # the part of it that is asked
            base="main",
            login_of=lambda _: "octo-requester",
            wake=self.woken.append,
            shown=self.office.shown.append,
        )
        self.postmortems = Postmortems(
            self.office.ledger,
            self.office.people,
            lambda number: entries_of(store.events(number)),
            lambda _: INCIDENTS,
            lambda _: None,
            self.office.shown.append,
        )

    def submit(self, text: PostmortemText = TEXT) -> str:
        seen = self.postmortems.open(REQUESTER, self.change.number).seen
        self.postmortems.submit(REQUESTER, self.change.number, text, seen)
        return text.digest[:16]

    def publish(self, *, tries: int = 1) -> Postmortem:
        for _ in range(tries):
            self.publisher.publish(self.change.number)
            self.clock.move(minutes=10)
        return self.written

    @property
    def written(self) -> Postmortem:
        found = self.store.postmortem(self.change.number)
        assert found is not None
        return found

    def file(self, ref: str = "") -> str:
        content: bytes = self.repo.get_contents(
            self.written.path, ref=ref or self.written.branch
        ).decoded_content
        return content.decode()

    def pulls(self) -> list[Any]:
        head = f"{self.repo.owner.login}:{self.written.branch}"
        return list(self.repo.get_pulls(state="all", head=head))


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path_factory.mktemp("forge")) as started:
        yield started


@pytest.fixture
def newsroom(store: SqliteStore, forge: ForgeProcess) -> Newsroom:
    return Newsroom(store, forge, auto_merge=False)


@pytest.fixture
def merging(store: SqliteStore, forge: ForgeProcess) -> Newsroom:
    return Newsroom(store, forge, auto_merge=True)


def test_what_is_handed_in_stands_in_a_pull_request(newsroom: Newsroom) -> None:
    newsroom.submit()
    written = newsroom.publish()
    assert written.due_at is None
    [pull] = newsroom.pulls()
    assert pull.head.ref == f"mcp-ocs/postmortem-{newsroom.change.id.lower()}"
    assert [label.name for label in pull.labels] == ["redlight"]
    assert [file.filename for file in pull.get_files()] == [
        f"mcp-ocs/postmortems/{newsroom.change.id}.md"
    ]
    [commit] = pull.get_commits()
    assert commit.commit.message.endswith(f"\n\nChange-Id: {newsroom.change.id}")
    text = newsroom.file()
    assert text.startswith(f"# Postmortem of {newsroom.change.id}\n\n- **What:** ")
    assert "Checkout answered with errors\\.  \nSee &lt;b&gt;@\u2060octo\\-senior&lt;/b&gt;" in text
    assert "## Timeline\n\n- 09\\:30 it began\n- 09\\:40 it ended\n" in text
    assert "## Action items\n\n- [ ] raise the limit\n- [ ] alert on it\n" in text
    assert newsroom.office.notices(newsroom.change, f"pull request #{pull.number}")
    assert newsroom.woken == []


def test_an_accepted_one_wakes_the_change_and_waits_for_a_person_to_merge(
    newsroom: Newsroom,
) -> None:
    seen = newsroom.submit()
    newsroom.publish()
    newsroom.postmortems.accept(SENIOR, newsroom.change.number, seen)
    assert newsroom.store.due(newsroom.clock.now()) == []
    written = newsroom.publish()
    assert newsroom.woken == [newsroom.change.number]
    assert newsroom.change.number in newsroom.store.due(newsroom.clock.now())
    [pull] = newsroom.pulls()
    assert pull.state == "open"
    [comment] = pull.get_issue_comments()
    assert "Accepted in Slack by user `U2`, 2026-03-02 09:40 UTC." in comment.body
    assert written.due_at is None


def test_where_backfills_merge_by_themselves_an_accepted_one_does(merging: Newsroom) -> None:
    seen = merging.submit()
    merging.publish()
    assert merging.pulls()[0].state == "open"
    merging.postmortems.accept(SENIOR, merging.change.number, seen)
    merging.publish()
    assert merging.pulls()[0].merged
    assert "raise the limit" in merging.file("main")
    assert merging.git.host.head(merging.written.branch) is None


def test_what_somebody_else_pushed_is_not_merged_by_itself(merging: Newsroom) -> None:
    seen = merging.submit()
    merging.publish()
    commit_files(merging.repo, merging.written.branch, {"mcp-ocs/other.md": "and this"})
    merging.postmortems.accept(SENIOR, merging.change.number, seen)
    merging.publish()
    assert merging.pulls()[0].state == "open"


def test_one_that_is_written_anew_is_another_commit_on_the_same_pull_request(
    newsroom: Newsroom,
) -> None:
    seen = newsroom.submit()
    newsroom.publish()
    newsroom.postmortems.give_back(SENIOR, newsroom.change.number, seen, "more")
    newsroom.submit(TEXT.model_copy(update={"impact": "Half of all orders failed."}))
    newsroom.publish()
    [pull] = newsroom.pulls()
    assert pull.commits == 2
    assert "Half of all orders failed" in newsroom.file()


def test_an_outage_delays_git_and_nobody_else(newsroom: Newsroom) -> None:
    newsroom.git.failing["head", "before"] = RetryLater("GitHub does not answer")
    seen = newsroom.submit()
    written = newsroom.publish()
    assert written.publication.pull_request is None
    assert written.attempts == 1
    newsroom.git.failing["head", "before"] = RetryLater("GitHub does not answer")
    newsroom.postmortems.accept(SENIOR, newsroom.change.number, seen)
    assert not newsroom.office.owed(newsroom.change, Kind.POSTMORTEM).is_open
    newsroom.publish()
    assert newsroom.woken == [newsroom.change.number]
    written = newsroom.publish()
    assert written.publication.pull_request is not None
    assert written.due_at is None


def test_what_a_person_has_to_mend_is_said_once_and_tried_again(newsroom: Newsroom) -> None:
    refused = Permanent("GitHub says no", remedy="Give the token contents: write.")
    newsroom.submit()
    for _ in range(2):
        newsroom.git.failing["commit", "before"] = refused
        newsroom.publish()
        newsroom.clock.move(hours=1)
    [told] = newsroom.office.notices(newsroom.change, "does not get into Git")
    assert "GitHub says no\nGive the token contents: write." in told.text
    written = newsroom.publish()
    assert written.publication.failure is None
    assert len(newsroom.pulls()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_fails_once_leaves_the_same_world(
    merging: Newsroom, call: str, when: str
) -> None:
    merging.git.failing[call, when] = RetryLater("a cut line")
    seen = merging.submit()
    merging.publish(tries=2)
    merging.postmortems.accept(SENIOR, merging.change.number, seen)
    merging.publish(tries=3)
    assert merging.git.failing == {}
    [pull] = merging.pulls()
    assert pull.merged
    assert pull.commits == 1
    assert len(list(pull.get_issue_comments())) == 1
    assert merging.written.due_at is None


def test_somebody_who_pushes_while_it_is_committed_keeps_what_they_pushed(
    newsroom: Newsroom,
) -> None:
    seen = newsroom.submit()
    newsroom.publish()
    newsroom.postmortems.give_back(SENIOR, newsroom.change.number, seen, "more")
    newsroom.submit(TEXT.model_copy(update={"impact": "Half of all orders failed."}))
    branch = newsroom.written.branch
    commit, pushed = newsroom.git.host.commit, []

    def late(*args: Any, **kwargs: Any) -> str:
        if not pushed:
            pushed.append(commit_files(newsroom.repo, branch, {"mcp-ocs/other.md": "and this"}))
        return commit(*args, **kwargs)

    newsroom.git.host.commit = late  # type: ignore[method-assign]
    newsroom.publish(tries=2)
    assert newsroom.repo.get_contents("mcp-ocs/other.md", ref=branch)
    assert "Half of all orders failed" in newsroom.file()
    assert newsroom.office.notices(newsroom.change, "does not get into Git") == []


def test_one_that_was_merged_before_that_was_written_down_is_not_asked_for_again(
    newsroom: Newsroom,
) -> None:
    newsroom.git.failing["open_pull_request", "after"] = RetryLater("a cut line")
    newsroom.submit()
    newsroom.publish()
    [pull] = newsroom.pulls()
    pull.merge()
    newsroom.git.host.delete_branch(newsroom.written.branch)
    written = newsroom.publish()
    assert [each.number for each in newsroom.pulls()] == [pull.number]
    assert newsroom.git.host.head(written.branch) is None
    assert written.publication.pull_request is not None
    assert written.publication.pull_request.number == pull.number
    assert written.due_at is None
    assert newsroom.office.notices(newsroom.change, "is in Git, by")
