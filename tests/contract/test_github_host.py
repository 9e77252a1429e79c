"""The `GitHost` port over GitHub's adapter, PyGithub and the forge: read, commit, merge."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from github import InputGitTreeElement
from pydantic import SecretStr

from chatbot.adapters.github import GitHubHost
from chatbot.domain.errors import Conflict, NotFound, Permanent
from chatbot.domain.pull_request import PullRequestState
from chatbot.domain.review import StatusState
from chatbot.settings import GitHubSettings
from tests.contract.github_host_fixture import *  # noqa: F403 - its fixtures
from tests.contract.github_host_fixture import (
    MESSAGE,
    WEB,
    app_settings,
    base,
    opened,
    seen,
    writes,
)
from tests.support.forge import ADMIN, BOT, READER, REPO, SENIOR, ForgeProcess
from tests.support.forge_work import approve, commit_elements, commit_files, protect
from tests.support.github_host import github_host

# --- reading ---------------------------------------------------------------------------------


def test_a_branch_that_is_not_there_has_no_head(host: GitHubHost) -> None:
    assert len(base(host)) == 40
    assert host.head("no/such") is None


def test_a_branch_is_not_taken_for_one_whose_name_it_begins(host: GitHubHost) -> None:
    host.commit("prefix-longer", base(host), MESSAGE, {"a": "a"})
    assert host.head("prefix") is None


def test_the_merge_base_is_where_a_branch_left_its_base(host: GitHubHost, repo: Any) -> None:
    left = base(host)
    head = host.commit("left", left, MESSAGE, {"left": "here"})
    commit_files(repo, "main", {"meanwhile": "on main"})
    assert base(host) != left
    assert host.merge_base("main", head) == left
    assert host.merge_base("main", "left") == left
    with pytest.raises(NotFound):
        host.merge_base("main", "no/such")


def test_files_below_a_folder_have_paths_from_the_root(host: GitHubHost) -> None:
    below = {file.path for file in host.files(base(host), "environments/test")}
    assert WEB in below
    assert all(path.startswith("environments/test/") for path in below)
    everything = {file.path for file in host.files(base(host))}
    assert below < everything
    assert "README.md" in everything


def test_links_and_submodules_are_told_from_files(host: GitHubHost, repo: Any) -> None:
    head = commit_elements(
        repo,
        "detours",
        [
            InputGitTreeElement("environments/link.yaml", "120000", "blob", content="../README.md"),
            InputGitTreeElement("environments/sub", "160000", "commit", sha="a" * 40),
        ],
    )
    assert {one.path for one in host.detours(head)} == {
        "environments/link.yaml",
        "environments/sub",
    }
    assert host.detours(base(host)) == []
    assert "environments/sub" not in {one.path for one in host.files(head)}


@pytest.mark.parametrize("under", ["no/such", "README.md", "environments/test/kustomization.yaml"])
def test_what_is_no_folder_has_no_files(host: GitHubHost, under: str) -> None:
    assert host.files(base(host), under) == []


def test_a_commit_that_is_not_there_is_not_an_empty_one(host: GitHubHost) -> None:
    with pytest.raises(NotFound, match="no commit"):
        host.files("0" * 40)


def test_text_and_names_beyond_ascii_and_bytes_come_back_as_they_were(
    forge: ForgeProcess, host: GitHubHost
) -> None:
    files: dict[str, str | None] = {"environments/grün/größe – ü.yaml": "größe: 5 # 日本\n"}
    commit = host.commit("non-ascii", base(host), MESSAGE, files)
    [file] = host.files(commit, "environments/grün")
    assert file.path == "environments/grün/größe – ü.yaml"
    assert host.read(file.blob_sha).decode() == "größe: 5 # 日本\n"


def test_a_blob_is_fetched_once(host: GitHubHost, exchanges: list[Any]) -> None:
    [file] = [one for one in host.files(base(host)) if one.path == WEB]
    first = host.read(file.blob_sha)
    before = len(exchanges)
    assert host.read(file.blob_sha) == first
    assert host.files(base(host))
    assert [str(one) for one in exchanges[before:] if "/blobs/" in one.request.url] == []


def test_a_blob_that_is_not_there_is_said_to_be_missing(host: GitHubHost) -> None:
    with pytest.raises(NotFound):
        host.read("0" * 40)


# --- committing ------------------------------------------------------------------------------


def test_many_files_are_one_commit_on_top_of_the_base(host: GitHubHost, repo: Any) -> None:
    head = base(host)
    files: dict[str, str | None] = {WEB: "a: 1\n", "new/deep/file.yaml": "b: 2\n"}
    commit = host.commit("many", head, MESSAGE, {**files, "README.md": None})
    made = repo.get_commit(commit)
    assert [parent.sha for parent in made.parents] == [head]
    assert made.commit.message.rstrip("\n") == MESSAGE.rstrip("\n")
    assert {(file.filename, file.status) for file in made.files} == {
        (WEB, "modified"),
        ("new/deep/file.yaml", "added"),
        ("README.md", "removed"),
    }


def test_committing_again_writes_no_second_commit(
    forge: ForgeProcess, host: GitHubHost, exchanges: list[Any]
) -> None:
    head = base(host)
    first = host.commit("again", head, MESSAGE, {WEB: "a: 1\n"})
    before = len(exchanges)
    assert github_host(forge).commit("again", head, MESSAGE, {WEB: "a: 1\n"}) == first
    assert not [line for line in writes(exchanges[before:]) if "/git/trees" not in line]


def test_a_branch_with_other_content_is_never_overwritten(
    host: GitHubHost, exchanges: list[Any]
) -> None:
    head = base(host)
    first = host.commit("taken", head, MESSAGE, {WEB: "a: 1\n"})
    with pytest.raises(Conflict, match="holds something else") as refused:
        host.commit("taken", head, MESSAGE, {WEB: "a: 2\n"})
    assert refused.value.remedy
    assert host.head("taken") == first
    assert not [line for line in writes(exchanges) if line.startswith("PATCH")]


def test_a_base_that_is_not_there_is_said_to_be_missing(host: GitHubHost) -> None:
    with pytest.raises(NotFound):
        host.commit("based/nowhere", "0" * 40, MESSAGE, {WEB: "a: 1\n"})
    assert host.head("based/nowhere") is None


# --- pull requests ---------------------------------------------------------------------------


def test_a_branch_has_one_pull_request_however_often_it_is_opened(
    host: GitHubHost, repo: Any
) -> None:
    first = opened(host, "mcp-ocs/change-chg-1")
    again = host.open_pull_request("mcp-ocs/change-chg-1", "main", "x", "y", ["redlight", "prod"])
    assert again.number == first.number
    assert (first.base, first.from_fork) == ("main", False)
    assert (first.branch, first.state) == ("mcp-ocs/change-chg-1", PullRequestState.OPEN)
    assert first.head_sha == host.head("mcp-ocs/change-chg-1")
    assert first.url.endswith(f"/pull/{first.number}")
    assert len(list(repo.get_pulls(state="all", head="acme:mcp-ocs/change-chg-1"))) == 1
    assert {label.name for label in repo.get_pull(first.number).labels} == {"redlight", "prod"}


def test_a_closed_one_is_opened_again(host: GitHubHost) -> None:
    first = opened(host, "reopen")
    host.close(first.number)
    assert seen(host, first.number).state is PullRequestState.CLOSED
    again = host.open_pull_request("reopen", "main", "x", "y", [])
    assert (again.number, again.state) == (first.number, PullRequestState.OPEN)


def test_one_whose_branch_was_made_anew_is_replaced_by_a_new_one(host: GitHubHost) -> None:
    first = opened(host, "anew")
    host.close(first.number)
    host.delete_branch("anew")
    second = opened(host, "anew", "replicas: 6\n")
    assert second.state is PullRequestState.OPEN
    newest = host.pull_request_of("anew")
    assert newest is not None
    assert newest.number == second.number


def test_one_that_somebody_merged_before_it_was_noted_is_the_one(host: GitHubHost) -> None:
    first = opened(host, "merged-at-once")
    merge_sha = host.merge(first.number, first.head_sha, "squash")
    again = host.open_pull_request("merged-at-once", "main", "x", "y", ["redlight"])
    assert (again.number, again.state) == (first.number, PullRequestState.MERGED)
    assert again.merge_sha == merge_sha


def test_a_merged_one_is_not_opened_again(host: GitHubHost) -> None:
    first = opened(host, "merged-before")
    host.merge(first.number, first.head_sha, "merge")
    host.delete_branch("merged-before")
    second = opened(host, "merged-before", "replicas: 7\n")
    assert second.number > first.number


def test_a_branch_without_pull_requests_has_none(host: GitHubHost) -> None:
    host.commit("lonely", base(host), MESSAGE, {"a": "lonely"})
    assert host.pull_request_of("lonely") is None


def test_closing_twice_is_success(host: GitHubHost) -> None:
    pull = opened(host, "close-twice")
    host.close(pull.number)
    host.close(pull.number)
    assert seen(host, pull.number).state is PullRequestState.CLOSED


def test_a_pull_request_that_is_not_there_is_said_to_be_missing(host: GitHubHost) -> None:
    with pytest.raises(NotFound, match="no pull request #4040"):
        host.pull_request(4040)


def test_an_unchanged_one_costs_a_304_and_says_nothing(
    host: GitHubHost, repo: Any, exchanges: list[Any]
) -> None:
    number = opened(host, "etag").number
    known = seen(host, number)
    assert known.etag
    assert host.pull_request(number, known.etag) is None
    assert exchanges[-1].response.status_code == 304
    repo.get_pull(number).edit(title="Another title")
    now = host.pull_request(number, known.etag)
    assert now is not None
    assert now.etag != known.etag


# --- merging ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_every_method_merges_and_names_the_commit_on_the_base(
    host: GitHubHost, method: str
) -> None:
    pull = opened(host, f"by-{method}")
    merged = host.merge(pull.number, pull.head_sha, method)
    assert host.head("main") == merged
    now = seen(host, pull.number)
    assert (now.state, now.merge_sha) == (PullRequestState.MERGED, merged)


def test_merging_again_gives_the_same_commit(host: GitHubHost, exchanges: list[Any]) -> None:
    pull = opened(host, "merge-again")
    merged = host.merge(pull.number, pull.head_sha, "merge")
    before = len(exchanges)
    assert host.merge(pull.number, pull.head_sha, "merge") == merged
    assert writes(exchanges[before:]) == []


def test_a_head_that_moved_is_not_merged(forge: ForgeProcess, host: GitHubHost) -> None:
    pull = opened(host, "moved")
    commit_files(forge.github(SENIOR).get_repo(REPO), "moved", {"extra": "commit"})
    before = host.head("main")
    with pytest.raises(Conflict, match="another commit") as refused:
        host.merge(pull.number, pull.head_sha, "merge")
    assert refused.value.remedy
    assert host.head("main") == before


def test_a_pull_request_that_conflicts_is_a_conflict(forge: ForgeProcess, host: GitHubHost) -> None:
    pull = opened(host, "conflicts")
    commit_files(forge.github(SENIOR).get_repo(REPO), "main", {"conflicts.yaml": "replicas: 9\n"})
    with pytest.raises(Conflict, match="conflicts with its base branch"):
        host.merge(pull.number, pull.head_sha, "merge")


def test_branch_protection_is_told_in_its_own_words_until_it_is_met(
    forge: ForgeProcess, host: GitHubHost, repo: Any
) -> None:
    pull = opened(host, "protected")
    admin = forge.github(ADMIN).get_repo(REPO)
    protect(admin, contexts=["redlight/policy"])
    try:
        with pytest.raises(Permanent, match=r"does not let .* be merged: .*review") as refused:
            host.merge(pull.number, pull.head_sha, "merge")
        assert not isinstance(refused.value, Conflict)
        assert "branch protection" in refused.value.remedy
        approve(repo, pull.number)
        with pytest.raises(Permanent, match='status check "redlight/policy" is expected'):
            host.merge(pull.number, pull.head_sha, "merge")
        host.set_status(pull.head_sha, "redlight/policy", StatusState.FAILURE, "2 violations")
        with pytest.raises(Permanent, match='status check "redlight/policy" is failing'):
            host.merge(pull.number, pull.head_sha, "merge")
        host.set_status(pull.head_sha, "redlight/policy", StatusState.SUCCESS, "14 passed")
        assert host.merge(pull.number, pull.head_sha, "merge")
    finally:
        admin.get_branch("main").remove_protection()


def test_a_closed_pull_request_does_not_merge(host: GitHubHost) -> None:
    pull = opened(host, "closed-merge")
    host.close(pull.number)
    with pytest.raises(Conflict, match="was closed"):
        host.merge(pull.number, pull.head_sha, "merge")


def test_a_branch_is_deleted_twice_without_a_word(host: GitHubHost) -> None:
    host.commit("delete-me", base(host), MESSAGE, {"a": "delete"})
    host.delete_branch("delete-me")
    host.delete_branch("delete-me")
    assert host.head("delete-me") is None


# --- credentials -----------------------------------------------------------------------------


def test_a_token_that_github_does_not_know_is_said_to_be_unknown(forge: ForgeProcess) -> None:
    with pytest.raises(Permanent, match="credentials") as refused:
        github_host(forge, "nobody").head("main")
    assert "GITHUB_TOKEN" in refused.value.remedy


def test_a_token_that_may_only_read_is_told_what_it_needs(forge: ForgeProcess) -> None:
    reader = github_host(forge, READER)
    with pytest.raises(Permanent) as refused:
        reader.commit("read-only", base(reader), MESSAGE, {"a": "read-only"})
    assert refused.value.remedy


def test_a_repository_that_is_not_there_is_said_to_be_missing(forge: ForgeProcess) -> None:
    settings = GitHubSettings(api_url=forge.url, token=SecretStr(BOT), app=None)
    host = GitHubHost(settings, "acme/elsewhere")
    with pytest.raises(NotFound, match=r"no pull request #1") as refused:
        host.pull_request(1)
    assert "[git] repo" in refused.value.remedy


def test_a_github_app_works_as_its_installation(
    forge: ForgeProcess, key: rsa.RSAPrivateKey
) -> None:
    host = GitHubHost(app_settings(forge, key), REPO)
    pull = opened(host, "by-app")
    assert seen(host, pull.number).state is PullRequestState.OPEN


def test_an_app_whose_key_github_does_not_know_is_refused_with_what_to_do(
    forge: ForgeProcess,
) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Permanent, match="credentials"):
        GitHubHost(app_settings(forge, stranger), REPO).head("main")
