"""What PyGithub sends and what the forge answers is what GitHub documents."""

import os
from collections.abc import Iterator

import github
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github.Repository import Repository

from tests.support.forge import ADMIN, BOT, REPO, SENIOR, ForgeProcess, running_forge
from tests.support.forge_work import commit_files, open_pull
from tests.support.github_description import UNSET, VARIABLE, GithubDescription, recorded

pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason=UNSET)

FILE = "environments/prod/shop-prod/web.yaml"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def forge(
    tmp_path_factory: pytest.TempPathFactory, key: rsa.RSAPrivateKey
) -> Iterator[ForgeProcess]:
    directory = tmp_path_factory.mktemp("forge")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (directory / "app.pem").write_bytes(public)
    arguments = ["--app-id", "7", "--app-public-key", str(directory / "app.pem")]
    with running_forge(directory, arguments=arguments) as started:
        yield started


@pytest.fixture(scope="module")
def description(forge: ForgeProcess) -> GithubDescription:
    return GithubDescription(forge.url)


@pytest.fixture(autouse=True)
def held_to_github(description: GithubDescription) -> Iterator[None]:
    """Every exchange of a test is checked when it ends."""
    with recorded() as exchanges:
        yield
    assert exchanges
    complaints = [text for exchange in exchanges for text in description.complaints(exchange)]
    assert "\n".join(complaints) == ""


@pytest.fixture
def repo(forge: ForgeProcess) -> Repository:
    return forge.github().get_repo(REPO)


def test_accounts_and_rate_limits(forge: ForgeProcess) -> None:
    client = forge.github()
    assert client.get_user().login == "redlight-bot"
    assert client.get_user("octo-senior").login == "octo-senior"
    assert client.get_rate_limit().rate.limit == 5000
    with pytest.raises(github.UnknownObjectException):
        client.get_user("nobody-of-that-name")


def test_the_repository_its_branches_and_collaborators(repo: Repository) -> None:
    assert repo.default_branch == "main"
    assert "main" in {branch.name for branch in repo.get_branches()}
    assert not repo.get_branch("main").protected
    assert repo.get_collaborator_permission("octo-reader") == "read"
    assert repo.has_in_collaborators("octo-senior")
    assert "octo-senior" in {person.login for person in repo.get_collaborators()}


def test_refs_are_made_found_moved_and_deleted(repo: Repository) -> None:
    main = repo.get_git_ref("heads/main").object.sha
    ref = repo.create_git_ref("refs/heads/refs/one", main)
    assert [found.ref for found in repo.get_git_matching_refs("heads/refs/")] == [ref.ref]
    ref.edit(main, force=False)
    with pytest.raises(github.GithubException) as taken:
        repo.create_git_ref("refs/heads/refs/one", main)
    assert taken.value.status == 422
    ref.delete()
    with pytest.raises(github.UnknownObjectException):
        repo.get_git_ref("heads/refs/one")


def test_trees_commits_and_blobs(repo: Repository) -> None:
    blob = repo.create_git_blob("plain\n", "utf-8")
    assert repo.get_git_blob(blob.sha).size == 6
    sha = commit_files(repo, "data/one", {FILE: "kind: None\n", "README.md": None, "new/a": "a"})
    commit = repo.get_git_commit(sha)
    paths = {entry.path for entry in repo.get_git_tree(commit.tree.sha, recursive=True).tree}
    assert FILE in paths
    assert "new/a" in paths
    assert "README.md" not in paths


def test_contents_are_read_written_and_deleted(repo: Repository) -> None:
    main = repo.get_git_ref("heads/main").object.sha
    repo.create_git_ref("refs/heads/contents/one", main)
    branch = "contents/one"
    made = repo.create_file("notes/one.txt", "Add a note", "one\n", branch=branch)["content"]
    changed = repo.update_file("notes/one.txt", "Change it", "two\n", made.sha, branch=branch)[
        "content"
    ]
    read = repo.get_contents("notes/one.txt", ref="contents/one")
    assert not isinstance(read, list)
    assert read.decoded_content == b"two\n"
    repo.delete_file("notes/one.txt", "Drop it", changed.sha, branch=branch)
    rows = repo.get_contents("environments", ref="contents/one")
    assert isinstance(rows, list)
    assert [row.name for row in rows] == ["dev", "prod", "staging", "test"]
    with pytest.raises(github.UnknownObjectException):
        repo.get_contents("notes/one.txt", ref="contents/one")


def test_commits_are_listed_shown_and_compared(repo: Repository) -> None:
    sha = commit_files(repo, "compare/one", {FILE: "replicas: 8\n"}, message="Scale web")
    assert repo.get_commits(sha="compare/one", path=FILE)[0].sha == sha
    assert [file.filename for file in repo.get_commit(sha).files] == [FILE]
    comparison = repo.compare("main", "compare/one")
    assert (comparison.status, comparison.ahead_by, comparison.behind_by) == ("ahead", 1, 0)
    assert list(repo.get_commit(sha).get_pulls()) == []


def test_statuses_are_posted_listed_and_combined(repo: Repository) -> None:
    commit = repo.get_commit(commit_files(repo, "status/one", {"a": "a"}))
    commit.create_status("pending", description="Looking", context="redlight/policy")
    commit.create_status("success", "http://127.0.0.1/x", "14 passed", "redlight/policy")
    assert [status.state for status in commit.get_statuses()] == ["success", "pending"]
    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("success", 1)
    assert commit.get_check_runs().totalCount == 0


