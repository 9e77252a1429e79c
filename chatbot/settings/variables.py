"""The environment variables: secrets, and what differs from one machine to the next.

`.env.example` lists the same variables, and a test keeps it so. pydantic-settings reads the process
and `.env`; what it read is handed in as a mapping, so that every mistake can be told at once and
nothing is read behind the caller's back.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
)

from chatbot.settings.rules import SlackMode

_APP_PAGE = "api.slack.com/apps, your app"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class HttpAddress(BaseModel):
    """Where /metrics and /healthz listen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]
    """0: any free port."""


def _address(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit()):
        raise ValueError("must be host:port, such as 127.0.0.1:9090, or empty for off")
    return {"host": host.removeprefix("[").removesuffix("]"), "port": int(port)}


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("must be a URL that starts with https:// (or http://)")
    return text


def _with_slash(url: str) -> str:
    return url.rstrip("/") + "/"


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _not_a(prefix: str, what: str) -> Callable[[SecretStr], SecretStr]:
    def check(token: SecretStr) -> SecretStr:
        if token.get_secret_value().startswith(prefix):
            raise ValueError(f"holds {what} ({prefix}…): the two tokens are mixed up")
        return token

    return check


def _key_text(key: SecretStr) -> SecretStr:
    """A PEM key that was squeezed into one line with `\\n` gets its lines back."""
    return SecretStr(key.get_secret_value().replace("\\n", "\n"))


