import textwrap
from datetime import timedelta
from typing import Any

from chatbot.blocks import texts
from chatbot.domain.change import Change, PlannedObject, Waiting
from chatbot.domain.line import in_line
from tests.support.builders import NOW
from tests.support.cards import CONFIRM, direct, plan, ways

PHONE_COLUMNS = 40
PHONE_LINES = 18
LATER = NOW + timedelta(days=2, hours=3)


def rows(blocks: list[dict[str, Any]]) -> list[str]:
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def test_help_fits_one_phone_screen() -> None:
    lines = [
        wrapped for line in texts.HELP.split("\n") for wrapped in textwrap.wrap(line, PHONE_COLUMNS)
    ]
    assert len(lines) <= PHONE_LINES


def test_help_names_every_form_of_the_command() -> None:
    forms = ("scale", "restart", "apply", "list mine", "show CHG-12", "cancel CHG-12")
    for form in (*forms, "rollback CHG-12", "freeze dev 4h", "unfreeze dev", "exempt CHG-12"):
        assert form in texts.HELP


def test_a_row_says_state_id_what_where_who_age_and_links_the_card() -> None:
    change = ways()["pr_open"]
    [row] = rows(texts.listing([change], {12: "https://acme.slack.example/p1"}, LATER))
    assert row == (
        "⏳ pull request open · <https://acme.slack.example/p1|CHG-12> · "
        "Scale deployment/web 2 → 3 · `test` · <@U0REQUESTER> · 2 d 3 h ago"
    )


def test_what_needs_somebody_comes_first_and_the_newest_of_it_before() -> None:
    done, moving, waiting = ways()["completed"], ways()["validating"], direct(*CONFIRM)
    newer = waiting.model_copy(
        update={"number": 13, "updated_at": waiting.updated_at + timedelta(hours=1)}
    )
    shown = rows(texts.listing([done, moving, waiting, newer], {}, LATER))
    assert [row.split(" · ")[0] for row in shown] == [
        "🟠 awaiting confirmation",
        "🟠 awaiting confirmation",
        "🔵 validating the rollout",
        "🟢 completed",
    ]
    assert "CHG-13" in shown[0]


def test_a_list_has_at_most_ten_rows() -> None:
    assert len(rows(texts.listing([direct(*CONFIRM)] * 30, {}, LATER))) == 10


def standing(number: int, *behind: int, hours: int = 0) -> Change:
    """A change of that number, which has waited so many hours behind others."""
    since = LATER - timedelta(hours=hours)
    waiting = Waiting(reason="in line", since=since, behind=behind) if behind else None
    change = direct(*CONFIRM, waiting=waiting)
    return change.model_copy(update={"number": number})


def test_an_environments_line_stands_first_in_its_order_and_says_behind_whom() -> None:
    last, first = standing(14, 12, 13, hours=3), standing(12)
    changes = [last, standing(15, 12, hours=1), standing(11), first, standing(13, 12, hours=2)]
    line = in_line(changes)
    assert [change.number for change in line] == [12, 13, 14, 15]
    blocks = texts.listing(changes, {12: "https://acme.slack.example/p1"}, LATER, line=line)
    kinds = [block["type"] for block in blocks]
    assert kinds == ["context", *["section"] * 4, "context", "section", "context"]
    shown = rows(blocks)
    assert shown[1].endswith("behind <https://acme.slack.example/p1|CHG-12>")
    assert shown[2].endswith("behind <https://acme.slack.example/p1|CHG-12>, CHG-13")
    assert ["behind" in row for row in shown] == [False, True, True, True, False]


def test_where_nobody_waits_there_is_no_line() -> None:
    assert in_line([standing(11), standing(12)]) == []


def test_an_empty_list_says_what_to_do() -> None:
    [row] = rows(texts.listing([], {}, LATER))
    assert "`/change` asks for one" in row


def test_the_whole_diff_is_whole() -> None:
    lines = [f"+  key-{number}: {'v' * 80}" for number in range(500)]
    [planned] = plan().objects
    long = planned.model_copy(update={"diff": "\n".join(lines)})
    shown = "\n".join(
        rows(texts.whole_diff(direct(*CONFIRM, plan=plan(objects=(long,))))["blocks"])
    )
    assert all(line in shown for line in lines)


def test_a_diff_that_no_modal_holds_says_how_much_is_left() -> None:
    lines = "\n".join(f"+  key-{number}: {'v' * 80}" for number in range(5_000))
    [planned] = plan().objects
    long: PlannedObject = planned.model_copy(update={"diff": lines})
    last = texts.whole_diff(direct(*CONFIRM, plan=plan(objects=(long,))))["blocks"][-1]
    assert "more parts do not fit here" in last["elements"][0]["text"]
