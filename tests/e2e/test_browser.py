"""The same changes made by hand: people, a browser, the Slack page and the forge's pages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.argocd_world import deployed
from tests.support.by_hand import become, card_of, command, fill, keep
from tests.support.chromium import SECONDS, new_page
from tests.support.world import SENIOR, World

__all__ = ["deployed"]

LABELS = {
    "why": "Why?",
    "branch": "Pull request or branch",
    "undo": "How do we undo it?",
    "services": "Affected services",
}
WEB = "environments/prod/shop-prod/web.yaml"
expect.set_options(timeout=SECONDS * 1000)


def _request(page: Page, channel: str, text: str, **fields: str) -> Locator:
    """Type the command, fill in the form, press Request; the card."""
    command(page, channel, text)
    fill(page, **{LABELS[name]: typed for name, typed in fields.items()})
    page.get_by_role("button", name="Request", exact=True).click()
    return card_of(page)


@pytest.mark.timeout(300)
def test_a_change_by_hand_goes_from_the_composer_to_the_cluster_and_to_git(
    world: World, tmp_path: Path
) -> None:
    world.start()
    with new_page() as page:
        page.goto(world.slack.url)
        why = "p95 at 900 ms since 09:10; the queue grows by 200 a minute."
        card = _request(page, "test-changes", "/change scale test deploy/web 5", why=why)

        apply = card.get_by_role("button", name="Apply", exact=True)
        expect(apply).to_be_visible()
        expect(card).to_contain_text("awaiting confirmation")
        expect(card).to_contain_text(why)
        expect(card).to_contain_text(re.compile(r"-\s+replicas: 2\s*\+\s+replicas: 5"))
        expect(card).not_to_contain_text(re.compile(r"```|<!date"))
        keep(card, "card.png", tmp_path)
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

        page.get_by_role("button", name="redlight").click()
        expect(page.get_by_text("What you asked for")).to_be_visible()
        home = page.locator(".mrkdwn", has_text="CHG-1").first
        expect(home).to_contain_text("completed")
        expect(home.get_by_role("link", name="CHG-1")).to_be_visible()

    replicas = "jsonpath={.spec.replicas}"
    assert world.cluster.kubectl("get", "deploy/web", "-n", "shop-test", "-o", replicas) == "5"
    assert "replicas: 5" in world.file("environments/test/shop-test/web.yaml")


def _edit(forge: Page, *replacements: tuple[str, str], branch: str) -> None:
    """Change texts of the file in the open editor, and commit it to a branch."""
    area = forge.locator("textarea")
    text = area.input_value()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    area.fill(text)
    forge.get_by_label("Commit to branch").fill(branch)
    forge.get_by_role("button", name="Commit").click()
    expect(forge.get_by_role("status")).to_have_text(f"Committed to {branch}.")


def _edit_in_pull_request(forge: Page, *replacements: tuple[str, str]) -> None:
    """What the card asks for: mend it in the pull request."""
    forge.locator("section", has_text=WEB).get_by_role("link", name="Edit").click()
    branch = forge.get_by_label("Commit to branch").input_value()
    _edit(forge, *replacements, branch=branch)


@pytest.mark.timeout(300)
def test_a_prod_change_by_hand_is_stopped_by_policy_mended_approved_and_brought_out(
    deployed: World, tmp_path: Path
) -> None:
    world = deployed
    world.start()
    with new_page() as page:
        page.set_viewport_size({"width": 960, "height": 1100})
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{world.forge.url}/{world.forge.repo}/blob/main/{WEB}")
        page.get_by_role("link", name="Edit").click()
        _edit(page, (":1.8.2", ":latest"), ("replicas: 4", "replicas: 6"), branch="newest")

        page.goto(world.slack.url)
        card = _request(
            *(page, "prod-changes", "/change apply prod"),
            branch="newest",
            why="Checkout times out since 09:10; the newest build mends it.",
            undo="Roll back: no data is touched.",
            services="web, checkout",
        )
        expect(card).to_contain_text("🔴 blocked")
        expect(card).to_contain_text("images, deployment/web in shop-prod")
        expect(card).to_contain_text("shop/web:latest without a version")
        expect(card.get_by_role("button", name="Approve")).to_have_count(0)
        keep(card, "prod-denied.png", tmp_path)

        with page.expect_popup() as opened:
            card.get_by_role("link", name="pull request #1").first.click()
        _edit_in_pull_request(opened.value, (":latest", ":1.9.0"))

        page.bring_to_front()
        expect(card).to_contain_text("🟠 awaiting approval")
        expect(card).to_contain_text("Needs 1 more")
        expect(card).to_contain_text("+        image: registry.example.com/shop/web:1.9.0")
        expect(card).not_to_contain_text(re.compile(r"```|<!date|Policy stops"))
        keep(card, "prod-waiting.png", tmp_path)
        become(page, SENIOR)
        card.get_by_role("button", name="Approve", exact=True).click()
        expect(card).to_contain_text("🟢 completed")
        expect(card.get_by_role("button", name="Approve")).to_have_count(0)
        card.locator(".thread-summary").click()
        expect(page.get_by_text("Done: in Git, synced and healthy")).to_be_visible()

    containers = "jsonpath={.spec.template.spec.containers[0].image}"
    live = world.cluster.kubectl("get", "deploy/web", "-n", "shop-prod", "-o", containers)
    assert live == "registry.example.com/shop/web:1.9.0"
    assert "shop/web:1.9.0" in world.file(WEB)
