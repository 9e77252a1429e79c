from datetime import timedelta
from itertools import product

import pytest

from chatbot.blocks import (
    breakglass_form,
    red_lights,
    reject_form,
    request_form,
    rollback_form,
    texts,
)
from chatbot.blocks import card as card_blocks
from chatbot.blocks.frozen import let_through, lifted, made, notices
from chatbot.blocks.review import review_blocks
from chatbot.domain.change import Change, ObjectAction, Path
from chatbot.domain.command import REQUESTABLE
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.form import Form
from chatbot.domain.lifecycle import State
from tests.support import emergencies, reviews
from tests.support.approvals import gitops_cards
from tests.support.builders import NOW
from tests.support.cards import (
    CONFIRM,
    DIRECT_ENVIRONMENTS,
    ENVIRONMENTS,
    card,
    direct,
    frozen,
    plan,
    rollback,
    ways,
)
from tests.support.freezes import freeze
from tests.unit.blocks.golden import FOLDER, assert_golden

WAYS = ways()
APPROVAL = gitops_cards()
REVIEWS = {
    "passed": reviews.PASSED,
    "warned": reviews.WARNED,
    "warned_twice": reviews.review(reviews.UNPROTECTED, reviews.OLD, quota=reviews.QUOTA),
    "denied": reviews.DENIED,
    "denied_often": reviews.review(*(reviews.finding(policy=f"p{n}") for n in range(30))),
}
EMERGENCIES = emergencies.cards()
FROZEN = ("awaiting_confirmation", "failed")
ASKED = list(product(REQUESTABLE, EnvironmentClass))
GONE = "--- live\n+++ wanted\n@@ -1,2 +0,0 @@\n-kind: Deployment\n-replicas: 2"
LATER = NOW + timedelta(hours=3, minutes=20)


@pytest.mark.parametrize("name", WAYS)
def test_the_card_looks_as_agreed(name: str) -> None:
    shown = card(WAYS[name])
    assert_golden(
        f"card_{name}", {"text": card_blocks.summary(shown), "blocks": card_blocks.blocks(shown)}
    )


@pytest.mark.parametrize("name", APPROVAL)
def test_the_card_says_about_approval_what_was_agreed(name: str) -> None:
    shown = APPROVAL[name]
    assert_golden(
        f"card_{name}", {"text": card_blocks.summary(shown), "blocks": card_blocks.blocks(shown)}
    )


@pytest.mark.parametrize("name", EMERGENCIES)
def test_the_card_of_an_emergency_looks_as_agreed(name: str) -> None:
    shown = EMERGENCIES[name]
    assert_golden(
        f"card_{name}", {"text": card_blocks.summary(shown), "blocks": card_blocks.blocks(shown)}
    )


@pytest.mark.parametrize("operation", REQUESTABLE)
def test_the_emergency_form_asks_what_the_operation_needs_and_why(operation: str) -> None:
    form = Form(operation=operation, environment="prod")
    assert_golden(f"modal_breakglass_{operation}", breakglass_form.view(form, ENVIRONMENTS))


def test_the_emergency_form_asks_for_the_place_first() -> None:
    assert_golden("modal_breakglass", breakglass_form.view(Form(), ENVIRONMENTS))


def test_the_third_light_asks_for_the_target() -> None:
    shown = EMERGENCIES["emergency_light_3"]
    assert_golden("modal_red_light", red_lights.view(shown.change, shown.environment))


def test_whoever_says_no_is_asked_why() -> None:
    assert_golden("modal_reject", reject_form.view(APPROVAL["awaiting_approval"].change))


@pytest.mark.parametrize("name", FROZEN)
def test_the_card_of_a_change_that_a_freeze_stops_looks_as_agreed(name: str) -> None:
    shown = frozen(name)
    assert_golden(
        f"card_{name}_frozen",
        {"text": card_blocks.summary(shown), "blocks": card_blocks.blocks(shown)},
    )


def test_what_is_frozen_looks_as_agreed() -> None:
    freezes = [freeze(environments=(), end=None), freeze("config", "staging", "prod", by="")]
    assert_golden("frozen", notices(freezes))
    answers = [made(freezes[0]), lifted("prod", []), lifted("prod", freezes), lifted("all", [])]
    assert_golden("frozen_answers", [*answers, let_through(WAYS["awaiting_confirmation"])])


