"""The other words after `/change`: list, show, cancel, help."""

from chatbot.domain.lifecycle import State
from tests.support.world import OTHER_SENIOR, REQUESTER, World, everything


def test_list_show_cancel_and_help_answer_the_one_who_asked(world: World) -> None:
    world.start()
    mine = world.request("scale test deploy/web 3")
    other = world.request("restart test deploy/api", user=OTHER_SENIOR)
    in_dev = world.request("restart dev deploy/api")
    for change in (mine, other):
        world.wait(change, State.AWAITING_CONFIRMATION)
    world.wait(in_dev, State.COMPLETED)

    def answer(words: str, *there: str, absent: tuple[str, ...] = ()) -> None:
        before = len(world.slack.ephemerals("#test-changes", REQUESTER))
        world.slack.command(REQUESTER, "#test-changes", "/change", words)
        world.until(lambda: len(world.slack.ephemerals("#test-changes", REQUESTER)) > before)
        text = everything(world.slack.ephemerals("#test-changes", REQUESTER)[-1])
        for word in there:
            assert word in text, (words, text)
        for word in absent:
            assert word not in text, (words, text)

    answer("help", "/change list", "/change show", "cancel CHG-12")
    answer("list", mine.id, other.id, absent=(in_dev.id,))
    answer("list mine", mine.id, in_dev.id, absent=(other.id,))
    answer("list test", mine.id, other.id, absent=(in_dev.id,))
    answer("list api", other.id, in_dev.id, absent=(mine.id,))
    answer("list sausages", "No changes")
    answer(f"show {mine.id}", "The queue grows.", "deployment/web", "awaiting confirmation")
    answer("show CHG-4711", "There is no CHG-4711", absent=("..", "try again"))
    answer("show", "CHG-12")
    answer("frobnicate", "/change help")
    answer(f"cancel {other.id}", "can't cancel", OTHER_SENIOR)
    answer(f"cancel {mine.id}", "cancelled")
    world.wait(mine, State.CANCELLED)
    answer(f"cancel {mine.id}", "can't", "cancelled")
    assert world.store.check_audit().reason == ""
