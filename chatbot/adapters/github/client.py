"""PyGithub as Redlight uses it: it neither retries nor waits, and signs in as the settings say."""

from github import Auth, Github

from chatbot.domain.errors import Permanent
from chatbot.settings import GitHubSettings

TIMEOUT = 15
"""Seconds for one request."""


def client(settings: GitHubSettings) -> Github:
    """A client; nothing is called until it is used."""
    return Github(
        auth=_auth(settings),
        base_url=settings.api_url,
        timeout=TIMEOUT,
        retry=None,  # the rows retry, and say so on the card
        seconds_between_requests=None,  # limits are honoured when GitHub states them
        seconds_between_writes=None,
        per_page=100,
    )


def _auth(settings: GitHubSettings) -> Auth.Auth:
    if settings.app:
        app = Auth.AppAuth(settings.app.id, settings.app.private_key.get_secret_value())
        return app.get_installation_auth(int(settings.app.installation_id))
    if settings.token is None:
        raise Permanent("There is neither a GitHub token nor a GitHub App")
    return Auth.Token(settings.token.get_secret_value())