@pytest.mark.parametrize(("operation", "class_"), ASKED)
def test_the_request_modal_asks_what_operation_and_class_need(
    operation: str, class_: EnvironmentClass
) -> None:
    form = Form(operation=operation, environment=class_.value)
    assert_golden(f"modal_{operation}_{class_.value}", request_form.view(form, DIRECT_ENVIRONMENTS))


def test_the_request_modal_asks_for_the_place_first() -> None:
    assert_golden("modal_empty", request_form.view(Form(), ENVIRONMENTS))


def test_the_request_modal_asks_no_more_where_nothing_can_be_requested_yet() -> None:
    form = Form(operation="scale", environment="prod", kind="deploy", name="web")
    assert_golden("modal_closed", request_form.view(form, ENVIRONMENTS))


def test_a_prefilled_modal_shows_what_was_typed() -> None:
    form = Form(
        operation="scale",
        environment="test",
        namespace="shop",
        kind="deploy",
        name="web",
        replicas="5",
    )
    assert_golden("modal_prefilled", request_form.view(form, ENVIRONMENTS))


def test_the_card_of_a_rollback_looks_as_agreed() -> None:
    shown = card(rollback(*CONFIRM)).model_copy(update={"links": {12: "https://a.slack.example/1"}})
    assert_golden("card_rollback", card_blocks.blocks(shown))


def test_the_rollback_modal_says_what_it_takes_back() -> None:
    original = WAYS["completed"]
    assert_golden("modal_rollback", rollback_form.view(original, Path.DIRECT))
    assert_golden("modal_rollback_by_pull_request", rollback_form.view(original, Path.GITOPS))


def test_the_list_looks_as_agreed() -> None:
    changes = [
        change.model_copy(update={"number": number})
        for number, change in enumerate(WAYS.values(), start=1)
    ]
    links = {change.number: f"https://acme.slack.example/{change.number}" for change in changes[:3]}
    assert_golden("list", texts.listing(changes, links, LATER))
    assert_golden("list_empty", texts.listing([], {}, LATER))
    assert_golden("list_none_open", texts.listing([], {}, LATER, texts.NOTHING_OPEN))


def test_help_looks_as_agreed() -> None:
    assert_golden("help", {"text": texts.HELP})


def test_one_change_looks_as_agreed() -> None:
    assert_golden("show", texts.one(WAYS["pr_open"], "https://acme.slack.example/p1", LATER))


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_looks_as_agreed(name: str) -> None:
    assert_golden(f"review_{name}", review_blocks(REVIEWS[name]))


def test_what_failed_already_says_the_denials() -> None:
    blocks = review_blocks(reviews.DENIED, denials_told=True)
    assert_golden("review_denials_told", blocks)


def test_the_whole_diff_looks_as_agreed() -> None:
    assert_golden("whole_diff", texts.whole_diff(WAYS["awaiting_confirmation"]))
    assert_golden("whole_diff_none", texts.whole_diff(WAYS["requested"]))
    deleted = plan().objects[0].model_copy(update={"action": ObjectAction.DELETE, "diff": GONE})
    deleting = direct(State.AWAITING_APPROVAL, plan=plan(objects=(deleted,)))
    assert_golden("whole_diff_deletion", texts.whole_diff(deleting))


def test_a_refusal_looks_as_agreed() -> None:
    assert_golden("refusal", texts.refusal("Changes to <prod> go through a pull request."))


def test_every_golden_is_held_against_something() -> None:
    asked = {f"modal_{operation}_{class_.value}" for operation, class_ in ASKED}
    others = {
        "modal_empty",
        "modal_closed",
        "modal_prefilled",
        "card_rollback",
        "modal_reject",
        "modal_rollback",
        "modal_rollback_by_pull_request",
        "list",
        "list_empty",
        "list_none_open",
        "help",
        "show",
    }
    diffs = {"whole_diff", "whole_diff_none", "whole_diff_deletion", "refusal"}
    others |= {f"card_{name}_frozen" for name in FROZEN} | {"frozen", "frozen_answers"}
    others |= {f"modal_breakglass_{operation}" for operation in REQUESTABLE}
    others |= {"modal_breakglass", "modal_red_light"}
    cards = [*WAYS, *APPROVAL, *EMERGENCIES]
    expected = {f"card_{name}" for name in cards} | asked | others | diffs
    judged = {f"review_{name}" for name in REVIEWS} | {"review_denials_told"}
    expected |= judged
    assert {path.stem for path in FOLDER.glob("*.json")} == expected


@pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)
def test_the_fallback_text_says_the_exact_state(change: Change) -> None:
    assert card_blocks.summary(card(change)).endswith(f" · {change.state.value}")
