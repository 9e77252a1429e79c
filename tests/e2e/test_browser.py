"""The same change made by hand: a person, a browser, the Slack page and the forge's page."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.chromium import SECONDS, new_page
from tests.support.world import World

KEPT = Path(__file__).parents[2] / "docs" / "images" / "card.png"
expect.set_options(timeout=SECONDS * 1000)


def _field(page: Page, label: str) -> Locator:
    """A field of the open modal; the page does not tie labels to fields."""
    return page.locator(".bk-input", has_text=label).locator("input")


def _request(page: Page, channel: str, command: str, why: str) -> Locator:
    """Type the command, say why, press Request; the card."""
    page.get_by_role("button", name=channel).click()
    page.locator(".composer-input").press_sequentially(command)
    page.keyboard.press("Enter")
    _field(page, "Why?").fill(why)
    page.get_by_role("button", name="Request", exact=True).click()
    return page.locator(".msg", has_text=re.compile(r"CHG-\d"))


def _keep(card: Locator, tmp_path: Path) -> None:
    """Take a picture of the card: to docs/ when asked, else just to see that one can."""
    kept = KEPT if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path / "card.png"
    card.screenshot(path=kept)
    assert kept.stat().st_size > 10_000


@pytest.mark.timeout(300)
def test_a_change_by_hand_goes_from_the_composer_to_the_cluster_and_to_git(
    world: World, tmp_path: Path
) -> None:
    world.start()
    with new_page() as page:
        page.goto(world.slack.url)
        why = "p95 at 900 ms since 09:10; the queue grows by 200 a minute."
        card = _request(page, "test-changes", "/change scale test deploy/web 5", why)

        apply = card.get_by_role("button", name="Apply", exact=True)
        expect(apply).to_be_visible()
        expect(card).to_contain_text("awaiting confirmation")
        expect(card).to_contain_text(why)
        expect(card).to_contain_text(re.compile(r"-\s+replicas: 2\s*\+\s+replicas: 5"))
        expect(card).not_to_contain_text(re.compile(r"```|<!date"))
        _keep(card, tmp_path)
        apply.click()

        with page.expect_popup() as opened:
            card.get_by_role("link", name="pull request #1").first.click()
        forge = opened.value
        forge.set_viewport_size({"width": 390, "height": 844})
        expect(forge.get_by_text("Ready to merge.")).to_be_in_viewport()
        expect(forge.get_by_text("replicas: 5").last).to_be_visible()
        forge.get_by_role("button", name="Merge").click()
        expect(forge.get_by_text("Merged by octo-requester")).to_be_visible()

        page.bring_to_front()
        expect(card).to_contain_text("🟢 completed")
        expect(card.get_by_role("button", name="Apply")).to_have_count(0)
        card.locator(".thread-summary").click()
        expect(page.get_by_text("Done: live and in Git")).to_be_visible()

    replicas = "jsonpath={.spec.replicas}"
    assert world.cluster.kubectl("get", "deploy/web", "-n", "shop-test", "-o", replicas) == "5"
    assert "replicas: 5" in world.file("environments/test/shop-test/web.yaml")
