"""What is said about a pull request: commit statuses, our own comments, people's reviews."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chatbot.adapters.github import GitHubHost
from chatbot.domain.errors import NotFound
from chatbot.domain.review import StatusState
from chatbot.ports import GitReview
from tests.contract.github_host_fixture import *  # noqa: F403 - its fixtures
from tests.contract.github_host_fixture import MESSAGE, app_settings, base, opened, writes
from tests.support.forge import ADMIN, REPO, SENIOR, ForgeProcess
from tests.support.forge_work import approve, commit_files, protect
from tests.support.github_host import github_host

POLICY = "redlight/policy"
PAGE = "https://redlight.example/CHG-1"


def committed(host: GitHubHost, branch: str) -> str:
    return host.commit(branch, base(host), MESSAGE, {branch: "here"})


def statuses(repo: Any, commit: str) -> list[tuple[str, str, str, str | None]]:
    return [
        (status.context, status.state, status.description, status.target_url)
        for status in repo.get_commit(commit).get_statuses()
    ]


def said(repo: Any, number: int) -> list[tuple[str, str]]:
    comments = repo.get_issue(number).get_comments()
    return [(one.user.login, one.body) for one in comments]


# --- commit statuses -------------------------------------------------------------------------


def test_a_status_stands_on_its_commit_with_what_it_says(host: GitHubHost, repo: Any) -> None:
    commit = committed(host, "status-one")
    host.set_status(commit, POLICY, StatusState.PENDING, "Looking")
    host.set_status(commit, POLICY, StatusState.FAILURE, "2 violations", PAGE)
    assert statuses(repo, commit) == [
        (POLICY, "failure", "2 violations", PAGE),
        (POLICY, "pending", "Looking", None),
    ]


def test_a_status_that_stands_already_is_not_posted_again(
    host: GitHubHost, exchanges: list[Any]
) -> None:
    commit = committed(host, "status-again")
    host.set_status(commit, POLICY, StatusState.SUCCESS, "14 passed", PAGE)
    host.set_status(commit, "another/check", StatusState.FAILURE, "no")
    before = len(exchanges)
    host.set_status(commit, POLICY, StatusState.SUCCESS, " 14 passed\n", PAGE)
    assert writes(exchanges[before:]) == []


def test_a_status_that_stood_before_the_newest_is_posted_again(host: GitHubHost, repo: Any) -> None:
    commit = committed(host, "status-back")
    for state in (StatusState.SUCCESS, StatusState.ERROR, StatusState.SUCCESS):
        host.set_status(commit, POLICY, state, "The same words")
    assert [state for _, state, _, _ in statuses(repo, commit)] == ["success", "error", "success"]


def test_a_long_description_is_cut_and_still_known_again(
    host: GitHubHost, repo: Any, exchanges: list[Any]
) -> None:
    commit = committed(host, "status-long")
    host.set_status(commit, POLICY, StatusState.FAILURE, "größer " * 40)
    [(_, _, description, _)] = statuses(repo, commit)
    assert len(description) == 140
    assert description.endswith("…")
    before = len(exchanges)
    host.set_status(commit, POLICY, StatusState.FAILURE, "größer " * 40)
    assert writes(exchanges[before:]) == []


# --- comments --------------------------------------------------------------------------------


def test_each_key_has_one_comment_which_is_edited_in_place(host: GitHubHost, repo: Any) -> None:
    number = opened(host, "comment-one").number
    host.comment(number, "policy", "Two violations")
    host.comment(number, "diff", "What it changes")
    host.comment(number, "policy", "No violations\n")
    assert said(repo, number) == [
        ("redlight-bot", "<!-- redlight: policy -->\nNo violations"),
        ("redlight-bot", "<!-- redlight: diff -->\nWhat it changes"),
    ]


def test_a_comment_that_says_so_already_is_left_alone(
    forge: ForgeProcess, host: GitHubHost, exchanges: list[Any]
) -> None:
    number = opened(host, "comment-again").number
    host.comment(number, "policy", "Two violations\n\n- one\n- two\n")
    before = len(exchanges)
    github_host(forge).comment(number, "policy", "Two violations\n\n- one\n- two\n")
    assert writes(exchanges[before:]) == []


def test_a_comment_of_somebody_else_with_our_marker_is_not_ours(
    host: GitHubHost, repo: Any
) -> None:
    number = opened(host, "comment-copied").number
    copied = "<!-- redlight: policy -->\nNo violations, honestly"
    repo.get_issue(number).create_comment(copied)
    host.comment(number, "policy", "Two violations")
    host.comment(number, "policy", "Three violations")
    assert said(repo, number) == [
        ("octo-senior", copied),
        ("redlight-bot", "<!-- redlight: policy -->\nThree violations"),
    ]


def test_a_marker_inside_the_text_of_another_comment_of_ours_names_no_key(
    host: GitHubHost, repo: Any
) -> None:
    number = opened(host, "comment-inside").number
    host.comment(number, "diff", "+ # <!-- redlight: policy -->")
    host.comment(number, "policy", "Two violations")
    assert len(said(repo, number)) == 2


def test_a_comment_is_found_beyond_the_first_page(host: GitHubHost, repo: Any) -> None:
    number = opened(host, "comment-far").number
    issue = repo.get_issue(number)
    for one in range(100):
        issue.create_comment(f"Remark {one}")
    host.comment(number, "policy", "Two violations")
    host.comment(number, "policy", "No violations")
    assert said(repo, number)[100:] == [
        ("redlight-bot", "<!-- redlight: policy -->\nNo violations")
    ]


def test_a_comment_too_long_for_github_is_cut(host: GitHubHost, repo: Any) -> None:
    number = opened(host, "comment-long").number
    host.comment(number, "policy", "x" * 70_000)
    [(_, body)] = said(repo, number)
    assert len(body) == 65_536
    assert body.endswith("x…")


def test_a_github_app_knows_its_own_comment(
    forge: ForgeProcess, key: rsa.RSAPrivateKey, repo: Any
) -> None:
    host = GitHubHost(app_settings(forge, key), REPO)
    number = opened(host, "comment-app").number
    host.comment(number, "policy", "Two violations")
    host.comment(number, "policy", "No violations")
    assert said(repo, number) == [
        ("redlight[bot]", "<!-- redlight: policy -->\nNo violations"),
    ]


def test_a_comment_on_what_is_not_there_is_said_to_miss_it(host: GitHubHost) -> None:
    with pytest.raises(NotFound, match="no pull request #4040"):
        host.comment(4040, "policy", "Two violations")


# --- reviews ---------------------------------------------------------------------------------


def reviewed(
    forge: ForgeProcess, number: int, event: str, body: str = "", token: str = SENIOR
) -> Any:
    pull = forge.github(token).get_repo(REPO).get_pull(number)
    return pull.create_review(event=event, body=body)


def test_an_approval_names_who_and_which_commit_and_when(
    forge: ForgeProcess, host: GitHubHost
) -> None:
    pull = opened(host, "review-one")
    assert host.reviews(pull.number) == []
    given = reviewed(forge, pull.number, "APPROVE")
    assert host.reviews(pull.number) == [
        GitReview("octo-senior", True, pull.head_sha, given.submitted_at)
    ]
    assert given.submitted_at.tzinfo is not None


def test_a_remark_after_an_approval_takes_nothing_back(
    forge: ForgeProcess, host: GitHubHost
) -> None:
    number = opened(host, "review-remark").number
    reviewed(forge, number, "COMMENT", "A question")
    assert host.reviews(number) == []
    reviewed(forge, number, "APPROVE")
    reviewed(forge, number, "COMMENT", "And a nit")
    [review] = host.reviews(number)
    assert review.approves


def test_a_request_for_changes_takes_an_approval_back_and_the_other_way_round(
    forge: ForgeProcess, host: GitHubHost
) -> None:
    number = opened(host, "review-changes").number
    reviewed(forge, number, "APPROVE")
    reviewed(forge, number, "REQUEST_CHANGES", "Not like this")
    assert [review.approves for review in host.reviews(number)] == [False]
    reviewed(forge, number, "APPROVE")
    assert [review.approves for review in host.reviews(number)] == [True]


def test_every_reviewer_has_one_word(forge: ForgeProcess, host: GitHubHost) -> None:
    number = opened(host, "review-two").number
    reviewed(forge, number, "APPROVE", token=ADMIN)
    reviewed(forge, number, "REQUEST_CHANGES", "Not like this")
    words = {review.login: review.approves for review in host.reviews(number)}
    assert words == {"acme-admin": True, "octo-senior": False}


def test_a_dismissed_approval_approves_nothing(forge: ForgeProcess, host: GitHubHost) -> None:
    number = opened(host, "review-dismissed").number
    reviewed(forge, number, "APPROVE").dismiss("It was too early")
    assert [review.approves for review in host.reviews(number)] == [False]


def test_an_approval_stays_with_the_commit_that_was_seen(host: GitHubHost, repo: Any) -> None:
    pull = opened(host, "review-moved")
    approve(repo, pull.number)
    newer = commit_files(repo, "review-moved", {"later": "1"})
    assert [review.commit_sha for review in host.reviews(pull.number)] == [pull.head_sha]
    approve(repo, pull.number)
    assert [review.commit_sha for review in host.reviews(pull.number)] == [newer]
    approve(repo, pull.number, commit_sha=pull.head_sha)
    assert [review.commit_sha for review in host.reviews(pull.number)] == [pull.head_sha]


def test_a_push_dismisses_an_approval_where_the_branch_protection_says_so(
    forge: ForgeProcess, host: GitHubHost, repo: Any
) -> None:
    admin = forge.github(ADMIN).get_repo(REPO)
    pull = opened(host, "review-stale")
    approve(repo, pull.number)
    protect(admin, dismiss_stale=True)
    try:
        commit_files(repo, "review-stale", {"later": "1"})
        assert [review.approves for review in host.reviews(pull.number)] == [False]
    finally:
        admin.get_branch("main").remove_protection()
