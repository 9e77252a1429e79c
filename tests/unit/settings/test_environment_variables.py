import json
import traceback
from pathlib import Path

import pytest

from chatbot.domain.errors import ConfigError
from chatbot.settings import HttpAddress, LogFormat, load, process_environment
from tests.support.config import ENVIRON, RULES, write_rules

APP = {
    "GITHUB_APP_ID": "12",
    "GITHUB_APP_PRIVATE_KEY": r"-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
    "GITHUB_APP_INSTALLATION_ID": "34",
}
HTTP_MODE = RULES + '[slack]\nmode = "http"\nport = 8080\n'


def refusals(folder: Path, environ: dict[str, str], text: str = RULES) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(environ, write_rules(folder, text))
    return str(caught.value).split("\n")


def test_the_rest_has_defaults(tmp_path: Path) -> None:
    settings = load(ENVIRON, write_rules(tmp_path))
    assert settings.slack.api_url == "https://slack.com/api/"
    assert settings.github.api_url == "https://api.github.com"
    assert settings.jira is None
    assert settings.kubeconfig == ""
    assert settings.database == Path("redlight.db")
    assert settings.log is LogFormat.TEXT
    assert settings.http == HttpAddress(host="127.0.0.1", port=9090)
    assert settings.polling.pull_requests_seconds == 15


