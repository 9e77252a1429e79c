"""The forge over plain HTTP: sign-in, ETags, Git's own protocol, and staying power."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import github
import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.forge import Config, Forge, start
from sandbox.forge.git import quiet_environment
from tests.support.forge import BOT, READER, REPO, ForgeProcess, running_forge
from tests.support.forge_work import commit_files, open_pull


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeProcess]:
    with running_forge(tmp_path_factory.mktemp("forge")) as started:
        yield started


def _get(forge: ForgeProcess, path: str, token: str = BOT, **headers: str) -> requests.Response:
    signed = {"Authorization": f"token {token}", **headers}
    return requests.get(f"{forge.url}{path}", headers=signed, timeout=10)


def _git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=octo", "-c", "user.email=octo@example.com", *arguments],
        cwd=cwd,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_a_bad_token_is_answered_with_401(forge: ForgeProcess) -> None:
    answer = _get(forge, "/user", "no-such-token")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_a_stranger_does_not_learn_that_the_repository_is_there(forge: ForgeProcess) -> None:
    answer = requests.get(f"{forge.url}/repos/{REPO}", timeout=10)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(forge: ForgeProcess) -> None:
    path = f"/repos/{REPO}/branches"
    first = _get(forge, path)
    again = _get(forge, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    commit_files(forge.github().get_repo(REPO), "etag/one", {"etag": "1"})
    changed = _get(forge, path, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_enterprise_addresses_lead_to_enterprise_addresses(forge: ForgeProcess) -> None:
    client = github.Github(base_url=f"{forge.url}/api/v3", auth=github.Auth.Token(BOT), retry=None)
    repo = client.get_repo(REPO)
    assert repo.url == f"{forge.url}/api/v3/repos/{REPO}"
    assert repo.get_branch("main").name == "main"


def test_a_body_that_is_not_json_is_answered_with_400(forge: ForgeProcess) -> None:
    answer = requests.post(
        f"{forge.url}/repos/{REPO}/labels",
        data="{",
        headers={"Authorization": f"token {BOT}"},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_a_pull_request_gives_its_diff(forge: ForgeProcess) -> None:
    pull = open_pull(forge.github().get_repo(REPO), "diff/one", {"diff.txt": "new\n"})
    answer = _get(forge, f"/repos/{REPO}/pulls/{pull.number}", Accept="application/vnd.github.diff")
    assert answer.text.startswith("diff --git a/diff.txt b/diff.txt")
    assert "+new" in answer.text


def test_a_push_with_git_moves_the_head_of_the_pull_request(
    forge: ForgeProcess, tmp_path: Path
) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "push/one", {"push": "1"})
    _git("clone", "--quiet", "--branch", "push/one", forge.clone_url(), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    assert (clone / "environments/prod/kustomization.yaml").exists()
    (clone / "push").write_text("2\n")
    _git("commit", "--quiet", "--all", "--message", "By hand", cwd=clone)
    _git("push", "--quiet", cwd=clone)
    head = _git("rev-parse", "HEAD", cwd=clone).strip()
    assert repo.get_pull(pull.number).head.sha == head


def test_a_push_of_the_head_to_the_base_merges_the_pull_request(
    forge: ForgeProcess, tmp_path: Path
) -> None:
    repo = forge.github().get_repo(REPO)
    pull = open_pull(repo, "merged/by-hand", {"by-hand": "1"})
    _git("clone", "--quiet", forge.clone_url(), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    _git("merge", "--quiet", "origin/merged/by-hand", cwd=clone)
    _git("push", "--quiet", "origin", "main", cwd=clone)
    seen = repo.get_pull(pull.number)
    assert (seen.state, seen.merged, seen.commits) == ("closed", True, 1)


def test_anybody_may_clone_and_fetch_but_a_push_asks_for_a_token(
    forge: ForgeProcess, tmp_path: Path
) -> None:
    _git("clone", "--quiet", f"{forge.url}/{REPO}.git", "clone", cwd=tmp_path)
    commit_files(forge.github().get_repo(REPO), "fetched/one", {"fetched": "1"})
    _git("fetch", "--quiet", "origin", "fetched/one", cwd=tmp_path / "clone")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        _git("push", "--quiet", "origin", "main:refs/heads/mine", cwd=tmp_path / "clone")
    assert "could not read Username" in refused.value.stderr


def test_a_wrong_token_is_refused_even_for_reading(forge: ForgeProcess) -> None:
    path = f"/{REPO}.git/info/refs?service=git-upload-pack"
    assert _get(forge, path, "no-such-token").status_code == 401


def test_a_reader_cannot_push(forge: ForgeProcess, tmp_path: Path) -> None:
    _git("clone", "--quiet", forge.clone_url(READER), "clone", cwd=tmp_path)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        _git("push", "--quiet", "origin", "main:refs/heads/mine", cwd=tmp_path / "clone")
    assert "403" in refused.value.stderr


def test_a_protected_branch_refuses_a_push_with_git(tmp_path: Path) -> None:
    with running_forge(tmp_path / "forge") as forge:
        admin = forge.github("admin-token").get_repo(REPO)
        admin.get_branch("main").edit_protection(required_approving_review_count=1)
        _git("clone", "--quiet", forge.clone_url(), "clone", cwd=tmp_path)
        _git("commit", "--quiet", "--allow-empty", "-m", "Past review", cwd=tmp_path / "clone")
        with pytest.raises(subprocess.CalledProcessError) as refused:
            _git("push", "--quiet", cwd=tmp_path / "clone")
        assert "GH006" in refused.value.stderr


def test_a_forge_that_is_started_again_still_knows_everything(tmp_path: Path) -> None:
    with running_forge(tmp_path) as forge:
        repo = forge.github().get_repo(REPO)
        pull = open_pull(repo, "again/one", {"again": "1"}, title="Still here")
        pull.add_to_labels("redlight")
    with running_forge(tmp_path) as forge:
        seen = forge.github().get_repo(REPO).get_pull(pull.number)
        assert (seen.title, [label.name for label in seen.labels]) == ("Still here", ["redlight"])


def test_a_forge_runs_inside_a_program_too(tmp_path: Path) -> None:
    with start(Forge(Config(tmp_path, tokens={"t": "me:admin"}))) as running:
        client = github.Github(base_url=running.url, auth=github.Auth.Token("t"), retry=None)
        assert client.get_user().login == "me"


def test_a_jwt_by_another_key_is_refused(tmp_path: Path) -> None:
    own, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    public = own.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "app.pem").write_bytes(public)
    claims = {"iss": "1", "iat": int(time.time()), "exp": int(time.time()) + 60}
    arguments = ["--app-public-key", str(tmp_path / "app.pem")]
    with running_forge(tmp_path / "forge", arguments=arguments) as forge:
        tokens = [jwt.encode(claims, key, algorithm="RS256") for key in (own, other)]
        answers = [_get(forge, "/app", token).status_code for token in tokens]
    assert answers == [200, 401]
