"""App Home, over real services and a store."""

from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.slack import home
from tests.support.builders import REQUESTER, SENIOR
from tests.unit.services.owing import emergency
from tests.unit.services.parts import Hand, Slack
from tests.unit.slack.test_commands import desk_of


class Opened:
    """Stands for the Bolt app and for Slack: opens Home, keeps what it shows."""

    def event(self, name: str) -> Any:
        assert name == "app_home_opened"
        return lambda listener: setattr(self, "listener", listener)

    def views_publish(self, *, user_id: str, view: dict[str, Any]) -> None:
        self.shown = user_id, str(view["blocks"])


def test_home_says_what_is_frozen_before_anything_else(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    desk, opened = desk_of(store, clock, slack), Opened()
    home.register(opened, desk)  # type: ignore[arg-type]

    def shows() -> str:
        opened.listener(event={"user": REQUESTER}, client=opened)  # type: ignore[attr-defined]
        user, blocks = opened.shown
        assert user == REQUESTER
        return blocks

    assert "frozen" not in shows()
    desk.freezes.freeze(SENIOR, "prod", "4h", "year end")
    before, _, after = shows().partition("What you asked for")
    assert "❄ prod is frozen until" in before
    assert "because year end" in before
    assert after


def test_home_says_what_is_owed_and_nothing_where_nothing_is(
    store: SqliteStore, clock: Hand, slack: Slack
) -> None:
    desk, opened = desk_of(store, clock, slack), Opened()
    home.register(opened, desk)  # type: ignore[arg-type]

    def shows(user: str) -> str:
        opened.listener(event={"user": user}, client=opened)  # type: ignore[attr-defined]
        return opened.shown[1]

    assert "What we owe" not in shows(REQUESTER)
    emergency(store, clock)
    assert "What we owe" in shows(SENIOR)
    assert "postmortem of *CHG-1*" in shows(SENIOR)
    slack.persons["UGUEST"] = slack.persons["U1"].model_copy(
        update={"id": "UGUEST", "is_guest": True}
    )
    assert "What we owe" not in shows("UGUEST")
    assert all(event.entry.kind != "request.refused" for event in store.events())
