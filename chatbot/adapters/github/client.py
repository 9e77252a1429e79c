"""PyGithub as Redlight uses it: it neither retries nor waits, and signs in as the settings say."""

from threading import local

from github import Auth, Github, GithubIntegration

from chatbot.domain.errors import Permanent
from chatbot.settings import GitHubApp, GitHubSettings


class OwnClient(local):
    """A client and the repository in it, for each thread that looks at it; one sign-in for all.

    PyGithub keeps the request that it is about to send in a connection: of two threads on one, the
    one may send what the other asked for, and take that answer for its own. And each time that it
    makes a repository it opens a connection, so that is made once.
    """

    def __init__(self, settings: GitHubSettings, auth: Auth.Auth, repository: str) -> None:
        # `local` calls this anew in every thread.
        self.github = _client(settings, auth)
        self.repository = self.github.get_repo(repository, lazy=True)


def _client(settings: GitHubSettings, auth: Auth.Auth) -> Github:
    return Github(
        auth=auth,
        base_url=settings.api_url,
        timeout=settings.timeout,
        retry=None,  # the rows retry, and say so on the card
        seconds_between_requests=None,  # limits are honoured when GitHub states them
        seconds_between_writes=None,
        per_page=100,
    )


def own_login(settings: GitHubSettings, github: Github) -> str:
    """The account that we act as; that of an App is named after it."""
    if settings.app is None:
        return github.get_user().login
    # An installation may not ask who it is; the App itself may.
    integration = GithubIntegration(
        auth=_app_auth(settings.app),
        base_url=settings.api_url,
        timeout=settings.timeout,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    return f"{integration.get_app().slug}[bot]"


def sign_in(settings: GitHubSettings) -> Auth.Auth:
    """How the settings say that we sign in; nothing is called until it is used."""
    if settings.app:
        return _app_auth(settings.app).get_installation_auth(int(settings.app.installation_id))
    if settings.token is None:
        raise Permanent("There is neither a GitHub token nor a GitHub App")
    return Auth.Token(settings.token.get_secret_value())


def _app_auth(app: GitHubApp) -> Auth.AppAuth:
    return Auth.AppAuth(app.id, app.private_key.get_secret_value())
