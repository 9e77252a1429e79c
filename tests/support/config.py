"""A configuration that loads, for tests to bend."""

from pathlib import Path

RULES = """\
[people]
seniors = ["U0SENIOR"]

[git]
repo = "acme/cluster-config"

[environments.dev]
class = "dev"
channel = "#dev-changes"
context = "dev"

[environments.prod]
class = "prod"
channel = "#prod-changes"
context = "prod"
"""

ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-bot-token",
    "SLACK_APP_TOKEN": "xapp-not-a-real-app-token",
    "GITHUB_TOKEN": "not-a-real-github-token",
}


def write_rules(folder: Path, text: str = RULES) -> Path:
    """Write `redlight.toml` into `folder`."""
    path = folder / "redlight.toml"
    path.write_text(text, encoding="utf-8")
    return path
