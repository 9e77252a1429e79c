"""App Home, over real services and a store."""

from typing import Any

from chatbot.adapters.sqlite import SqliteStore
from chatbot.slack import home
from tests.support.builders import REQUESTER, SENIOR
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
