"""An emergency by hand, from the glass that is broken to the debt that is paid: people, a browser,
the pages of Slack, GitHub and Jira."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from sandbox.jira import PROJECT, TOKEN
from tests.support.argocd_world import deployed
from tests.support.by_hand import become, card_of, command, field, fill, keep
from tests.support.chromium import SECONDS, new_page
from tests.support.jira import JiraProcess, running_jira
from tests.support.world import REQUESTER, SENIOR, World

__all__ = ["deployed"]

WHY = "Checkout answers 503 since 02:41: web has no capacity left."
EMERGENCY = r"EMERGENCY · CHG-1"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 960, "height": 1100}
expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture
def jira() -> Iterator[JiraProcess]:
    with running_jira() as started:
        yield started


@pytest.mark.timeout(300)
def test_a_glass_broken_by_hand_is_signed_off_applied_told_and_paid_for(
    deployed: World, jira: JiraProcess, tmp_path: Path
) -> None:
    world = deployed
    world.start(JIRA_URL=jira.url, JIRA_TOKEN=TOKEN, JIRA_PROJECT=PROJECT)
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.accept()

    with new_page() as page:
        page.set_viewport_size(DESK)
        page.on("dialog", answer)
        page.goto(world.slack.url)
        card = _break_the_glass(page)
        _pass_the_lights(page, card, tmp_path)
        become(page, SENIOR)
        _button(card, "Authorize emergency change").click()
        expect(card).to_contain_text("pull request #1")
        assert [each.split("?")[0] for each in questions] == ["Authorize this emergency"]
        keep(card, "emergency.png", tmp_path)
        _look_at_the_incident(page)
        become(page, REQUESTER)
        _write_the_postmortem(page, card, tmp_path)
        become(page, SENIOR)
        page.locator(".sidebar-item", has_text="senior-one").click()
        _button(page.locator(".msg", has_text="submitted the postmortem"), "Accept").click()
        page.get_by_role("button", name="incidents").click()
        expect(card).to_contain_text("✔ Postmortem: met today")
        _merge(page, card)
        expect(card).to_contain_text("🟢 completed")
        expect(card).to_contain_text("the postmortem is accepted")
        expect(_button(card, "Undo in the cluster")).to_have_count(0)
        _look_at_jira(page, card)

    assert world.live("deploy/web", "shop-prod")["spec"]["replicas"] == 8
    assert "replicas: 8" in world.file("environments/prod/shop-prod/web.yaml")


def _button(within: Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True)


def _break_the_glass(page: Page) -> Locator:
    """`/breakglass prod`, from where one is told that prod is down; the card, among incidents."""
    command(page, "prod-changes", "/breakglass prod")
    field(page, "Operation").select_option("scale")
    field(page, "Name").fill("web")
    field(page, "Kind").fill("deploy")
    field(page, "Replicas").fill("8")
    field(page, "Why may the glass be broken?").select_option("service_down")
    fill(
        page,
        **{
            "Why?": WHY,
            "Who and what feels it?": "All of checkout; 4 pods more, none restarts.",
            "How do we undo it?": "Scale back to 4, no data is touched.",
        },
    )
    page.get_by_role("button", name="To the red lights").click()
    page.get_by_role("button", name="incidents").click()
    return card_of(page, EMERGENCY).first


def _pass_the_lights(page: Page, card: Locator, tmp_path: Path) -> None:
    first = _button(card, "I understand what will happen")
    expect(card).to_contain_text("1 of 3 · You are about to change prod directly")
    expect(card).to_contain_text(re.compile(r"-\s+replicas: 4\s*\+\s+replicas: 8"))
    expect(card).to_contain_text("to pass red light 1 of 3 · expires")
    expect(card).not_to_contain_text(re.compile(r"```|<!date"))
    keep(card, "red-lights.png", tmp_path)
    page.set_viewport_size(PHONE)
    first.scroll_into_view_if_needed()
    expect(first).to_be_in_viewport()
    page.set_viewport_size(DESK)
    first.click()

    expect(card).to_contain_text("2 of 3 · You are bypassing")
    expect(card).to_contain_text("you owe a postmortem within 24 h")
    _button(card, "I take this on").click()
    page.get_by_placeholder("environment/namespace/kind/name").fill("prod/shop-prod/deployment/web")
    page.get_by_role("button", name="Ask for the sign-off").click()
    expect(card).to_contain_text("Needs the sign-off of @platform-seniors")
    keep(card, "sign-off.png", tmp_path)


def _look_at_the_incident(page: Page) -> None:
    """The incident has a channel of its own, which begins with how it stands."""
    page.get_by_role("button", name="inc-chg-1-web").click()
    summary = page.locator(".msg", has_text="What you see belongs into the timeline")
    for words in (WHY, "applied, and to be paid back", "postmortem: due", "Jira INC-1"):
        expect(summary).to_contain_text(words)
    expect(page.locator(".msg", has_text="It was applied to the cluster")).to_be_visible()
    page.get_by_role("button", name="status").click()
    expect(page.get_by_text("signed it off for")).to_be_visible()


def _write_the_postmortem(page: Page, card: Locator, tmp_path: Path) -> None:
    page.get_by_role("button", name="incidents").click()
    _button(card, "Write the postmortem").click()
    timeline = field(page, "What happened when?")
    expect(timeline).to_have_value(re.compile("requester: asked for it: Checkout answers 503"))
    fill(
        page,
        **{
            "What happened?": "Checkout answered 503 for 25 minutes.",
            "Who felt it?": "Everybody who ordered from 02:41 to 03:06.",
            "Why did it happen?": "Four pods do not carry the nightly import beside orders.",
            "What will be done?": "Scale web by its queue⏎Alert at 70 % of capacity",
        },
    )
    keep(page.locator(".modal"), "postmortem.png", tmp_path)
    page.locator(".modal").get_by_role("button", name="Save").click()
    expect(page.locator(".modal")).to_have_count(0)


def _merge(page: Page, card: Locator) -> None:
    """Git is paid back on GitHub's page, on a phone."""
    with page.expect_popup() as opened:
        card.get_by_role("link", name="pull request #1").first.click()
    forge = opened.value
    forge.set_viewport_size(PHONE)
    expect(forge.get_by_text("an emergency, applied to the cluster already")).to_be_visible()
    forge.get_by_role("button", name="Merge").click()
    expect(forge.get_by_text("Merged by octo-requester")).to_be_visible()
    page.bring_to_front()


def _look_at_jira(page: Page, card: Locator) -> None:
    """The issue knows all of it, is resolved, and has the action items."""
    with page.expect_popup() as opened:
        card.get_by_role("link", name="INC-1").click()
    issue = opened.value
    for words in ("service down", WHY, "Scale web by its queue", "it was completed"):
        _until_it_says(issue, words)
    _until_it_says(issue, "Done")


def _until_it_says(page: Page, words: str) -> None:
    """Jira's page does not change by itself."""
    found = page.get_by_text(words).first
    for _ in range(SECONDS):
        if found.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(found).to_be_visible()
