"""The people, channels and groups of the sandbox's Slack, as data.

One JSON file feeds two programs: local-slack reads what it knows and ignores the rest; the edge
reads the rest too (guests, strangers, user groups), because a real workspace has them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

APP_ID = "A0REDLIGHT"
BOT = "U0REDLIGHT"
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
TEAM = "T0SANDBOX"

_AT_NAME = re.compile(r"(?<!\S)@([\w.-]+)")

_PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": "U0REQUESTER", "name": "requester", "tz": "Europe/Berlin"},
    {"id": "U0SENIOR1", "name": "senior-one", "tz": "Europe/Berlin"},
    {"id": "U0SENIOR2", "name": "senior-two", "tz": "America/New_York"},
    {"id": "U0MANAGER", "name": "manager", "tz": "Europe/Berlin"},
    {"id": "U0GUEST", "name": "guest", "tz": "Europe/Berlin", "is_restricted": True},
    {
        "id": "U0STRANGER",
        "name": "stranger",
        "tz": "Asia/Tokyo",
        "is_stranger": True,
        "team_id": "T0ELSEWHERE",
    },
    {"id": "U0GONE", "name": "gone", "tz": "Europe/Berlin", "deleted": True},
)
CHANNELS = {
    "C0DEV": "dev-changes",
    "C0TEST": "test-changes",
    "C0STAGING": "staging-changes",
    "C0PROD": "prod-changes",
    "C0INCIDENTS": "incidents",
    "C0STATUS": "status",
    "C0ONCALL": "on-call",
}
_SENIORS = {
    "id": "S0SENIORS",
    "handle": "platform-seniors",
    "name": "Platform seniors",
    "users": ["U0SENIOR1", "U0SENIOR2"],
}


def sandbox_workspace() -> dict[str, Any]:
    """The workspace of the tour and of the tests, in local-slack's configuration format."""
    people = [
        {"real_name": person["name"], "email": f"{person['name']}@example.com", **person}
        for person in _PEOPLE
    ]
    members = [BOT, *(person["id"] for person in people if not person.get("deleted"))]
    return {
        "workspace": {"name": "Redlight sandbox", "domain": "redlight-sandbox", "teamId": TEAM},
        "apps": [
            {
                "appId": APP_ID,
                "botUserId": BOT,
                "botName": "redlight",
                "botToken": BOT_TOKEN,
                "appToken": APP_TOKEN,
                "mode": "socket",
            }
        ],
        "users": people,
        "channels": [
            {"id": channel, "name": name, "members": members} for channel, name in CHANNELS.items()
        ],
        "usergroups": [_SENIORS],
    }


@dataclass(frozen=True)
class Workspace:
    """Answers about the people and groups of one configuration file."""

    team: str
    bot_tokens: dict[str, str]
    app_tokens: dict[str, str]
    users: dict[str, dict[str, Any]]
    usergroups: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Workspace":
        """Read the JSON file that `sandbox.slack` wrote; raises OSError or ValueError."""
        return cls.of(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def of(cls, config: dict[str, Any]) -> "Workspace":
        """Take a configuration in the format of `sandbox_workspace`."""
        apps = config["apps"]
        bots = {
            app["botUserId"]: {"id": app["botUserId"], "name": app["botName"], "is_bot": True}
            for app in apps
        }
        return cls(
            team=config["workspace"]["teamId"],
            bot_tokens={app["botToken"]: app["botUserId"] for app in apps},
            app_tokens={app["appToken"]: app["appId"] for app in apps},
            users={**bots, **{user["id"]: user for user in config["users"]}},
            usergroups={group["id"]: group for group in config.get("usergroups", [])},
        )

    def user(self, user_id: str) -> dict[str, Any] | None:
        """A user object with the flags that `users.info` gives, or None."""
        known = self.users.get(user_id)
        if known is None:
            return None
        zone = known.get("tz", "Etc/UTC")
        offset = datetime.now(UTC).astimezone(ZoneInfo(zone)).utcoffset()
        name = known.get("real_name", known["name"])
        flags = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        return {
            "id": user_id,
            "team_id": known.get("team_id", self.team),
            "name": known["name"],
            "real_name": name,
            **{flag: bool(known.get(flag, False)) for flag in flags},
            "is_app_user": False,
            "is_admin": bool(known.get("is_admin", False)),
            "is_owner": False,
            "tz": zone,
            "tz_label": zone,
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "profile": {
                "real_name": name,
                "display_name": known["name"],
                **({"email": known["email"]} if "email" in known else {}),
            },
        }

    def everyone(self) -> Iterator[dict[str, Any]]:
        """Every user object, bots and deactivated people included, as `users.list` gives them."""
        for user_id in self.users:
            user = self.user(user_id)
            if user is not None:
                yield user

    def with_mentions(self, text: str) -> str:
        """A command's text as Slack sends it with `should_escape`: `@name` says who that is."""
        ids = {user["name"]: user_id for user_id, user in self.users.items()}

        def mention(found: re.Match[str]) -> str:
            user_id = ids.get(found[1])
            return f"<@{user_id}|{found[1]}>" if user_id else found[0]

        return _AT_NAME.sub(mention, text)

    def usergroup(self, group_id: str, *, with_users: bool) -> dict[str, Any]:
        """A user group object; raises KeyError for an unknown id."""
        group = self.usergroups[group_id]
        return {
            "id": group_id,
            "team_id": self.team,
            "is_usergroup": True,
            "handle": group["handle"],
            "name": group["name"],
            "description": "",
            "date_delete": 0,
            "user_count": len(group["users"]),
            **({"users": list(group["users"])} if with_users else {}),
        }
