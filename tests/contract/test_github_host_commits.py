"""Who had a hand in the commits of a branch, as GitHub tells it."""

from collections.abc import Sequence
from typing import Any

import github
import pytest

from chatbot.adapters.github import GitHubHost
from chatbot.domain.errors import NotFound
from chatbot.domain.review import Author
from tests.contract.github_host_fixture import *  # noqa: F403 - its fixtures
from tests.contract.github_host_fixture import base, opened
from tests.support.forge import BOT, REPO, SENIOR, ForgeProcess
from tests.support.forge_work import commit_files


def signed(name: str, email: str) -> github.InputGitAuthor:
    return github.InputGitAuthor(name, email)


def grown(repo: Any, branch: str, messages: Sequence[str], **signatures: Any) -> list[str]:
    """Commits on top of the main branch, of its tree, as somebody else's git would write them."""
    parent = repo.get_git_commit(repo.get_git_ref("heads/main").object.sha)
    made = []
    for message in messages:
        parent = repo.create_git_commit(message, parent.tree, [parent], **signatures)
        made.append(parent.sha)
    repo.create_git_ref(f"refs/heads/{branch}", made[-1])
    return made


def hands(host: GitHubHost, branch: str) -> tuple[Author, ...]:
    [commit] = host.commits("main", branch)
    return commit.authors


def test_the_commits_of_a_branch_come_oldest_first_without_those_of_its_base(
    host: GitHubHost, repo: Any
) -> None:
    left = base(host)
    first = commit_files(repo, "hands-order", {"order": "1"})
    second = commit_files(repo, "hands-order", {"order": "2"})
    commit_files(repo, "main", {"meanwhile": "on main"})
    assert [commit.sha for commit in host.commits(base(host), second)] == [first, second]
    assert [commit.sha for commit in host.commits(first, second)] == [second]
    assert host.commits(second, left) == []


def test_a_branch_longer_than_a_page_is_told_whole_and_a_short_one_in_one_call(
    host: GitHubHost, repo: Any, exchanges: list[Any]
) -> None:
    made = grown(repo, "hands-many", [f"Commit {number}" for number in range(103)])
    before = len(exchanges)
    assert [commit.sha for commit in host.commits("main", "hands-many")] == made
    assert len(exchanges) - before == 2
    assert [commit.sha for commit in host.commits(made[-3], made[-1])] == made[-2:]
    assert len(exchanges) - before == 3


def test_author_and_committer_have_their_accounts_and_addresses_in_lower_case(
    host: GitHubHost, forge: ForgeProcess, repo: Any
) -> None:
    bot = forge.github(BOT).get_user().raw_data
    senior = forge.github(SENIOR).get_user().raw_data
    address = f"{senior['id']}+Octo-Senior@Users.Noreply.GitHub.com"
    grown(
        repo,
        "hands-two",
        ["Scale web"],
        author=signed("A senior", address),
        committer=signed("The bot", f"{bot['id']}+redlight-bot@users.noreply.github.com"),
    )
    author, committer = hands(host, "hands-two")
    assert author == Author(login="octo-senior", email=address.lower())
    assert committer.login == "redlight-bot"


def test_one_who_wrote_and_committed_is_named_once(host: GitHubHost, repo: Any) -> None:
    commit_files(repo, "hands-once", {"once": "1"})
    [only] = hands(host, "hands-once")
    assert only.login == "octo-senior"


def test_a_stranger_to_github_is_known_by_address_alone(host: GitHubHost, repo: Any) -> None:
    grown(
        repo,
        "hands-stranger",
        ["Scale web"],
        author=signed("A requester", "Requester@Example.com"),
        committer=signed("A requester", "requester@example.com"),
    )
    assert hands(host, "hands-stranger") == (Author(email="requester@example.com"),)


CO_AUTHORS = {
    "as-written-by-hand": "co-AUTHORED-by:A lead<Lead@example.com>",
    "with-a-carriage-return": "Co-authored-by: A lead <lead@example.com>\r",
    "with-an-account": "Co-authored-by: A lead <12+octo-lead@users.noreply.github.com>",
    "with-an-old-account": "Co-authored-by: A lead <octo-lead@users.noreply.github.com>",
    "a-bot": "Co-authored-by: b <7+redlight[bot]@users.noreply.github.com>",
}


@pytest.mark.parametrize(
    ("name", "login", "email"),
    [
        ("as-written-by-hand", "", "lead@example.com"),
        ("with-a-carriage-return", "", "lead@example.com"),
        ("with-an-account", "octo-lead", "12+octo-lead@users.noreply.github.com"),
        ("with-an-old-account", "octo-lead", "octo-lead@users.noreply.github.com"),
        ("a-bot", "redlight[bot]", "7+redlight[bot]@users.noreply.github.com"),
    ],
)
def test_co_authors_stand_beside_the_author(
    host: GitHubHost, repo: Any, name: str, login: str, email: str
) -> None:
    grown(repo, name, [f"Scale web\n\nWhy: load.\n\n{CO_AUTHORS[name]}\nChange-Id: CHG-1"])
    [senior, other] = hands(host, name)
    assert senior.login == "octo-senior"
    assert other == Author(login=login, email=email)


def test_a_co_author_named_in_the_middle_of_a_squashed_message_counts(
    host: GitHubHost, repo: Any
) -> None:
    text = "Co-authored-by: A <a@example.com>\n\n* The second\n\nMore."
    grown(repo, "hands-squashed", [f"Two\n\n* The first\n\n{text}"])
    assert hands(host, "hands-squashed")[1:] == (Author(email="a@example.com"),)


def test_github_itself_had_no_hand_in_what_it_merged(host: GitHubHost, forge: ForgeProcess) -> None:
    before = base(host)
    pull = opened(host, "hands-merged")
    merged = forge.github(SENIOR).get_repo(REPO).get_pull(pull.number).merge().sha
    made, merge = host.commits(before, merged)
    assert [author.login for author in made.authors] == ["redlight-bot"]
    assert [author.login for author in merge.authors] == ["octo-senior"]


def test_commits_of_what_is_not_there_are_not_none_at_all(host: GitHubHost) -> None:
    with pytest.raises(NotFound, match="no comparison"):
        host.commits("main", "no/such")


def test_the_first_parent_of_a_merge_is_what_it_was_merged_into(
    host: GitHubHost, repo: Any
) -> None:
    was = base(host)
    pull = opened(host, "hands-parent")
    merge = host.merge(pull.number, pull.head_sha, "merge")
    assert host.parent(merge) == was
    assert host.parent(pull.head_sha) == was
    squashed = opened(host, "hands-parent-squashed")
    assert host.parent(host.merge(squashed.number, squashed.head_sha, "squash")) == merge


def test_the_parent_of_what_is_not_there_is_not_found(host: GitHubHost) -> None:
    with pytest.raises(NotFound):
        host.parent("0" * 40)