class Variables(BaseSettings):
    """Every environment variable; a field's description says where its value comes from."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, case_sensitive=True
    )

    SLACK_BOT_TOKEN: Annotated[
        SecretStr | None,
        AfterValidator(lambda t: t and _not_a("xapp-", "an app-level token")(t)),
    ] = Field(None, description=f"{_APP_PAGE}, OAuth & Permissions: Bot User OAuth Token (xoxb-…)")
    SLACK_APP_TOKEN: Annotated[
        SecretStr | None,
        AfterValidator(lambda t: t and _not_a("xoxb-", "a bot token")(t)),
    ] = Field(
        None,
        description=f"{_APP_PAGE}, Basic Information, App-Level Tokens: one with the scope "
        "connections:write (xapp-…)",
    )
    SLACK_SIGNING_SECRET: SecretStr | None = Field(
        None, description=f"{_APP_PAGE}, Basic Information, App Credentials: Signing Secret"
    )
    SLACK_API_URL: Annotated[str, AfterValidator(_url), AfterValidator(_with_slash)] = Field(
        "https://slack.com/api/", description="Slack's Web API"
    )
    GITHUB_TOKEN: SecretStr | None = Field(
        None,
        description="github.com/settings/tokens: a fine-grained token for the cluster repository "
        "with contents, pull requests and commit statuses, read and write",
    )
    GITHUB_APP_ID: str | None = Field(None, description="the GitHub App's settings: App ID")
    GITHUB_APP_PRIVATE_KEY: Annotated[
        SecretStr | None, AfterValidator(lambda key: key and _key_text(key))
    ] = Field(
        None,
        description="the GitHub App's settings, Private keys: the PEM text, its line ends "
        "written as \\n if need be",
    )
    GITHUB_APP_INSTALLATION_ID: str | None = Field(
        None, description="the number at the end of the URL of the App's installation"
    )
    GITHUB_API_URL: Annotated[str, AfterValidator(_url), AfterValidator(_without_slash)] = Field(
        "https://api.github.com", description="GitHub's REST API; Enterprise: https://HOST/api/v3"
    )
    JIRA_URL: Annotated[
        str | None, AfterValidator(lambda url: url and _without_slash(_url(url)))
    ] = Field(None, description="Jira's base URL; leave empty to go without Jira")
    JIRA_USER: str | None = Field(
        None, description="the account's e-mail; Jira Cloud only, Data Center needs none"
    )
    JIRA_TOKEN: SecretStr | None = Field(
        None,
        description="Cloud: an API token from id.atlassian.com; Data Center: a personal access "
        "token from the profile page",
    )
    JIRA_PROJECT: str | None = Field(None, description="the key of the project for incidents")
    KUBECONFIG: str | None = Field(
        None, description="kubeconfig files; empty: ~/.kube/config, or the pod's own account"
    )
    REDLIGHT_CONFIG: Path = Field(Path("redlight.toml"), description="the rules")
    REDLIGHT_DB: Path = Field(Path("redlight.db"), description="the SQLite database")
    REDLIGHT_LOG: LogFormat = Field(LogFormat.TEXT, description="text or json")
    REDLIGHT_HTTP: Annotated[HttpAddress | None, BeforeValidator(_address)] = Field(
        HttpAddress(host="127.0.0.1", port=9090),
        description="host:port for /metrics and /healthz; empty: off",
    )


SECRETS = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "GITHUB_TOKEN",
        "GITHUB_APP_PRIVATE_KEY",
        "JIRA_TOKEN",
    }
)
"""Variables that a process needs once; nothing that it starts needs them at all."""

EMPTY_MEANS_SOMETHING = frozenset({"REDLIGHT_HTTP"})
"""For every other variable empty is the same as not set."""


def process_environment(env_file: Path = Path(".env")) -> dict[str, str]:
    """The variables of this process, and those of `env_file` (if it is there) that it lacks."""
    sources = (
        DotEnvSettingsSource(Variables, env_file=env_file, case_sensitive=True),
        EnvSettingsSource(Variables, case_sensitive=True),
    )
    return {
        name: value
        for source in sources
        for name, value in source.env_vars.items()
        if value is not None
    }


def read_variables(environ: Mapping[str, str]) -> tuple[Variables, dict[str, str]]:
    """The variables in `environ`, and {name: what is wrong} for those that cannot be used (which
    then have their defaults). No message holds a value: any of them may be a secret."""
    given = {
        name: value.strip()
        for name in Variables.model_fields
        if (value := environ.get(name)) is not None
        and (value.strip() or name in EMPTY_MEANS_SOMETHING)
    }
    problems: dict[str, str] = {}
    try:
        return Variables.model_validate(given), problems
    except ValidationError as error:
        for details in error.errors(include_url=False, include_input=False):
            name = str(details["loc"][0])
            context = details.get("ctx", {})
            said = str(context["error"]) if "error" in context else details["msg"]
            said = said.removeprefix("Input ").replace("should be", "must be")
            problems[name] = f"{said[:1].lower()}{said[1:]}"
    usable = {name: value for name, value in given.items() if name not in problems}
    return Variables.model_validate(usable), problems


def wanting(variables: Variables, mode: SlackMode) -> dict[str, str]:
    """{name: what to do} for every variable that must be set and is not."""
    wanted = {"SLACK_BOT_TOKEN"}
    wanted.add("SLACK_APP_TOKEN" if mode is SlackMode.SOCKET else "SLACK_SIGNING_SECRET")
    missing = {name: _where(name) for name in wanted if not getattr(variables, name)}
    return {**missing, **_github(variables), **_jira(variables)}


def _github(variables: Variables) -> dict[str, str]:
    app = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATION_ID")
    missing = [name for name in app if not getattr(variables, name)]
    if variables.GITHUB_TOKEN:
        if missing == list(app):
            return {}
        return {"GITHUB_TOKEN": "is set beside GITHUB_APP_…: set one of the two, not both"}
    if missing == list(app):
        token = _where("GITHUB_TOKEN")
        return {"GITHUB_TOKEN": f"{token}; or set {', '.join(app)} for a GitHub App"}
    return {name: _where(name) for name in missing}


def _jira(variables: Variables) -> dict[str, str]:
    needed = ["JIRA_URL", "JIRA_TOKEN", "JIRA_PROJECT"]
    if not any(getattr(variables, name) for name in (*needed, "JIRA_USER")):
        return {}
    if variables.JIRA_URL and variables.JIRA_URL.endswith(".atlassian.net"):
        needed.append("JIRA_USER")
    return {name: _where(name) for name in needed if not getattr(variables, name)}


def _where(name: str) -> str:
    return f"is missing: {Variables.model_fields[name].description}"
