"""A branch that others work on is brought up to date: merged on the host, or committed over."""

from typing import Any

import pytest
from github.GitRef import GitRef

from chatbot.adapters.github import GitHubHost
from chatbot.domain.errors import Conflict, NotFound, Permanent
from tests.contract.github_host_fixture import *  # noqa: F403 - its fixtures
from tests.contract.github_host_fixture import MESSAGE, base, opened, seen, writes
from tests.support.forge import ADMIN, REPO, ForgeProcess
from tests.support.forge_work import commit_files, protect
from tests.support.github_host import github_host

UPDATE = "Bring main into the change"


def text(repo: Any, path: str, ref: str) -> str:
    content: bytes = repo.get_contents(path, ref=ref).decoded_content
    return content.decode()


def parents(repo: Any, commit: str) -> list[str]:
    return [parent.sha for parent in repo.get_git_commit(commit).parents]


# --- merging the base into a branch -----------------------------------------------------------


def test_the_base_is_brought_into_a_branch_and_both_sides_stay(host: GitHubHost, repo: Any) -> None:
    pull = opened(host, "into-one")
    newer = commit_files(repo, "main", {"into-one-main": "on main"})
    head = host.merge_base_into("into-one", "main", UPDATE)
    assert head == host.head("into-one") == seen(host, pull.number).head_sha
    assert parents(repo, head) == [pull.head_sha, newer]
    assert repo.get_git_commit(head).message == UPDATE
    assert text(repo, "into-one.yaml", head) == "replicas: 5\n"
    assert text(repo, "into-one-main", head) == "on main"


def test_bringing_it_in_again_changes_nothing(
    forge: ForgeProcess, host: GitHubHost, repo: Any
) -> None:
    opened(host, "into-again")
    commit_files(repo, "main", {"into-again-main": "on main"})
    head = host.merge_base_into("into-again", "main", UPDATE)
    assert github_host(forge).merge_base_into("into-again", "main", UPDATE) == head
    assert host.head("into-again") == head


def test_a_branch_that_knows_its_base_keeps_its_head(host: GitHubHost) -> None:
    pull = opened(host, "into-nothing")
    assert host.merge_base_into("into-nothing", "main", UPDATE) == pull.head_sha


def test_sides_that_do_not_merge_are_a_conflict_with_a_way_out(host: GitHubHost, repo: Any) -> None:
    pull = opened(host, "into-conflict")
    commit_files(repo, "main", {"into-conflict.yaml": "replicas: 9\n"})
    with pytest.raises(Conflict, match="main does not merge cleanly into into-conflict") as refused:
        host.merge_base_into("into-conflict", "main", UPDATE)
    assert "by hand" in refused.value.remedy
    assert host.head("into-conflict") == pull.head_sha


def test_a_branch_or_base_that_is_not_there_is_said_to_be_missing(host: GitHubHost) -> None:
    with pytest.raises(NotFound, match="no branch no/such"):
        host.merge_base_into("no/such", "main", UPDATE)
    with pytest.raises(NotFound):
        host.merge_base_into("main", "no/such", UPDATE)


# --- committing over a branch -----------------------------------------------------------------


def test_a_commit_over_a_branch_holds_the_base_and_the_files_and_nothing_else(
    host: GitHubHost, repo: Any
) -> None:
    pull = opened(host, "over-one")
    commit_files(repo, "over-one", {"by-hand": "of somebody"})
    over = host.head("over-one")
    assert over is not None
    newer = commit_files(repo, "main", {"over-one.yaml": "replicas: 2 # main's\n"})
    files: dict[str, str | None] = {"over-one.yaml": "replicas: 5 # main's\n"}
    head = host.commit("over-one", newer, MESSAGE, files, over=over)
    assert head == host.head("over-one") == seen(host, pull.number).head_sha
    assert parents(repo, head) == [over, newer]
    changed = repo.compare(newer, head).files
    assert [(file.filename, file.status) for file in changed] == [("over-one.yaml", "modified")]
    assert seen(host, pull.number).state == "open"
    assert host.merge(pull.number, head, "merge")


