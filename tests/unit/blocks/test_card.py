import re
from datetime import timedelta
from typing import Any

import pytest

from chatbot.blocks.card import blocks, state_words, summary
from chatbot.domain.card import Card
from chatbot.domain.change import Change, FieldConflict, ObjectAction, Step
from chatbot.domain.environment import Backfill
from chatbot.domain.lifecycle import TERMINAL, State
from chatbot.domain.offers import offers
from tests.support.builders import NOW, change_request, target
from tests.support.cards import (
    APPLY,
    ASK,
    CONFIRM,
    CONFLICTS,
    DIGEST,
    SNAPSHOT,
    card,
    direct,
    environment,
    plan,
    pull_request,
    waiting,
    ways,
)

WAYS = ways()
each_way = pytest.mark.parametrize("change", WAYS.values(), ids=WAYS)


def buttons(shown: Card) -> list[dict[str, Any]]:
    return [
        element
        for block in blocks(shown)
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def words(shown: Card) -> str:
    return "\n".join(
        part["text"]
        for block in blocks(shown)
        for part in [block.get("text"), *block.get("elements", [])]
        if part and isinstance(part.get("text"), str)
    )


def place(shown: Card, text: str) -> int:
    return words(shown).index(text)


@each_way
def test_every_button_carries_its_contract_name_and_the_change(change: Change) -> None:
    shown = card(change)
    assert [button["action_id"] for button in buttons(shown)] == [
        offer.action_id for offer in offers(change)
    ]
    assert {button["value"] for button in buttons(shown)} <= {"CHG-12"}


@each_way
def test_what_where_and_state_come_first(change: Change) -> None:
    first = blocks(card(change))[0]["text"]["text"]
    assert first.startswith("*CHG-12 · Scale deployment/web ")
    assert first.splitlines() == [first.splitlines()[0], state_words(change)]
    assert " · test*" in first


@each_way
def test_what_is_over_has_no_buttons_and_says_how_long_it_took(change: Change) -> None:
    if change.state in TERMINAL:
        assert not buttons(card(change))
        assert "redlight audit export CHG-12" in words(card(change))


def test_a_click_on_apply_is_bound_to_the_diff_above_it() -> None:
    [row] = [block for block in blocks(card(direct(*CONFIRM))) if block["type"] == "actions"]
    assert row["block_id"] == f"decide:{DIGEST}"


def test_a_failure_begins_with_the_clusters_words_then_what_happened_then_the_button() -> None:
    kinds = [block["type"] for block in blocks(card(WAYS["failed"]))]
    assert kinds[:4] == ["section", "section", "section", "actions"]
    shown = card(WAYS["failed"])
    assert (
        place(shown, "ImagePullBackOff")
        < place(shown, "It was not rolled back")
        < place(shown, "Needs <@U0REQUESTER> or a senior: *Retry* or *Undo in the cluster*.")
        < place(shown, "more visitors")
    )


def test_the_diff_shows_what_changes_without_its_header() -> None:
    text = words(card(direct(*CONFIRM)))
    assert "```\n-  replicas: 2\n+  replicas: 3\n```" in text


def test_a_long_diff_is_cut_with_a_pointer_to_the_whole() -> None:
    diff = "--- live\n+++ wanted\n@@ -1 +1 @@\n" + "".join(f"+  key-{n}: v\n" for n in range(100))
    [planned] = plan().objects
    change = direct(*CONFIRM, plan=plan(objects=(planned.model_copy(update={"diff": diff}),)))
    text = words(card(change))
    assert "key-13" in text
    assert "key-14" not in text
    assert "_86 more changed lines: press *Whole diff*._" in text


def test_a_conflict_names_the_field_and_its_manager_and_asks_twice() -> None:
    shown = card(direct(*CONFIRM, plan=plan(conflicts=CONFLICTS)))
    assert "`.spec.replicas` of deployment/web belongs to `kustomize-controller`" in words(shown)
    confirm = buttons(shown)[0]
    assert confirm["style"] == "danger"
    assert "kustomize-controller" in confirm["confirm"]["text"]["text"]


def test_conflicts_and_warnings_are_shown_on_a_second_try_too() -> None:
    again = plan(conflicts=CONFLICTS, warnings=("An autoscaler would undo this.",))
    change = direct(*CONFIRM, plan=again, snapshot=SNAPSHOT, applied_at=NOW)
    text = words(card(change))
    assert "kustomize-controller" in text
    assert "An autoscaler would undo this." in text


def test_many_conflicts_are_counted() -> None:
    many = tuple(
        FieldConflict(target=target(), field=f".spec.f{number}", manager="helm")
        for number in range(12)
    )
    text = words(card(direct(*CONFIRM, plan=plan(conflicts=many))))
    assert ".spec.f9" in text
    assert "_and 2 more_" in text


def test_an_autoscaler_is_warned_about_above_the_diff() -> None:
    shown = card(WAYS["awaiting_confirmation_autoscaler"])
    assert place(shown, "⚠️ HorizontalPodAutoscaler web") < place(shown, "replicas: 3")


def test_the_card_says_where_it_applies_and_to_how_much() -> None:
    assert "Applies to namespace `shop` on cluster `test`: changes 1 object." in words(
        card(direct(*CONFIRM))
    )
    [scaled] = plan().objects
    new, gone, same = (
        scaled.model_copy(update={"action": action})
        for action in (ObjectAction.CREATE, ObjectAction.DELETE, ObjectAction.NOTHING)
    )
    mixed = plan(objects=(scaled, new, new))
    assert ": changes 1 object, creates 2." in words(card(direct(*CONFIRM, plan=mixed)))
    fewer = plan(objects=(scaled, gone, gone))
    assert ": changes 1 object, deletes 2." in words(card(direct(*CONFIRM, plan=fewer)))
    known = plan(objects=(new, new, same))
    assert ": creates 2 objects, leaves 1 as it is." in words(card(direct(*CONFIRM, plan=known)))


def test_a_queued_change_says_behind_which_and_since_when() -> None:
    text = words(card(WAYS["applying_behind"]))
    assert "⏳ Waiting since <!date^" in text
    assert "behind CHG-9, which has the same objects in hand." in text


def test_who_merges_depends_on_the_environment() -> None:
    assert "Needs somebody to merge" in words(card(WAYS["pr_open"]))
    merging = card(WAYS["pr_open"], backfill=Backfill(auto_merge=True))
    assert "Redlight merges" in words(merging)


def test_an_open_pull_request_is_linked_once() -> None:
    assert words(card(WAYS["pr_open"])).count("/pull/214|") == 1
    waits = WAYS["pr_open"].progress.model_copy(update={"waiting": waiting("GitHub is away")})
    stuck = WAYS["pr_open"].model_copy(update={"progress": waits})
    assert words(card(stuck)).count("/pull/214|Pull request #214>") == 1


def test_the_end_links_pull_request_and_commit() -> None:
    text = words(card(WAYS["completed"]))
    assert "🟢 Live and in Git after 7 min" in text
    assert "/pull/214|Pull request #214>" in text
    assert "/commit/3f2a91c" in text


def test_a_session_is_linked_only_when_it_is_a_link() -> None:
    linked = direct(request=change_request(environment="test", session="https://acme.example/s/1"))
    typed = direct(request=change_request(environment="test", session="javascript:alert(1)"))
    assert "<https://acme.example/s/1|session>" in words(card(linked))
    assert "javascript" not in words(card(typed))


def test_typed_text_mentions_nobody() -> None:
    request = change_request(
        environment="test", justification="<!channel> <@U0SENIOR>", incident_id="<!here>"
    )
    text = words(card(direct(request=request)))
    assert "<!channel>" not in text
    assert "<!here>" not in text
    assert "<@U0SENIOR>" not in text


def test_names_are_escaped_in_the_fallback_text() -> None:
    request = change_request(environment="test", targets=(target("<!channel>"),))
    assert "<!channel>" not in summary(card(direct(request=request)))


def test_what_stands_still_needs_somebody_and_what_goes_back_by_itself_does_not() -> None:
    assert state_words(WAYS["rolling_back"]) == "🔵 rolling back"
    assert state_words(WAYS["rolling_back_stuck"]) == "🟠 stuck rolling back"
    assert state_words(WAYS["applying_behind"]) == "⏳ applying, waiting"
    assert state_words(WAYS["rolled_back"]) == "🔴 failed, put back as it was"
    assert state_words(WAYS["rolled_back_as_asked"]) == "⚪ rolled back"


def test_steps_of_the_same_minute_share_its_time() -> None:
    quick = [
        Step(name=state.value, at=NOW + timedelta(seconds=10 * n)) for n, state in enumerate(ASK)
    ]
    text = words(card(direct(*ASK, steps=tuple(quick), pull_request=pull_request())))
    line = text.splitlines()[-1]
    assert re.sub("<[^>]*>", "TIME", line) == (
        "✔ requested TIME  ✔ confirm  ✔ apply  ✔ roll out  ▸ pull request  · in Git"
    )
    late = [step.model_copy(update={"at": step.at + timedelta(seconds=55)}) for step in quick]
    text = words(card(direct(*ASK, steps=tuple(late), pull_request=pull_request())))
    assert text.splitlines()[-1].count("<!date^") == 2


def test_steps_of_an_earlier_round_do_not_count() -> None:
    outdated = [
        Step(name=state.value, at=NOW)
        for state in (*APPLY, State.REQUESTED, State.AWAITING_CONFIRMATION)
    ]
    change = direct(*CONFIRM, steps=tuple(outdated))
    assert "▸ confirm  · apply  · roll out  · pull request  · in Git" in words(card(change))


def test_no_confirmation_is_announced_where_none_is_asked() -> None:
    rules = environment().rules.model_copy(update={"confirm": False})
    text = words(card(WAYS["requested"], rules=rules))
    assert "confirm" not in text
    assert "▸ apply" in text


def test_a_closed_pull_request_is_not_done() -> None:
    assert "▸ pull request  · in Git" in words(card(WAYS["pr_closed"]))
