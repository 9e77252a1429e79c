"""Freezes on the direct path: they stop every verb, say until when, why and how to ask, and let
through what a senior lets through."""

from datetime import UTC, datetime, timedelta

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.world import CHANNELS, OTHER_SENIOR, REQUESTER, SENIOR, World, everything

FAR = (datetime.now(UTC) + timedelta(days=300)).strftime("%Y-%m-%d 18:00")


def say(world: World, user: str, words: str, *answer: str) -> None:
    """`/change WORDS` in the channel of test, and what that person alone is told."""
    before = len(world.slack.ephemerals("#test-changes", user))
    world.slack.command(user, "#test-changes", "/change", words)
    world.until(lambda: len(world.slack.ephemerals("#test-changes", user)) > before)
    told = everything(world.slack.ephemerals("#test-changes", user)[-1])
    for part in answer:
        assert part in told, (words, told)


def announced(world: World, *words: str) -> None:
    """Every environment's channel hears these words, once."""

    def heard(channel: str) -> bool:
        told = [everything(message) for message in world.slack.messages(channel)]
        found = [text for text in told if all(word in text for word in words)]
        return len(found) == 1

    for channel in CHANNELS.values():
        world.until(lambda channel=channel: heard(channel))  # type: ignore[misc]


def replicas(world: World, namespace: str = "shop-test") -> int:
    count: int = world.live("deploy/web", namespace)["spec"]["replicas"]
    return count


def refused(world: World, change: Change, action: str, *words: str) -> None:
    """A click on the card is answered with a no that has these words, and is recorded."""
    before = len(world.refusals())
    world.click(change, action)
    world.until(lambda: len(world.refusals()) > before)
    told = world.told(REQUESTER, "test", f"{change.id} now: test is frozen until")
    for word in words:
        assert word in told, told


def test_a_frozen_confirm_is_refused_and_an_exception_lets_exactly_one_change_through(
    world: World,
) -> None:
    world.start()
    change = world.request("scale test deploy/web 3")
    world.wait(change, State.AWAITING_CONFIRMATION)
    say(
        *(world, REQUESTER, f"freeze test until {FAR} because year end"),
        *("test is frozen until", "because year end", "/change unfreeze test"),
    )
    world.shows(change, "❄ test is frozen until", "because year end", f"exempt {change.id}")
    asks = f"A senior can let {change.id} through: `/change exempt {change.id} because …`"
    refused(world, change, "confirm_diff", "year end", f"says <@{REQUESTER}>", asks)
    assert world.change(change).state is State.AWAITING_CONFIRMATION

    other = world.request("scale test deploy/api 3")
    world.wait(other, State.AWAITING_CONFIRMATION)
    world.shows(other, "❄ test is frozen until", f"exempt {other.id}")

    say(world, REQUESTER, f"exempt {change.id} because I want to", "Only a senior can")
    say(world, SENIOR, f"exempt {change.id}", "Write it like `/change exempt CHG-12 because")
    say(world, SENIOR, f"exempt {change.id} because it mends the outage", "may go on")
    world.tells(change, f"<@{SENIOR}> let {change.id} through the freeze", "mends the outage")
    world.until(lambda: "❄" not in world.shows(change, change.id))
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    assert replicas(world) == 3

    refused(world, other, "confirm_diff", f"exempt {other.id}")
    world.click(other, "cancel")
    world.wait(other, State.CANCELLED)
    assert world.refusals() == [
        (REQUESTER, "confirm"),
        (REQUESTER, "exempt"),
        (REQUESTER, "confirm"),
    ]
    assert {"freeze.begun", "freeze.exempted"} <= set(world.events())
    assert world.store.check_audit().broken is None


def test_stopping_the_line_holds_everything_until_a_senior_lifts_it(world: World) -> None:
    world.start()
    say(world, REQUESTER, "freeze all because stop the line", "every environment is frozen")
    announced(world, "❄ every environment is frozen until", "stop the line", f"<@{REQUESTER}>")
    change = world.request("scale dev deploy/web 4")
    world.shows(change, "❄ every environment is frozen until somebody lifts it", "Waiting since")
    assert world.change(change).state is State.APPLYING
    world.kill()
    world.start()
    say(
        *(world, REQUESTER, "list", "every environment is frozen", "stop the line"),
        *("/change unfreeze all", change.id),
    )
    say(world, REQUESTER, "unfreeze all", "only a senior or a manager does", f"<@{OTHER_SENIOR}>")
    say(world, SENIOR, "unfreeze dev", "does not lift this", "/change unfreeze all")
    assert replicas(world, "shop-dev") == 1
    assert world.change(change).progress.snapshot is None

    say(world, SENIOR, "unfreeze all", "not frozen any more")
    announced(world, f"The freeze of every environment was lifted by <@{SENIOR}>")
    world.wait(change, State.COMPLETED)
    assert replicas(world, "shop-dev") == 4
    assert "❄" not in world.shows(change, "Live and in Git")
    kinds = [kind for kind in world.events() if kind.startswith("freeze.")]
    assert kinds == ["freeze.begun", "freeze.lifted"]
    assert world.store.check_audit().broken is None


def test_a_freeze_of_the_configuration_stands_until_its_end_and_is_no_commands_to_lift(
    world: World,
) -> None:
    now = datetime.now(UTC)
    freeze = (
        '[[freezes]]\nenvironments = ["test"]\nreason = "the auditors are here"\n'
        f'start = "{now - timedelta(hours=1):%Y-%m-%dT%H:%MZ}"\n'
        f'end = "{now + timedelta(days=1):%Y-%m-%dT%H:%MZ}"\n'
    )
    world.configure(("[environments.dev]\n", f"{freeze}\n[environments.dev]\n"))
    world.start()
    change = world.request("restart test deploy/web")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.shows(change, "❄ test is frozen until", "the auditors are here", "`redlight.toml`")
    refused(world, change, "confirm_diff", "the auditors are here")
    say(world, SENIOR, "unfreeze test", "does not lift this", "`[[freezes]]` of `redlight.toml`")
    say(world, SENIOR, "list test", "test is frozen until", "the auditors are here", change.id)
    say(world, SENIOR, f"exempt {change.id} because they asked for it", "may go on")
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    assert "freeze.begun" in world.events()


def test_what_cannot_be_frozen_is_told_with_the_right_words(world: World) -> None:
    world.start()
    say(world, REQUESTER, "freeze", "/change freeze prod until 2026-12-24 18:00 because year end")
    say(world, REQUESTER, "freeze pord 4h", "`pord` is no environment", "`prod`", "`all`")
    say(world, REQUESTER, "freeze test until soon", "“soon” is no time", "/change freeze prod 4h")
    say(world, REQUESTER, "freeze test until 2020-01-01 10:00", "over already")
    say(world, REQUESTER, "unfreeze", "/change unfreeze prod")
    say(world, SENIOR, "unfreeze test", "`test` is not frozen.")
    say(world, REQUESTER, "exempt CHG-4711 because of me", "There is no CHG-4711")
    assert world.store.freezes() == []
