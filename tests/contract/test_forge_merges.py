"""Merges, conflicts and guards of the forge are real, and refused with GitHub's statuses."""

from collections.abc import Iterator
from pathlib import Path

import github
import pytest
from github.Repository import Repository

from tests.support.forge import ADMIN, READER, REPO, SENIOR, ForgeProcess, running_forge
from tests.support.forge_work import approve, commit_files, open_pull, protect

APPROVAL_MISSING = "At least 1 approving review is required by reviewers with write access."


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path_factory.mktemp("forge")) as started:
        yield started


@pytest.fixture
def repo(forge: ForgeProcess) -> Repository:
    return forge.github().get_repo(REPO)


def _refusal(error: "pytest.ExceptionInfo[github.GithubException]") -> tuple[int, str]:
    return error.value.status, error.value.data["message"]


def test_a_new_pull_request_is_not_judged_until_it_is_read_again(repo: Repository) -> None:
    commit_files(repo, "judge/one", {"judge": "1"})
    pull = repo.create_pull(base="main", head="judge/one", title="t", body="b")
    assert pull.mergeable is None
    assert pull.mergeable_state == "unknown"
    seen = repo.get_pull(pull.number)
    assert (seen.mergeable, seen.mergeable_state) == (True, "clean")


def test_two_changes_of_one_line_conflict_and_the_second_merge_is_refused_with_405(
    repo: Repository,
) -> None:
    commit_files(repo, "main", {"conflict.yaml": "replicas: 1\n"})
    first = open_pull(repo, "conflict/one", {"conflict.yaml": "replicas: 2\n"})
    second = open_pull(repo, "conflict/two", {"conflict.yaml": "replicas: 3\n"})
    first.merge()
    seen = repo.get_pull(second.number)
    assert (seen.mergeable, seen.mergeable_state) == (False, "dirty")
    with pytest.raises(github.GithubException) as refused:
        seen.merge()
    assert _refusal(refused) == (405, "Pull Request is not mergeable")


def test_changes_of_different_lines_of_one_file_merge_and_both_stay(repo: Repository) -> None:
    lines = [f"line {number}\n" for number in range(12)]
    commit_files(repo, "main", {"lines.txt": "".join(lines)})
    top = open_pull(repo, "lines/top", {"lines.txt": "".join(["top\n", *lines[1:]])})
    end = open_pull(repo, "lines/end", {"lines.txt": "".join([*lines[:-1], "end\n"])})
    top.merge()
    repo.get_pull(end.number).merge()
    merged = repo.get_contents("lines.txt")
    assert not isinstance(merged, list)
    assert merged.decoded_content.decode() == "".join(["top\n", *lines[1:-1], "end\n"])


def test_a_merge_with_a_stale_head_is_refused_with_409(repo: Repository) -> None:
    pull = open_pull(repo, "stale/one", {"stale": "1"})
    commit_files(repo, "stale/one", {"stale": "2"})
    with pytest.raises(github.GithubException) as refused:
        pull.merge(sha=pull.head.sha)
    assert _refusal(refused) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    assert repo.get_pull(pull.number).state == "open"


def test_a_merged_pull_request_cannot_be_merged_again_or_reopened(repo: Repository) -> None:
    pull = open_pull(repo, "again/one", {"again": "1"})
    pull.merge()
    with pytest.raises(github.GithubException) as again:
        pull.merge()
    assert again.value.status == 405
    with pytest.raises(github.GithubException) as reopened:
        pull.edit(state="open")
    assert reopened.value.status == 422


@pytest.mark.parametrize(
    ("method", "parents", "new_commits"), [("merge", 2, 3), ("squash", 1, 1), ("rebase", 1, 2)]
)
def test_each_merge_method_leaves_its_own_history(
    repo: Repository, method: str, parents: int, new_commits: int
) -> None:
    before = repo.get_branch("main").commit.sha
    pull = open_pull(repo, f"method/{method}", {f"{method}.one": "1"})
    commit_files(repo, f"method/{method}", {f"{method}.two": "2"}, message="The second")
    result = pull.merge(merge_method=method)
    assert len(repo.get_git_commit(result.sha).parents) == parents
    assert repo.compare(before, "main").total_commits == new_commits
    assert repo.get_pull(pull.number).merge_commit_sha == result.sha
    assert repo.get_pull(pull.number).commits == 2


