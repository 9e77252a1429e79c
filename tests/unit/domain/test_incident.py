"""Incidents: what they are called, which ones are named, and what their channel says."""

from datetime import timedelta
from typing import Any

import pytest

from chatbot.domain import incident, incident_text
from chatbot.domain.change import Change, Path, Progress
from chatbot.domain.emergency import Criterion
from chatbot.domain.events import SYSTEM, AuditEvent
from chatbot.domain.incident import Incident, IncidentRoom, Side, Ticket
from chatbot.domain.lifecycle import State
from chatbot.domain.obligation import Kind, Obligation
from tests.support import builders
from tests.support.builders import NOW, REQUESTER, SENIOR


def emergency(state: State = State.APPLYING, **request: Any) -> Change:
    fields = {"criterion": Criterion.SERVICE_DOWN, "blast_radius": "half of <checkout>"}
    return builders.change(
        number=12,
        path=Path.EMERGENCY,
        state=state,
        request=builders.change_request(**{**fields, **request}),
        progress=Progress(confirmed_by=SENIOR),
    )


def side(which: Side, **fields: Any) -> Incident:
    return Incident(change=12, side=which, since=NOW, told=0, **fields)


ROOM = side(Side.CHANNEL, room=IncidentRoom(id="C1", name="inc-chg-12-web", ours=True))
ISSUE = side(Side.ISSUE, ticket=Ticket(key="INC-7", url="https://jira.example/INC-7", ours=True))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["web"], "inc-chg-12-web"),
        (["Web.Prod_1"], "inc-chg-12-web-prod-1"),
        (["web", "db"], "inc-chg-12-shop"),
        (["x" * 200], "inc-chg-12-" + "x" * 69),
        (["y" * 68 + "-z"], "inc-chg-12-" + "y" * 68),
        (["-"], "inc-chg-12-dev"),
    ],
)
def test_a_channel_is_called_after_the_change_within_slacks_limits(
    names: list[str], expected: str
) -> None:
    targets = tuple(builders.target(name) for name in names)
    assert incident.channel_name(emergency(targets=targets), "inc") == expected


@pytest.mark.parametrize(
    ("text", "channel", "issue"),
    [
        ("#inc-foo", "#inc-foo", ""),
        ("C0INCIDENTS", "C0INCIDENTS", ""),
        ("<#C0INCIDENTS|incidents>", "C0INCIDENTS", ""),
        ("INC-7", "", "INC-7"),
        (" inc-7 ", "", "INC-7"),
        ("https://jira.example/browse/INC-7", "", "INC-7"),
        ("inc-foo", "", ""),
        ("# two words", "", ""),
        ("<@U1>", "", ""),
        ("INC-0", "", ""),
        ("", "", ""),
    ],
)
def test_an_incident_id_may_name_a_channel_or_an_issue(text: str, channel: str, issue: str) -> None:
    change = emergency(incident_id=text)
    assert (incident.named_channel(change), incident.named_issue(change)) == (channel, issue)


def test_the_summary_says_what_a_late_arrival_needs() -> None:
    owed = Obligation(
        change=12,
        kind=Kind.POSTMORTEM,
        owner=REQUESTER,
        since=NOW,
        due_at=NOW + timedelta(hours=24),
    )
    met = owed.model_copy(update={"kind": Kind.RECONCILIATION, "met_at": NOW})
    said = incident_text.summary(emergency(), [owed, met], "https://slack.example/card", ISSUE)
    assert said.splitlines()[0] == "🔴 *CHG-12 · Scale deployment/web to 3 · dev*"
    assert f"asked for by <@{REQUESTER}> · signed off by <@{SENIOR}>" in said
    assert "half of &lt;checkout&gt;" in said
    assert f"⏳ postmortem: due <!date^{int(owed.due_at.timestamp())}" in said
    assert "🟢 reconciliation: met" in said
    assert "<https://slack.example/card|Card of CHG-12> · <https://jira.example/INC-7|" in said


def test_the_longest_summary_and_topic_are_not_too_long() -> None:
    change = emergency(
        justification="&" * 3_000,
        blast_radius="<" * 3_000,
        rollback_plan=">" * 3_000,
        incident_id="`" * 3_000,
        targets=tuple(builders.target("x" * 250) for _ in range(30)),
    )
    assert len(incident_text.summary(change, [], "", None)) <= 2_900
    assert "\n" not in incident_text.topic(change)


def test_a_closed_emergency_is_green() -> None:
    said = incident_text.summary(emergency(State.COMPLETED), [], "", None)
    assert said.startswith("🟢")
    assert "*closed*" in said


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("change.applied", True),
        ("incident.issue_opened", True),
        ("incident.channel_opened", False),
        ("timeline.added", False),
        ("step.delayed", False),
        ("request.refused", False),
    ],
)
def test_the_channel_is_told_what_happens_elsewhere(kind: str, told: bool) -> None:
    event = AuditEvent(sequence=1, entry=builders.entry(kind, data={"key": "INC-7"}), hash="")
    assert (incident_text.told_of(event, Side.CHANNEL) is not None) is told


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("kind", ["incident.channel_archived", "incident.issue_resolved"])
def test_how_one_side_ended_is_no_news_on_the_other_which_may_have_ended_first(
    side: Side, kind: str
) -> None:
    entry = builders.entry(kind, data={"key": "INC-7", "name": "inc-chg-1-web"})
    assert incident_text.told_of(AuditEvent(sequence=1, entry=entry, hash=""), side) is None


def test_what_happens_by_itself_is_a_sentence_and_what_people_do_has_their_name() -> None:
    def line(actor: str) -> str:
        entry = builders.entry("change.applied", actor=actor)
        told = incident_text.told_of(AuditEvent(sequence=1, entry=entry, hash=""), Side.ISSUE)
        assert told is not None
        return incident_text.line(told)

    assert line(SYSTEM) == "It was applied to the cluster"
    assert line(SENIOR) == f"<@{SENIOR}> it was applied to the cluster"


def test_the_card_says_where_the_incident_is_kept_and_nothing_of_what_is_not_there() -> None:
    assert incident_text.mentioned(ROOM, ISSUE) == "<#C1> · <https://jira.example/INC-7|INC-7>"
    assert incident_text.mentioned(ROOM, side(Side.ISSUE)) == "<#C1>"
    assert incident_text.mentioned(None, None) == ""
