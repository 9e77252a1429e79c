"""Everything that is told no: on its field, in one sentence, with nothing stored."""

import pytest

from chatbot.domain.lifecycle import State
from tests.support.world import GUEST, OTHER_SENIOR, REQUESTER, SENIOR, World

STRANGER, GONE = "U0STRANGER", "U0GONE"

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"

MISTAKES: dict[str, tuple[str, dict[str, str], str, tuple[str, ...]]] = {
    "broken YAML": (
        "apply test",
        {"manifest": "kind: ConfigMap\nmetadata:\n  name: [web\ndata: {}\n"},
        "manifest",
        ("ine 4, column",),
    ),
    "a container without a dash": (
        "apply test",
        {
            "manifest": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
            "  template:\n    spec:\n      containers:\n        image: web\n"
        },
        "manifest",
        ("ine 8, column 9", "containers"),
    ),
    "an unknown kind": (
        "apply test",
        {"manifest": "apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: web}\n"},
        "manifest",
        ("Deploymint", "Deployment"),
    ),
    "a namespace of prod": (
        "apply test",
        {"manifest": CONFIG.format(name="web", namespace="shop-prod")},
        "manifest",
        ("shop-prod", "does not own"),
    ),
    "no name for an object": (
        "apply test",
        {"manifest": CONFIG.format(name="Not_A_Name", namespace="shop-test")},
        "manifest",
        ("ine 4", "Not_A_Name"),
    ),
    "a Secret": (
        "apply test",
        {"manifest": "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\ndata: {key: aHU=}\n"},
        "manifest",
        ("Secret", "SealedSecret"),
    ),
    "nothing to apply": ("apply test", {}, "manifest", ("Paste",)),
    "both ways at once": (
        "apply test",
        {"manifest": CONFIG.format(name="web", namespace="shop-test"), "manifest_ref": "#1"},
        "manifest_ref",
        ("not both",),
    ),
    "a scale in a namespace of prod": (
        "scale test deploy/web 3",
        {"namespace": "shop-prod"},
        "namespace",
        ("shop-prod", "shop-test"),
    ),
    "replicas in words": ("scale test deploy/web many", {}, "replicas", ("whole number",)),
    "replicas below nothing": ("scale test deploy/web -1", {}, "replicas", ("0",)),
    "no DNS label": ("scale test deploy/Web_1 3", {}, "name", ("Web_1",)),
    "a typing mistake": ("scale test deploy/wbe 3", {}, "name", ("wbe", "api, web")),
    "a kind that cannot be scaled": ("scale test cm/web 3", {}, "kind", ("ConfigMap",)),
    "a kind that cannot be restarted": ("restart test svc/web", {}, "kind", ("Service",)),
    "no reason": ("scale test deploy/web 3", {"justification": "   "}, "justification", ("why",)),
    "no link": ("scale test deploy/web 3", {"session": "notes"}, "session", ("https://",)),
}


def test_every_mistake_is_told_on_its_field_and_nothing_is_stored(world: World) -> None:
    world.start()
    for what, (command, fields, field, words) in MISTAKES.items():
        errors = world.submit(command, **fields).errors
        assert list(errors) == [field], what
        for word in words:
            assert word in errors[field], what
        assert errors[field].count("\n") == 0, what
        world.slack.close(REQUESTER)
        assert world.refusals() == [], what
    assert world.changes() == []
    assert world.events() == []
    assert world.slack.messages("#test-changes") == []
    change = world.request("scale test deploy/web 3")
    assert change.id == "CHG-1", "the same person can go on at once"


@pytest.mark.parametrize("user", [GUEST, STRANGER, GONE])
def test_who_does_not_count_may_neither_ask_nor_act(world: World, user: str) -> None:
    world.start()
    world.slack.command(user, "#test-changes", "/change", "scale test deploy/web 3")
    world.told(user, "test", "cannot request changes")
    assert world.refusals() == [(user, "request")]

    change = world.request("scale test deploy/web 3")
    world.wait(change, State.AWAITING_CONFIRMATION)
    for number, action in enumerate(("confirm_diff", "cancel", "show_diff"), start=2):
        world.click(change, action, user)
        world.until(lambda number=number: len(world.refusals()) == number)  # type: ignore[misc]
    assert {actor for actor, _ in world.refusals()} == {user}
    assert world.change(change).state is State.AWAITING_CONFIRMATION
    assert world.store.check_audit().reason == ""


def test_a_click_that_may_not_count_is_answered_and_recorded(world: World) -> None:
    world.start()
    change = world.request("scale test deploy/web 3")
    world.wait(change, State.AWAITING_CONFIRMATION)
    card = world.card(change)

    world.click(change, "confirm_diff", SENIOR)
    assert f"<@{REQUESTER}>" in world.told(SENIOR, "test", "confirm")
    other = world.request("restart test deploy/api", user=OTHER_SENIOR)
    world.wait(other, State.AWAITING_CONFIRMATION)
    world.press(change, card, "confirm_diff", value=other.id)
    world.told(REQUESTER, "test", other.id)
    world.press(change, card, "confirm_diff", value="CHG-4711")
    world.told(REQUESTER, "test", "There is no CHG-4711")
    world.press(change, card, "confirm_diff", value="'; DROP TABLE changes; --")
    world.told(REQUESTER, "test", "names no change")
    assert world.refusals() == [
        (SENIOR, "confirm"),
        (REQUESTER, "confirm"),
        (REQUESTER, "confirm_diff"),
        (REQUESTER, "confirm_diff"),
    ]
    assert {world.change(each).state for each in (change, other)} == {State.AWAITING_CONFIRMATION}

    world.click(change, "cancel", SENIOR)
    world.wait(change, State.CANCELLED)
    world.press(change, card, "confirm_diff")
    world.told(REQUESTER, "test", "cancelled")
    assert world.refusals()[-1] == (REQUESTER, "confirm")
    assert world.change(change).state is State.CANCELLED
    assert world.live("deploy/web")["spec"]["replicas"] == 2
    [message] = world.until(lambda: world.slack.direct_messages(REQUESTER))
    assert f"<@{SENIOR}>" in message["text"]
    assert world.store.check_audit().reason == ""