def test_committing_over_again_gives_the_same_head(
    forge: ForgeProcess, host: GitHubHost, repo: Any, exchanges: list[Any]
) -> None:
    over = opened(host, "over-again").head_sha
    newer = commit_files(repo, "main", {"over-again-main": "on main"})
    files: dict[str, str | None] = {"over-again.yaml": "replicas: 6\n"}
    head = host.commit("over-again", newer, MESSAGE, files, over=over)
    before = len(exchanges)
    assert github_host(forge).commit("over-again", newer, MESSAGE, files, over=over) == head
    assert github_host(forge).commit("over-again", newer, MESSAGE, files, over=head) == head
    assert not [line for line in writes(exchanges[before:]) if "/git/trees" not in line]


def test_a_branch_that_is_right_but_does_not_know_its_base_is_joined_to_it(
    host: GitHubHost, repo: Any
) -> None:
    over = opened(host, "over-join").head_sha
    first = commit_files(repo, "main", {"over-join-main": "on main"})
    newer = commit_files(repo, "main", {"over-join-main": None})
    files: dict[str, str | None] = {"over-join.yaml": "replicas: 5\n"}
    head = host.commit("over-join", newer, MESSAGE, files, over=over)
    assert parents(repo, head) == [over, newer]
    assert host.merge_base(first, head) == first


def test_a_branch_at_its_base_gets_a_commit_with_one_parent(host: GitHubHost, repo: Any) -> None:
    head = base(host)
    repo.create_git_ref("refs/heads/over-base", head)
    made = host.commit("over-base", head, MESSAGE, {"over-base": "1"}, over=head)
    assert parents(repo, made) == [head]
    assert host.head("over-base") == made


def test_a_branch_that_moved_meanwhile_is_not_committed_over(
    host: GitHubHost, repo: Any, exchanges: list[Any]
) -> None:
    over = opened(host, "over-moved").head_sha
    theirs = commit_files(repo, "over-moved", {"by-hand": "of somebody"})
    before = len(exchanges)
    with pytest.raises(Conflict, match="not where it was") as refused:
        host.commit("over-moved", base(host), MESSAGE, {"over-moved": "1"}, over=over)
    assert "Retry" in refused.value.remedy
    assert host.head("over-moved") == theirs
    assert not [line for line in writes(exchanges[before:]) if "/git/trees" not in line]


def test_a_branch_that_moves_between_two_calls_is_not_committed_over(
    host: GitHubHost, repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = opened(host, "over-race").head_sha
    edit = GitRef.edit
    theirs: list[str] = []

    def overtaken(ref: Any, sha: str, force: bool) -> None:
        monkeypatch.undo()
        theirs.append(commit_files(repo, "over-race", {"by-hand": "of somebody"}))
        edit(ref, sha, force=force)

    monkeypatch.setattr(GitRef, "edit", overtaken)
    with pytest.raises(Conflict, match="not where it was"):
        host.commit("over-race", base(host), MESSAGE, {"over-race": "1"}, over=over)
    assert [host.head("over-race")] == theirs


def test_a_branch_that_is_gone_is_not_made_anew(host: GitHubHost) -> None:
    over = opened(host, "over-gone").head_sha
    host.delete_branch("over-gone")
    with pytest.raises(Conflict, match="not where it was"):
        host.commit("over-gone", base(host), MESSAGE, {"over-gone": "1"}, over=over)
    assert host.head("over-gone") is None


def test_a_protected_branch_is_not_committed_over_and_says_why(
    forge: ForgeProcess, host: GitHubHost
) -> None:
    over = opened(host, "over-guarded").head_sha
    protect(forge.github(ADMIN).get_repo(REPO), "over-guarded")
    with pytest.raises(Permanent, match="through a pull request") as refused:
        host.commit("over-guarded", base(host), MESSAGE, {"over-guarded": "1"}, over=over)
    assert not isinstance(refused.value, Conflict)
    assert host.head("over-guarded") == over
