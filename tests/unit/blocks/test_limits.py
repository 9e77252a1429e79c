"""Everything the bot can say passes Slack's documented limits, with the longest input that
Slack lets anybody type in every field, and more than that where clusters have a say."""

import re
from itertools import product
from typing import Any

import pytest

from chatbot.blocks import (
    breakglass_form,
    kit,
    red_lights,
    reject_form,
    request_form,
    rollback_form,
    texts,
)
from chatbot.blocks import card as card_blocks
from chatbot.domain import story_approval
from chatbot.domain.approval_line import explanation
from chatbot.domain.card import Card
from chatbot.domain.change import Change, Path
from chatbot.domain.command import REQUESTABLE
from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.environment import EnvironmentClass
from chatbot.domain.form import Form
from chatbot.domain.lifecycle import State
from chatbot.domain.mrkdwn import escape
from chatbot.domain.notice import Notice
from chatbot.domain.story import thread
from sandbox.slack_limits import violations
from tests.support.approvals import LATER, delegation, electorate
from tests.support.builders import NOW
from tests.support.cards import (
    DIRECT_ENVIRONMENTS,
    ENVIRONMENTS,
    MERGED,
    environment,
    longest,
    longest_texts,
    plan,
    waiting,
    ways,
)
from tests.support.emergencies import lights
from tests.support.freezes import freeze
from tests.unit.domain.story_cases import everything_told

LONGEST = {ascii(text[:8]): longest(text) for text in longest_texts()}
each_longest = pytest.mark.parametrize("change", LONGEST.values(), ids=LONGEST)
FORM_FIELDS = [name for name in Form.model_fields if name not in ("environment", "operation")]
TOKEN = re.compile(r"<(@U\w+|!date\^\d+\^[^|<>\n]*\|[^<>\n]*|https?://[^|<>\n]*\|[^<>\n]*)>")


PROD = environment(
    EnvironmentClass.PROD,
    name="t" * 63,
    context="c" * 3_000,
    emergency=EmergencyRules(sensitive=("*" * 300,), on_call="#on-call"),
)
CROWD = electorate(
    *(f"U{number:020}" for number in range(300)),
    approvals=20,
    named=", ".join([escape("@" + "&" * 80)] * 5),
    logins={},
    delegations=tuple(delegation(f"U{n:020}", f"UD{n:020}") for n in range(50)),
)
"""More seniors, with longer names, than a company has; and nobody's login is known."""


def in_every_state(change: Change) -> list[Card]:
    """The same change in every state there is: going on, waiting, and standing still."""
    place = PROD
    waits = waiting(change.request.justification)
    going_on = {"failure": None, "divergence": "", "pull_request": MERGED, "applied_at": None}
    held_up = {"failure": None, "divergence": "", "waiting": waits}
    cards = []
    for path, state, progress in product(Path, State, (going_on, held_up, {})):
        shown = change.model_copy(
            update={
                "path": path,
                "state": state,
                "due_at": NOW if progress else None,
                "progress": change.progress.model_copy(update=progress),
            }
        )
        line = explanation(shown, CROWD, LATER)
        stopped = freeze(reason=change.request.justification)
        cards.append(Card(change=shown, environment=place, freeze=stopped, approval=line))
    return cards


def texts_of(shown: Any) -> list[str]:
    """Every mrkdwn text in Block Kit JSON."""
    if isinstance(shown, dict):
        own = [shown["text"]] if shown.get("type") == "mrkdwn" else []
        return own + [text for part in shown.values() for text in texts_of(part)]
    if isinstance(shown, list):
        return [text for part in shown for text in texts_of(part)]
    return []


def assert_sound(mrkdwn: str) -> None:
    """Nothing but our own tokens, whole entities and closed code."""
    bare = TOKEN.sub("", mrkdwn)
    assert "<" not in bare, bare[:300]
    assert not re.search(r"&(?!amp;|lt;|gt;)", bare), bare[-300:]
    assert bare.count("```") % 2 == 0, bare[-300:]


@each_longest
def test_the_card_with_the_longest_input_is_taken_by_slack_in_every_state(change: Change) -> None:
    for shown in in_every_state(change):
        message = {"text": card_blocks.summary(shown), "blocks": card_blocks.blocks(shown)}
        assert violations(message) == []
        assert len(message["text"]) < 600
        assert message["text"].endswith(shown.change.state.value)
        for text in texts_of(message["blocks"]):
            assert_sound(text)


@each_longest
def test_answers_about_the_longest_change_are_taken_by_slack(change: Change) -> None:
    link = f"https://acme.slack.example/{'p' * 200}"
    answers: list[dict[str, Any]] = [
        texts.whole_diff(change),
        {"text": "-", "blocks": texts.one(change, link, NOW)},
        {"text": "-", "blocks": texts.listing([change] * 50, {change.number: link}, NOW)},
        texts.refusal(change.request.justification * 2),
    ]
    for answer in answers:
        assert violations(answer) == []
        for text in texts_of(answer):
            assert_sound(text)


