"""Which approval covers a rollback, as long as it does."""

from typing import Any

from chatbot.domain.approval import Electorate
from chatbot.domain.change import Change
from chatbot.services.preapprovals import Preapprovals
from tests.support.approvals import FIRST, electorate, environment
from tests.support.builders import change_request
from tests.unit.domain.test_preapproval import BEFORE, HOURS, WEB, original, planned, rollback
from tests.unit.services.parts import Hand


class Outside:
    """The original as the store has it, and those who may approve; counts how often these are
    asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def change(self, number: int) -> Change:
        assert number == 12
        return original()

    def of(self, _: Change) -> Electorate:
        self.asked += 1
        return electorate()


def covering(clock: Hand, outside: Outside, **request: Any) -> Any:
    places = {"prod": environment(rollback_approved_for=HOURS)}
    preapprovals = Preapprovals(places, outside, outside, clock)  # type: ignore[arg-type]
    asked = {"operation": "rollback", "replicas": None, "rolls_back": 12, **request}
    wanted = change_request(environment="prod", risk_assessment="critical", **asked)
    change = rollback().model_copy(update={"request": wanted})
    return preapprovals.of(change, planned(WEB), BEFORE, ())


def test_an_exact_rollback_is_covered_until_the_time_is_over() -> None:
    clock, outside = Hand(), Outside()
    found = covering(clock, outside)
    assert (found.change, found.by) == (12, (FIRST,))
    assert found.until == original().progress.steps[-1].at + HOURS
    clock.time = found.until
    assert covering(clock, outside) is None, "so it is outdated right before the merge"
    assert outside.asked == 1, "nobody is asked about what is not covered anyway"


def test_what_is_no_rollback_is_never_covered() -> None:
    clock, outside = Hand(), Outside()
    assert covering(clock, outside, operation="scale", replicas=2, rolls_back=None) is None
    assert outside.asked == 0
