"""What a person does in the Slack page: type a command, fill in a form; and pictures of what they
see."""

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page

KEPT = Path(__file__).parents[2] / "docs" / "images"


def field(page: Page, label: str) -> Locator:
    """A field of the open modal, one to type into or one to choose from; the page does not tie
    labels to fields."""
    named = page.get_by_text(label, exact=True)
    return page.locator(".bk-input", has=named).locator("input, select")


def fill(page: Page, **texts: str) -> None:
    """Type into fields of the open modal, by their labels."""
    for label, text in texts.items():
        field(page, label).fill(text)


def command(page: Page, channel: str, text: str) -> None:
    """Open the channel, type a command, press Enter."""
    page.get_by_role("button", name=channel).click()
    page.locator(".composer-input").press_sequentially(text)
    page.keyboard.press("Enter")


def become(page: Page, user: str) -> None:
    """Act as somebody else from here on."""
    page.locator(".actas select").select_option(user)


def card_of(page: Page, words: str = r"CHG-\d") -> Locator:
    """The card of the first change, in the open channel."""
    card = page.locator(".msg", has_text=re.compile(words))
    return card.filter(has_not_text="only visible to")


def keep(shown: Locator, name: str, tmp_path: Path) -> None:
    """Take a picture: to docs/ when asked (`UPDATE_SCREENSHOTS=1`), else just to see that one
    can."""
    kept = (KEPT if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path) / name
    shown.page.mouse.move(0, 0)
    shown.screenshot(path=kept)
    assert kept.stat().st_size > 10_000
