"""Typed settings, read once: secrets from the environment, rules from `redlight.toml`.

Nothing is read at import. What is wrong is said before anything starts, all of it at once.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from chatbot.domain.environment import Environment
from chatbot.domain.errors import ConfigError
from chatbot.domain.freeze import Freeze
from chatbot.settings.config_file import read_rules
from chatbot.settings.consistency import shared_ground
from chatbot.settings.incident_rules import IncidentRules, JiraRules
from chatbot.settings.rules import (
    ChannelRules,
    GitRules,
    ObligationRules,
    PeopleRules,
    PollingRules,
    Rules,
    SlackMode,
    TimeoutRules,
)
from chatbot.settings.variables import (
    SECRETS,
    HttpAddress,
    LogFormat,
    Variables,
    process_environment,
    read_variables,
    wanting,
)

__all__ = [
    "SECRETS",
    "ChannelRules",
    "GitHubApp",
    "GitHubSettings",
    "GitRules",
    "HttpAddress",
    "IncidentRules",
    "JiraRules",
    "JiraSettings",
    "LogFormat",
    "ObligationRules",
    "PeopleRules",
    "PollingRules",
    "Settings",
    "SlackMode",
    "SlackSettings",
    "TimeoutRules",
    "database",
    "load",
    "process_environment",
]

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class SlackSettings(BaseModel):
    """How to reach Slack and be reached."""

    model_config = _FROZEN

    mode: SlackMode
    port: int
    """Where to listen in `http` mode."""
    api_url: str
    """Ends with a slash."""
    bot_token: SecretStr
    app_token: SecretStr | None
    """Set in `socket` mode."""
    signing_secret: SecretStr | None
    """Set in `http` mode."""


class GitHubApp(BaseModel):
    """An installation of a GitHub App."""

    model_config = _FROZEN

    id: str
    private_key: SecretStr
    installation_id: str


class GitHubSettings(BaseModel):
    """How to reach GitHub: exactly one of `token` and `app` is set."""

    model_config = _FROZEN

    api_url: str
    """Without a trailing slash."""
    token: SecretStr | None
    app: GitHubApp | None
    timeout: int = 15
    """In seconds, for one request."""


class JiraSettings(BaseModel):
    """How to reach Jira."""

    model_config = _FROZEN

    url: str
    user: str
    """Empty on Data Center."""
    token: SecretStr
    project: str
    timeout: int = 15
    """In seconds, for one request."""
    rules: JiraRules = JiraRules()


class Settings(BaseModel):
    """All there is to decide about this installation, checked and complete."""

    model_config = _FROZEN

    slack: SlackSettings
    github: GitHubSettings
    jira: JiraSettings | None
    kubeconfig: str
    """As `KUBECONFIG` has it; empty: the client's own default."""
    config: Path
    """The file that the rules came from."""
    database: Path
    log: LogFormat
    http: HttpAddress | None
    people: PeopleRules
    channels: ChannelRules
    git: GitRules
    github_logins: dict[str, str]
    """Slack user, as `people` names them, to GitHub login."""
    obligations: ObligationRules
    incidents: IncidentRules
    polling: PollingRules
    timeouts: TimeoutRules
    environments: dict[str, Environment]
    """By name, in the order of the file."""
    freezes: tuple[Freeze, ...]
    warnings: tuple[str, ...] = ()
    """Sentences about settings that work and are probably not meant."""

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the log to mask."""
        app = self.github.app
        held = (
            self.slack.bot_token,
            self.slack.app_token,
            self.slack.signing_secret,
            self.github.token,
            app.private_key if app else None,
            self.jira.token if self.jira else None,
        )
        return tuple(secret.get_secret_value() for secret in held if secret)


def load(environ: Mapping[str, str], path: Path | None = None) -> Settings:
    """Read the rules at `path` (default: `REDLIGHT_CONFIG`) and the variables in `environ`.

    Raises `ConfigError`, whose message is a line for each thing that is wrong: in the file with
    file, line and key; in the environment with the variable and where to get its value.
    """
    variables, problems = read_variables(environ)
    config = path or variables.REDLIGHT_CONFIG
    said: list[str] = []
    rules: Rules | None = None
    try:
        rules = read_rules(config)
    except ConfigError as error:
        said.append(str(error))
    mode = rules.slack.mode if rules else None
    if mode:
        problems = {**wanting(variables, mode), **problems}
    said.extend(f"environment: {name} {problems[name]}" for name in _in_order(problems))
    if rules is None or said:
        raise ConfigError("\n".join(said))
    return _assemble(variables, rules, config)


def database(environ: Mapping[str, str]) -> Path:
    """Where the database is, for commands that need nothing else."""
    return read_variables(environ)[0].REDLIGHT_DB


def _in_order(problems: Mapping[str, str]) -> list[str]:
    return [name for name in Variables.model_fields if name in problems]


def _assemble(variables: Variables, rules: Rules, config: Path) -> Settings:
    emergency = {"emergency": rules.emergency()}
    environments = {
        name: section.resolve(name).model_copy(update=emergency)
        for name, section in rules.environments.items()
    }
    return Settings(
        slack=_slack(variables, rules),
        github=_github(variables, rules),
        jira=_jira(variables, rules),
        kubeconfig=variables.KUBECONFIG or "",
        config=config,
        database=variables.REDLIGHT_DB,
        log=variables.REDLIGHT_LOG,
        http=variables.REDLIGHT_HTTP,
        people=rules.people,
        channels=rules.channels,
        git=rules.git,
        github_logins=rules.github_logins,
        obligations=rules.obligations,
        incidents=rules.incidents,
        polling=rules.polling,
        timeouts=rules.timeouts,
        environments=environments,
        freezes=tuple(section.resolve() for section in rules.freezes),
        warnings=tuple(shared_ground(environments)),
    )


def _slack(variables: Variables, rules: Rules) -> SlackSettings:
    if variables.SLACK_BOT_TOKEN is None:  # `wanting` has said so to whoever sets it up
        raise ConfigError("SLACK_BOT_TOKEN is missing")
    return SlackSettings(
        mode=rules.slack.mode,
        port=rules.slack.port,
        api_url=variables.SLACK_API_URL,
        bot_token=variables.SLACK_BOT_TOKEN,
        app_token=variables.SLACK_APP_TOKEN,
        signing_secret=variables.SLACK_SIGNING_SECRET,
    )


def _github(variables: Variables, rules: Rules) -> GitHubSettings:
    app = None
    if variables.GITHUB_APP_PRIVATE_KEY:
        app = GitHubApp(
            id=variables.GITHUB_APP_ID or "",
            private_key=variables.GITHUB_APP_PRIVATE_KEY,
            installation_id=variables.GITHUB_APP_INSTALLATION_ID or "",
        )
    return GitHubSettings(
        api_url=variables.GITHUB_API_URL,
        token=variables.GITHUB_TOKEN,
        app=app,
        timeout=rules.timeouts.github_seconds,
    )


def _jira(variables: Variables, rules: Rules) -> JiraSettings | None:
    if not (variables.JIRA_URL and variables.JIRA_TOKEN):
        return None
    return JiraSettings(
        url=variables.JIRA_URL,
        user=variables.JIRA_USER or "",
        token=variables.JIRA_TOKEN,
        project=variables.JIRA_PROJECT or "",
        timeout=rules.timeouts.jira_seconds,
        rules=rules.jira,
    )
