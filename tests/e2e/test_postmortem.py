"""What is owed, in a real Slack and a real repository: reminders with their buttons, a handover, a
snooze, a refusal in debt, and the postmortem from its draft to Git."""

from datetime import UTC, datetime, timedelta

from chatbot.domain.change import Change
from chatbot.domain.obligation import Kind
from chatbot.domain.postmortem import PostmortemState
from tests.support.direct_messages import press, told
from tests.support.world import (
    OTHER_SENIOR,
    REQUESTER,
    SENIOR,
    World,
    buttons,
    everything,
)
from tests.unit.services.owing import emergency
from tests.unit.services.parts import Hand

FORM = {
    "summary": "Checkout answered with errors.",
    "impact": "Every third order failed.",
    "root_cause": "A limit that was too low.",
    "action_items": "raise the limit",
}


def broken_glass(world: World, *, hours_ago: float) -> Change:
    """An emergency of the requester's that was applied so long ago."""
    clock = Hand()
    clock.time = datetime.now(UTC) - timedelta(hours=hours_ago)
    return emergency(world.store, clock)


def whispered(world: World, user: str, channel: str, *words: str) -> str:
    """What this person alone is told there."""

    def heard() -> str | None:
        for message in world.slack.ephemerals(channel, user):
            text = everything(message)
            if all(word in text for word in words):
                return text
        return None

    return world.until(heard, 20)


def owner(world: World, change: Change, kind: Kind = Kind.POSTMORTEM) -> str:
    owed = world.store.obligation(change.number, kind)
    assert owed is not None
    return owed.owner


def test_a_reminder_is_snoozed_and_the_debt_is_handed_over(world: World) -> None:
    change = broken_glass(world, hours_ago=20.5)
    world.start()
    mine = told(world, REQUESTER, "for the postmortem of *CHG-1*", "You own it")
    assert buttons(mine) == ["write_postmortem", "snooze"]
    theirs = told(world, SENIOR, "for the postmortem of *CHG-1*", f"<@{REQUESTER}> owns it")
    assert buttons(theirs) == ["write_postmortem"]
    world.until(
        lambda: [
            1
            for message in world.slack.messages("#incidents")
            if "for the Git reconciliation of *CHG-1*" in everything(message)
        ]
    )

    press(world, REQUESTER, mine, "snooze")
    world.slack.view(REQUESTER, "snooze")
    answer = world.slack.submit(REQUESTER, {"reason": "The night was long."})
    assert answer.errors == {}
    world.until(lambda: world.store.obligations(change.number)[0].snoozed)
    assert world.store.obligations(change.number)[1].snoozed is None
    world.tells(change, "snoozed the postmortem", "The night was long.")

    handover = f"handover {change.id} <@{SENIOR}|senior> postmortem"
    world.slack.command(REQUESTER, "#prod-changes", "/change", handover)
    whispered(world, REQUESTER, "#prod-changes", "is asked to take over the postmortem of CHG-1")
    press(world, SENIOR, told(world, SENIOR, "asks you to take over"), "accept_handover")
    world.until(lambda: owner(world, change) == SENIOR)
    assert owner(world, change, Kind.RECONCILIATION) == REQUESTER
    world.shows(change, "Postmortem: due", f"<@{SENIOR}> owns it")
    assert {"write_postmortem", "snooze"} <= set(buttons(world.card(change)))

    world.slack.command(OTHER_SENIOR, "#prod-changes", "/change", "list debt")
    listed = whispered(world, OTHER_SENIOR, "#prod-changes", "postmortem of", "reconciliation of")
    assert f"<@{SENIOR}>" in listed
    assert f"|{change.id}>" in listed
    home = everything(world.slack.home(REQUESTER))
    assert "*What we owe*" in home
    assert home.index("What we owe") < home.index("What you asked for")


def test_who_is_in_debt_asks_for_nothing_new_in_prod_until_it_is_paid(world: World) -> None:
    change = broken_glass(world, hours_ago=25)
    world.start()
    told(world, "U0MANAGER", "The postmortem of *CHG-1*", "is overdue since")
    world.shows(change, "🔴 Postmortem: overdue since")
    world.slack.command(REQUESTER, "#prod-changes", "/change", "scale prod deploy/web 4")
    refusal = whispered(world, REQUESTER, "#prod-changes", "You can't request changes to `prod`")
    assert f"|{change.id}> is overdue" in refusal or f"|{change.id}> and" in refusal
    world.slack.command(REQUESTER, "#prod-changes", "/change", "scale test deploy/web 4")
    world.slack.view(REQUESTER, "change_request")
    world.slack.close(REQUESTER)
    assert (REQUESTER, "request") in world.refusals()


def test_a_postmortem_goes_from_a_draft_to_git(world: World) -> None:
    change = broken_glass(world, hours_ago=1)
    world.start()
    world.slack.command(REQUESTER, "#prod-changes", "/postmortem", change.id)
    view = world.slack.view(REQUESTER, "postmortem")
    [timeline] = [block for block in view["blocks"] if block.get("block_id") == "timeline"]
    assert "change requested" in timeline["element"]["initial_value"]
    kept = world.slack.submit(REQUESTER, {"summary": "Half a thought", "save_as": "draft"})
    assert kept.view is not None
    assert "Your draft is kept" in everything(kept.view)
    world.slack.close(REQUESTER)

    world.click(change, "write_postmortem", SENIOR)
    view = world.slack.view(SENIOR, "postmortem")
    assert f"the draft that <@{REQUESTER}> saved" in everything(view)
    world.slack.close(SENIOR)

    world.slack.command(REQUESTER, "#prod-changes", "/postmortem", change.id)
    [summary] = [
        block
        for block in world.slack.view(REQUESTER, "postmortem")["blocks"]
        if block.get("block_id") == "summary"
    ]
    assert summary["element"]["initial_value"] == "Half a thought"
    missing = world.slack.submit(REQUESTER, {"summary": FORM["summary"]})
    assert set(missing.errors) == {"impact", "root_cause"}
    assert world.slack.submit(REQUESTER, FORM).view is None
    world.tells(change, "submitted the postmortem", "The postmortem is in")
    [pull] = list(world.repo.get_pulls())
    assert pull.head.ref == "mcp-ocs/postmortem-chg-1"
    assert "A limit that was too low" in world.file("mcp-ocs/postmortems/CHG-1.md", pull.head.ref)

    press(world, SENIOR, told(world, SENIOR, "submitted the postmortem"), "return_postmortem")
    world.slack.view(SENIOR, "return_postmortem")
    assert world.slack.submit(SENIOR, {"reason": "Why so late?"}).errors == {}
    again = told(world, REQUESTER, "returned the postmortem", "Why so late?")
    press(world, REQUESTER, again, "write_postmortem")
    world.slack.view(REQUESTER, "postmortem")
    world.slack.submit(REQUESTER, {"root_cause": "A limit, and an alert that was off."})
    world.until(lambda: world.events(change).count("postmortem.submitted") == 2)
    anew = told(world, OTHER_SENIOR, "submitted the postmortem", times=2)
    press(world, OTHER_SENIOR, anew, "accept_postmortem")
    world.until(lambda: "postmortem.accepted" in world.events(change))
    written = world.store.postmortem(change.number)
    assert written is not None
    assert written.state is PostmortemState.ACCEPTED
    world.shows(change, "✔ Postmortem: met", "⏳ Git reconciliation: due")
    world.until(
        lambda: "an alert that was off" in world.file("mcp-ocs/postmortems/CHG-1.md", pull.head.ref)
    )
    assert world.store.check_audit().broken is None