def test_a_pull_request_is_opened_found_edited_and_merged(
    forge: ForgeProcess, repo: Repository
) -> None:
    pull = open_pull(repo, "mcp-ocs/change-chg-1", {FILE: "replicas: 8\n"})
    found = repo.get_pulls(state="open", head="acme:mcp-ocs/change-chg-1")
    assert [one.number for one in found] == [pull.number]
    assert repo.get_pulls(state="open", head="acme:another").totalCount == 0
    pull.edit(title="Another title", body="Another body")
    assert [file.status for file in pull.get_files()] == ["modified"]
    assert pull.get_commits().totalCount == 1
    assert pull.mergeable
    assert not pull.is_merged()
    result = pull.merge(sha=pull.head.sha, merge_method="squash")
    assert repo.get_pull(pull.number).merged_by.login == "redlight-bot"
    assert pull.is_merged()
    assert repo.get_branch("main").commit.sha == result.sha
    assert repo.get_commit(result.sha).get_pulls()[0].number == pull.number


def test_a_pull_request_is_closed_reopened_and_brought_up_to_date(repo: Repository) -> None:
    pull = open_pull(repo, "pulls/close", {"close": "me"})
    pull.edit(state="closed")
    pull.edit(state="open")
    commit_files(repo, "main", {"elsewhere": "x"})
    pull.update_branch()
    assert repo.get_pull(pull.number).commits == 2
    assert not repo.get_pull(pull.number).update_branch(), "there is nothing to bring in"


def test_reviews_are_asked_for_given_listed_and_dismissed(
    forge: ForgeProcess, repo: Repository
) -> None:
    pull = open_pull(repo, "reviews/one", {"review": "me"})
    pull.create_review_request(reviewers=["octo-senior"])
    assert [user.login for user in pull.get_review_requests()[0]] == ["octo-senior"]
    theirs = forge.github(SENIOR).get_repo(REPO).get_pull(pull.number)
    review = theirs.create_review(event="APPROVE")
    assert pull.get_review(review.id).state == "APPROVED"
    assert [one.state for one in pull.get_reviews()] == ["APPROVED"]
    assert list(repo.get_pull(pull.number).get_review_requests()[0]) == []
    review.dismiss("The head moved")
    assert pull.get_review(review.id).state == "DISMISSED"
    with pytest.raises(github.GithubException) as own:
        pull.create_review(event="APPROVE")
    assert own.value.status == 422


def test_labels_and_comments(repo: Repository) -> None:
    label = repo.create_label("redlight", "d73a4a", "Made by the bot")
    assert repo.get_label("redlight").color == "d73a4a"
    with pytest.raises(github.GithubException) as taken:
        repo.create_label("Redlight", "000000")
    assert taken.value.status == 422
    assert "redlight" in {one.name for one in repo.get_labels()}
    pull = open_pull(repo, "labels/one", {"label": "me"})
    pull.add_to_labels(label, "area: web")
    pull.remove_from_labels("area: web")
    pull.set_labels("redlight", "prod")
    assert {one.name for one in pull.get_labels()} == {"redlight", "prod"}
    issue = repo.get_issue(pull.number)
    comment = issue.create_comment("Waiting for approval")
    comment.edit("Approved")
    assert [one.body for one in pull.get_issue_comments()] == ["Approved"]
    comment.delete()
    assert issue.get_comments().totalCount == 0
    issue.edit(labels=["prod"])


def test_branch_protection_is_set_read_and_taken_away(forge: ForgeProcess) -> None:
    repo = forge.github(ADMIN).get_repo(REPO)
    commit_files(repo, "guarded", {"g": "g"})
    branch = repo.get_branch("guarded")
    branch.edit_protection(
        strict=True,
        contexts=["redlight/policy"],
        enforce_admins=True,
        required_approving_review_count=1,
        dismiss_stale_reviews=True,
    )
    rules = branch.get_protection()
    assert rules.required_status_checks.contexts == ["redlight/policy"]
    assert rules.required_pull_request_reviews.required_approving_review_count == 1
    assert branch.get_required_status_checks().strict
    assert repo.get_branch("guarded").protected
    branch.remove_protection()
    with pytest.raises(github.GithubException) as gone:
        branch.get_protection()
    assert gone.value.status == 404


def test_a_github_app_signs_in_and_acts(forge: ForgeProcess, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    auth = github.Auth.AppAuth(7, pem)
    integration = github.GithubIntegration(auth=auth, base_url=forge.url)
    assert integration.get_app().slug == "redlight"
    installation = integration.get_repo_installation(*REPO.split("/"))
    client = installation.get_github_for_installation()
    assert client.get_repo(REPO).full_name == REPO
    with pytest.raises(github.GithubException) as nobody:
        _ = client.get_user().login
    assert nobody.value.status == 403


def test_answers_are_paged_with_links(forge: ForgeProcess, repo: Repository) -> None:
    for number in range(3):
        repo.create_label(f"page-{number}", "ffffff")
    headers = {"Authorization": f"token {BOT}"}
    url = f"{forge.url}/repos/{REPO}/labels?per_page=2"
    first = requests.get(url, headers=headers, timeout=10)
    assert len(first.json()) == 2
    second = requests.get(first.links["next"]["url"], headers=headers, timeout=10)
    assert second.links["prev"]["url"]
    assert {row["id"] for row in first.json()} & {row["id"] for row in second.json()} == set()