@pytest.mark.parametrize(("operation", "class_"), list(product(REQUESTABLE, EnvironmentClass)))
@pytest.mark.parametrize("text", longest_texts(), ids=lambda text: ascii(text[:8]))
def test_the_modal_with_the_longest_input_is_taken_by_slack(
    operation: str, class_: EnvironmentClass, text: str
) -> None:
    form = Form(
        operation=operation, environment=class_.value, **dict.fromkeys(FORM_FIELDS, text * 2)
    )
    assert violations(request_form.view(form, DIRECT_ENVIRONMENTS)) == []
    assert violations(request_form.view(form, ENVIRONMENTS)) == []
    nowhere = form.model_copy(update={"environment": text})
    assert violations(request_form.view(nowhere, ENVIRONMENTS)) == []


@each_longest
def test_the_rollback_modal_of_the_longest_change_is_taken_by_slack(change: Change) -> None:
    for path in Path:
        assert violations(rollback_form.view(change, path)) == []


def test_more_environments_than_slack_lists_do_not_break_the_modal() -> None:
    many = {f"test-{number}": environment() for number in range(150)}
    assert violations(request_form.view(Form(), many)) == []


@each_longest
def test_every_notice_with_the_longest_input_is_taken_by_slack(change: Change) -> None:
    for notice in everything_told(change, change.request.justification * 3):
        assert violations({"text": notice.text, "blocks": [kit.section(notice.text)]}) == []
        assert kit.section(notice.text)["text"]["text"] == notice.text
        assert_sound(notice.text)


@each_longest
def test_every_light_of_the_longest_emergency_is_taken_by_slack(change: Change) -> None:
    for count in range(4):
        progress = change.progress.model_copy(update={"lights": lights(count)})
        shown = change.model_copy(
            update={
                "path": Path.EMERGENCY,
                "state": State.AWAITING_CONFIRMATION,
                "progress": progress,
            }
        )
        card = Card(change=shown, environment=PROD)
        message = {"text": card_blocks.summary(card), "blocks": card_blocks.blocks(card)}
        assert violations(message) == []
        assert violations(red_lights.view(shown, PROD)) == []
        for text in texts_of([message["blocks"], red_lights.view(shown, PROD)]):
            assert_sound(text)


@pytest.mark.parametrize("operation", REQUESTABLE)
@pytest.mark.parametrize("text", longest_texts(), ids=lambda text: ascii(text[:8]))
def test_the_emergency_form_with_the_longest_input_is_taken_by_slack(
    operation: str, text: str
) -> None:
    form = Form(operation=operation, environment="prod", **dict.fromkeys(FORM_FIELDS, text * 2))
    assert violations(breakglass_form.view(form, ENVIRONMENTS)) == []
    assert violations(breakglass_form.view(Form(environment=text), ENVIRONMENTS)) == []


@each_longest
def test_the_form_that_asks_why_not_is_taken_by_slack(change: Change) -> None:
    asked = change.model_copy(update={"path": Path.GITOPS, "state": State.AWAITING_APPROVAL})
    assert violations(reject_form.view(asked)) == []
    for notice in story_approval.rejected(asked, "U0FIRST", asked.request.justification):
        assert violations({"text": notice.text, "blocks": [kit.section(notice.text)]}) == []
        assert_sound(notice.text)


def test_help_and_home_are_taken_by_slack() -> None:
    listed = texts.listing(list(ways().values()), {}, NOW)
    home = {"type": "home", "blocks": [kit.section("*Yours*"), *listed, kit.context(texts.HELP)]}
    assert violations(home) == []
    assert violations({"text": texts.HELP}) == []
    assert violations({"text": texts.GLASS_HELP}) == []


def test_every_modal_names_its_change() -> None:
    change = ways()["awaiting_confirmation"]
    assert request_form.view(Form(), ENVIRONMENTS)["private_metadata"].startswith('{"change": ""')
    asked = rollback_form.view(change, Path.DIRECT)["private_metadata"]
    assert asked == texts.whole_diff(change)["private_metadata"] == '{"change": "CHG-12"}'
    assert red_lights.view(change, PROD)["private_metadata"].startswith('{"change": "CHG-12"')
    assert breakglass_form.view(Form(), {})["private_metadata"].startswith('{"change": ""')
    assert texts.refusal("No.")["private_metadata"] == '{"change": ""}'


@pytest.mark.parametrize("text", ["", " ", "\u200b"])
def test_empty_text_becomes_something_that_slack_takes(text: str) -> None:
    blocks = [kit.section(text), kit.context(text)]
    assert violations({"text": "-", "blocks": blocks}) == []


def test_a_thread_line_that_is_too_long_still_closes_its_code() -> None:
    told: list[Notice] = [thread("k", f"```\n{'x' * 5_000}\n```")]
    assert told[0].text.count("```") == 2


def test_a_diff_of_a_megabyte_is_taken_by_slack() -> None:
    change = longest("x")
    body = "".join(f"+  key-{number}: {'&' * 60}\n" for number in range(14_000))
    diff = f"--- live\n+++ wanted\n@@ -1 +1 @@\n{body}"
    assert len(diff) > 1_000_000
    [first, *_] = plan().objects
    big = plan(objects=(first.model_copy(update={"diff": diff}),))
    shown = change.model_copy(
        update={"progress": change.progress.model_copy(update={"plan": big, "divergence": diff})}
    )
    assert violations({"text": "-", "blocks": card_blocks.blocks(in_every_state(shown)[0])}) == []
    assert violations(texts.whole_diff(shown)) == []
