"""GitHub's adapter over a forge; what goes over the wire in a test is held against GitHub's own
description where that is at hand."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from chatbot.adapters.github import GitHubHost
from chatbot.domain.pull_request import PullRequest
from chatbot.settings import GitHubApp, GitHubSettings
from tests.support.forge import REPO, SENIOR, ForgeProcess, running_forge
from tests.support.github_description import VARIABLE, GithubDescription, recorded
from tests.support.github_host import github_host

__all__ = ["description", "exchanges", "forge", "host", "key", "repo"]

WEB = "environments/test/shop-test/web.yaml"
MESSAGE = "CHG-1: Scale\n\nChange-Id: CHG-1\n"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def forge(
    tmp_path_factory: pytest.TempPathFactory, key: rsa.RSAPrivateKey
) -> Iterator[ForgeProcess]:
    folder = tmp_path_factory.mktemp("forge")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "app.pem").write_bytes(public)
    arguments = ["--app-id", "7", "--app-public-key", str(folder / "app.pem")]
    with running_forge(folder, arguments=arguments) as started:
        yield started


@pytest.fixture(scope="module")
def description(forge: ForgeProcess) -> GithubDescription | None:
    return GithubDescription(forge.url) if VARIABLE in os.environ else None


@pytest.fixture
def host(forge: ForgeProcess) -> GitHubHost:
    return github_host(forge)


@pytest.fixture(autouse=True)
def exchanges(description: GithubDescription | None) -> Iterator[list[Any]]:
    """Everything that goes over the wire; checked when the test ends."""
    with recorded() as seen:
        yield seen
    if description is not None:
        # GitHub documents the 401 of bad credentials in prose, for all paths at once.
        told = [exchange for exchange in seen if exchange.response.status_code != 401]
        complaints = [text for exchange in told for text in description.complaints(exchange)]
        assert not complaints, "\n".join(complaints)


@pytest.fixture
def repo(forge: ForgeProcess) -> Any:
    """The repository as a person at GitHub has it."""
    return forge.github(SENIOR).get_repo(REPO)


def base(host: GitHubHost) -> str:
    head = host.head("main")
    assert head is not None
    return head


def opened(host: GitHubHost, branch: str, text: str = "replicas: 5\n") -> PullRequest:
    host.commit(branch, base(host), MESSAGE, {f"{branch}.yaml": text})
    return host.open_pull_request(branch, "main", "CHG-1: Scale", "Why.", ["redlight"])


def seen(host: GitHubHost, number: int) -> PullRequest:
    found = host.pull_request(number)
    assert found is not None
    return found


def writes(exchanges: list[Any]) -> list[str]:
    return [str(one) for one in exchanges if one.request.method != "GET"]


def app_settings(forge: ForgeProcess, key: rsa.RSAPrivateKey) -> GitHubSettings:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    app = GitHubApp(id="7", private_key=SecretStr(pem.decode()), installation_id="1")
    return GitHubSettings(api_url=forge.url, token=None, app=app)