def test_the_variables_say_where_the_rules_and_the_database_are(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    environ = ENVIRON | {
        "REDLIGHT_CONFIG": str(path),
        "REDLIGHT_DB": "/data/redlight.db",
        "REDLIGHT_LOG": "json",
        "SLACK_API_URL": "http://127.0.0.1:7000/api",
        "GITHUB_API_URL": "https://github.example.com/api/v3/",
        "KUBECONFIG": "/etc/kube/config",
    }
    settings = load(environ)
    assert settings.config == path
    assert settings.database == Path("/data/redlight.db")
    assert settings.log is LogFormat.JSON
    assert settings.slack.api_url == "http://127.0.0.1:7000/api/"
    assert settings.github.api_url == "https://github.example.com/api/v3"
    assert settings.kubeconfig == "/etc/kube/config"


def test_without_secrets_one_message_lists_each_with_where_to_get_it(tmp_path: Path) -> None:
    bot, app, github = refusals(tmp_path, {})
    assert bot.startswith("environment: SLACK_BOT_TOKEN is missing: api.slack.com/apps")
    assert app.startswith("environment: SLACK_APP_TOKEN is missing: ")
    assert "connections:write" in app
    assert github.startswith("environment: GITHUB_TOKEN is missing: ")
    assert "or set GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY, GITHUB_APP_INSTALLATION_ID" in github


def test_mistakes_in_the_file_and_in_the_environment_are_said_together(tmp_path: Path) -> None:
    said = refusals(tmp_path, {"REDLIGHT_LOG": "xml"}, RULES + "aprovals = 2\n")
    assert len(said) == 2
    assert "aprovals" in said[0]
    assert said[1] == "environment: REDLIGHT_LOG must be 'text' or 'json'"


def test_empty_and_blank_mean_not_set(tmp_path: Path) -> None:
    (line,) = refusals(tmp_path, ENVIRON | {"SLACK_BOT_TOKEN": " \n"})
    assert "SLACK_BOT_TOKEN is missing" in line


def test_white_space_around_a_token_is_not_part_of_it(tmp_path: Path) -> None:
    settings = load(ENVIRON | {"GITHUB_TOKEN": " a-token\n"}, write_rules(tmp_path))
    assert settings.github.token is not None
    assert settings.github.token.get_secret_value() == "a-token"


def test_socket_mode_needs_the_app_token_and_http_mode_the_signing_secret(tmp_path: Path) -> None:
    (line,) = refusals(tmp_path, ENVIRON, HTTP_MODE)
    assert line.startswith("environment: SLACK_SIGNING_SECRET is missing: ")
    environ = ENVIRON | {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0123456789abcdef"}
    slack = load(environ, write_rules(tmp_path, HTTP_MODE)).slack
    assert slack.port == 8080
    assert slack.app_token is None


def test_swapped_slack_tokens_are_noticed(tmp_path: Path) -> None:
    swapped = {
        "SLACK_BOT_TOKEN": ENVIRON["SLACK_APP_TOKEN"],
        "SLACK_APP_TOKEN": ENVIRON["SLACK_BOT_TOKEN"],
    }
    bot, app = refusals(tmp_path, ENVIRON | swapped)
    assert "SLACK_BOT_TOKEN holds an app-level token (xapp-…)" in bot
    assert "SLACK_APP_TOKEN holds a bot token (xoxb-…)" in app


def test_a_github_app_stands_in_for_a_token(tmp_path: Path) -> None:
    github = load(ENVIRON | APP | {"GITHUB_TOKEN": ""}, write_rules(tmp_path)).github
    assert github.token is None
    assert github.app is not None
    assert github.app.installation_id == "34"
    assert github.app.private_key.get_secret_value().split("\n")[1] == "hush"


def test_half_a_github_app_and_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    half = {"GITHUB_TOKEN": "", "GITHUB_APP_ID": "12"}
    key, installation = refusals(tmp_path, ENVIRON | half)
    assert "GITHUB_APP_PRIVATE_KEY is missing" in key
    assert "GITHUB_APP_INSTALLATION_ID is missing" in installation
    (both,) = refusals(tmp_path, ENVIRON | APP)
    assert "set one of the two, not both" in both


def test_jira_is_all_or_nothing_and_only_cloud_needs_a_user(tmp_path: Path) -> None:
    jira = {"JIRA_URL": "https://jira.example.com/", "JIRA_TOKEN": "t", "JIRA_PROJECT": "INC"}
    settings = load(ENVIRON | jira, write_rules(tmp_path)).jira
    assert settings is not None
    assert settings.url == "https://jira.example.com"
    assert settings.user == ""
    (user,) = refusals(tmp_path, ENVIRON | jira | {"JIRA_URL": "https://acme.atlassian.net"})
    assert "JIRA_USER is missing" in user
    assert len(refusals(tmp_path, ENVIRON | {"JIRA_URL": "https://jira.example.com"})) == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("10.0.0.1:80", HttpAddress(host="10.0.0.1", port=80)),
        ("[::1]:0", HttpAddress(host="::1", port=0)),
    ],
)
def test_the_http_address_can_be_set_and_turned_off(
    tmp_path: Path, text: str, address: HttpAddress | None
) -> None:
    assert load(ENVIRON | {"REDLIGHT_HTTP": text}, write_rules(tmp_path)).http == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDLIGHT_HTTP", "9090"),
        ("REDLIGHT_HTTP", "localhost:http"),
        ("REDLIGHT_HTTP", "localhost:99999"),
        ("SLACK_API_URL", "slack.com"),
        ("GITHUB_API_URL", "github"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_not_repeated(
    tmp_path: Path, name: str, value: str
) -> None:
    (line,) = refusals(tmp_path, ENVIRON | {name: value})
    assert line.startswith(f"environment: {name} ")


def test_no_secret_shows_in_the_settings_or_in_an_error(tmp_path: Path) -> None:
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-hush1",
        "SLACK_APP_TOKEN": "xapp-hush2",
        "SLACK_SIGNING_SECRET": "hush3",
        "GITHUB_TOKEN": "hush4",
        "JIRA_URL": "https://jira.example.com",
        "JIRA_TOKEN": "hush5",
        "JIRA_PROJECT": "INC",
    }
    settings = load(environ, write_rules(tmp_path))
    assert "hush" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert len(settings.secrets()) == 5
    assert all("hush" in secret for secret in settings.secrets())

    broken = environ | APP | {"SLACK_BOT_TOKEN": "xapp-hush6", "REDLIGHT_HTTP": "hush7"}
    try:
        load(broken, write_rules(tmp_path, RULES + "aprovals = 2\n"))
    except ConfigError:
        assert "hush" not in traceback.format_exc()
    else:
        pytest.fail("a broken environment was accepted")


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    settings = load(ENVIRON, write_rules(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        settings.kubeconfig = "elsewhere"  # type: ignore[misc]


def test_the_process_environment_wins_over_the_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        'SLACK_BOT_TOKEN=from-file\nGITHUB_APP_PRIVATE_KEY="a\nb"\nGITHUB_TOKEN=$HOME\n'
    )
    monkeypatch.setenv("SLACK_BOT_TOKEN", "from-process")
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    found = process_environment(file)
    assert found["SLACK_BOT_TOKEN"] == "from-process"
    assert found["GITHUB_APP_PRIVATE_KEY"] == "a\nb"
    assert found["GITHUB_TOKEN"] == "$HOME"
    assert "SLACK_APP_TOKEN" not in process_environment(tmp_path / "absent")
    json.dumps(found)