def test_a_second_pull_request_for_a_branch_is_refused_with_422(repo: Repository) -> None:
    open_pull(repo, "twice/one", {"twice": "1"})
    with pytest.raises(github.GithubException) as refused:
        repo.create_pull(base="main", head="twice/one", title="t", body="b")
    assert refused.value.status == 422
    message = "A pull request already exists for acme:twice/one."
    assert refused.value.data["errors"][0]["message"] == message


def test_a_pull_request_without_commits_is_refused_with_422(repo: Repository) -> None:
    repo.create_git_ref("refs/heads/empty/one", repo.get_branch("main").commit.sha)
    with pytest.raises(github.GithubException) as refused:
        repo.create_pull(base="main", head="empty/one", title="t", body="b")
    assert refused.value.status == 422
    assert refused.value.data["errors"][0]["message"] == "No commits between main and empty/one"


def test_a_ref_that_would_not_fast_forward_is_refused_with_422_unless_forced(
    repo: Repository,
) -> None:
    first = commit_files(repo, "forward/one", {"forward": "1"})
    other = commit_files(repo, "forward/two", {"forward": "2"})
    ref = repo.get_git_ref("heads/forward/one")
    with pytest.raises(github.GithubException) as refused:
        ref.edit(other)
    assert _refusal(refused) == (422, "Update is not a fast forward")
    assert repo.get_git_ref("heads/forward/one").object.sha == first
    ref.edit(other, force=True)
    assert repo.get_git_ref("heads/forward/one").object.sha == other


def test_a_pull_request_closes_when_its_branch_is_deleted(repo: Repository) -> None:
    pull = open_pull(repo, "gone/one", {"gone": "1"})
    repo.get_git_ref("heads/gone/one").delete()
    seen = repo.get_pull(pull.number)
    assert (seen.state, seen.merged) == ("closed", False)
    assert seen.changed_files == 1
    with pytest.raises(github.GithubException) as refused:
        seen.edit(state="open")
    assert refused.value.status == 422


def test_a_reader_may_look_but_not_write(forge: ForgeProcess, repo: Repository) -> None:
    pull = open_pull(repo, "reader/one", {"reader": "1"})
    theirs = forge.github(READER).get_repo(REPO)
    with pytest.raises(github.GithubException) as refused:
        theirs.get_pull(pull.number).merge()
    assert refused.value.status == 403


def test_a_protected_branch_takes_a_merge_only_when_its_rules_hold(tmp_path: Path) -> None:
    with running_forge(tmp_path) as forge:
        repo = forge.github().get_repo(REPO)
        pull = open_pull(repo, "guarded/one", {"guarded": "1"})
        admin = forge.github(ADMIN).get_repo(REPO)
        protect(admin, contexts=["redlight/policy"], dismiss_stale=True)
        with pytest.raises(github.GithubException) as early:
            pull.merge()
        expected = f'{APPROVAL_MISSING} Required status check "redlight/policy" is expected.'
        assert _refusal(early) == (405, expected)
        assert repo.get_pull(pull.number).mergeable_state == "blocked"

        with pytest.raises(github.GithubException) as pushed:
            commit_files(repo, "main", {"past": "review"})
        assert _refusal(pushed) == (422, "Changes must be made through a pull request.")

        theirs = forge.github(SENIOR).get_repo(REPO)
        approve(theirs, pull.number)
        newer = commit_files(repo, "guarded/one", {"guarded": "2"})
        repo.get_commit(newer).create_status("success", context="redlight/policy")
        with pytest.raises(github.GithubException) as stale:
            pull.merge()
        assert _refusal(stale) == (405, APPROVAL_MISSING)

        approve(theirs, pull.number)
        assert repo.get_pull(pull.number).mergeable_state == "clean"
        assert pull.merge(sha=newer).merged
