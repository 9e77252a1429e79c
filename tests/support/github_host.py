"""The product's own GitHub adapter over a forge, or over whatever answers at an address."""

from pydantic import SecretStr

from chatbot.adapters.github import GitHubHost
from chatbot.settings import GitHubSettings
from tests.support.forge import BOT, REPO, ForgeProcess


def github_host(forge: ForgeProcess, token: str = BOT) -> GitHubHost:
    """The adapter as the token's owner."""
    return host_at(forge.url, token, forge.repo)


def host_at(url: str, token: str = BOT, repo: str = REPO, *, timeout: int = 15) -> GitHubHost:
    """The adapter with a token, at a URL."""
    settings = GitHubSettings(api_url=url, token=SecretStr(token), app=None, timeout=timeout)
    return GitHubHost(settings, repo)
