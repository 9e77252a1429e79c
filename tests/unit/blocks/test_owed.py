"""What is owed as it looks: on the card, in lists, in forms, below reminders; within Slack's limits
with the longest that people can type."""

from datetime import timedelta
from typing import Any

import pytest

from chatbot.blocks import card as card_blocks
from chatbot.blocks import owed as owed_blocks
from chatbot.blocks import postmortem_form
from chatbot.blocks.notice_buttons import about, notice_buttons
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Button, Notice
from chatbot.domain.obligation import Handover, Kind, Obligation, Snooze
from chatbot.domain.postmortem import LONGEST_FIELD, PostmortemText
from sandbox.slack_limits import violations
from tests.support import builders
from tests.support.builders import NOW, REQUESTER, SENIOR
from tests.support.cards import environment, longest, longest_texts
from tests.unit.blocks.golden import FOLDER, assert_golden

DUE = NOW + timedelta(hours=24)


def owed(kind: Kind = Kind.POSTMORTEM, **fields: Any) -> Obligation:
    defaults: dict[str, Any] = {"owner": REQUESTER, "since": NOW, "due_at": DUE}
    return Obligation(change=1, kind=kind, **{**defaults, **fields})


def emergency(**fields: Any) -> Change:
    request = builders.change_request(environment="prod")
    defaults: dict[str, Any] = {"path": Path.EMERGENCY, "state": State.RECONCILING}
    return builders.change(request=request, **{**defaults, **fields})


OFFERED = Handover(to=SENIOR, by=REQUESTER, at=NOW)
SNOOZED = Snooze(by=REQUESTER, at=NOW, reason="asleep", until=DUE - timedelta(hours=4))
WAYS = {
    "open": (owed(), owed(Kind.RECONCILIATION, owner=SENIOR, offered=OFFERED)),
    "overdue": (owed(breached_at=DUE), owed(Kind.RECONCILIATION, met_at=NOW)),
    "snoozed": (owed(snoozed=SNOOZED), owed(Kind.RECONCILIATION, met_at=DUE)),
    "paid": (owed(met_at=DUE, breached_at=DUE), owed(Kind.RECONCILIATION, met_at=NOW)),
}

FORMS = ("snooze", "postmortem", "return")


@pytest.mark.parametrize("name", WAYS)
def test_the_card_says_what_is_owed_by_whom_until_when(name: str) -> None:
    place = environment(EnvironmentClass.PROD)
    card = Card(change=emergency(), environment=place, owed=WAYS[name])
    assert_golden(f"owed/card_{name}", owed_blocks.owed_blocks(card))
    assert all(block in card_blocks.blocks(card) for block in owed_blocks.owed_blocks(card))
    assert violations({"text": "CHG-1", "blocks": card_blocks.blocks(card)}) == []


def test_what_is_owed_is_listed_with_time_left_owner_and_link() -> None:
    later = NOW + timedelta(hours=25)
    rows = (owed(breached_at=DUE), owed(Kind.RECONCILIATION, due_at=DUE + timedelta(hours=5)))
    shown = owed_blocks.listing(rows, {1: emergency()}, {1: "https://slack.example/1"}, later)
    assert_golden("owed/list", shown)
    many = owed_blocks.listing(rows * 60, {1: emergency()}, {}, later)
    assert violations({"text": "CHG-1", "blocks": many}) == []
    assert "And 80 more." in str(many[-1])
    assert "Nothing is owed: " in str(owed_blocks.listing((), {}, {}, NOW))


def test_the_forms_look_as_agreed() -> None:
    skipped = {Kind.POSTMORTEM: (owed(), DUE - timedelta(hours=4))}
    assert_golden("owed/modal_snooze", owed_blocks.snooze_form(emergency(), skipped))
    text = PostmortemText(timeline="2026-03-02 09:30 UTC  asked for it")
    assert_golden("owed/modal_postmortem", postmortem_form.view(emergency(), text, "", "A note."))
    assert_golden("owed/modal_return", postmortem_form.return_form(emergency(), "d" * 16))


def test_every_golden_of_debt_is_held_against_something() -> None:
    held = {f"card_{name}" for name in WAYS} | {f"modal_{name}" for name in FORMS} | {"list"}
    assert {path.stem for path in (FOLDER / "owed").glob("*.json")} == held


@pytest.mark.parametrize("text", [ascii(one[:8]) for one in longest_texts()])
def test_the_longest_that_people_type_stays_within_slacks_limits(text: str) -> None:
    typed = next(one for one in longest_texts() if ascii(one[:8]) == text)
    change = longest(typed).model_copy(update={"path": Path.EMERGENCY})
    words = dict.fromkeys(PostmortemText.model_fields, typed[:LONGEST_FIELD])
    views = (
        postmortem_form.view(change, PostmortemText(**words), "d" * 64, typed),
        postmortem_form.return_form(change, "d" * 16),
        owed_blocks.snooze_form(change, {kind: (owed(kind), DUE) for kind in Kind}),
    )
    for view in views:
        assert violations(view) == []


def test_a_click_below_a_notice_says_what_it_is_about() -> None:
    [row] = notice_buttons(builders.notice(buttons=tuple(Button), about="postmortem"), "CHG-1")
    assert about(row["block_id"]) == "postmortem"
    assert {each["value"] for each in row["elements"]} == {"CHG-1"}
    assert about("owed") == ""
    assert notice_buttons(builders.notice(), "CHG-1") == []


def test_a_notice_from_before_there_were_buttons_reads_as_one_without() -> None:
    stored = '{"key": "a", "audience": "thread", "text": "Done.", "user": ""}'
    assert Notice.model_validate_json(stored).buttons == ()
