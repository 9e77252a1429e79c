"""The audit log as a story that a person can read."""

from datetime import timedelta
from typing import Any

from chatbot.domain.events import GENESIS, SYSTEM, AuditEvent
from chatbot.domain.timeline import TimelineEntry, as_text, entries_of, merged
from tests.support.builders import NOW, REQUESTER, entry


def events(*kinds: tuple[str, dict[str, Any]]) -> list[AuditEvent]:
    return [
        AuditEvent(sequence=n, entry=entry(kind, change=1, data=data), hash=GENESIS)
        for n, (kind, data) in enumerate(kinds, 1)
    ]


def said(minutes: int, text: str, actor: str = REQUESTER) -> TimelineEntry:
    return TimelineEntry(at=NOW + timedelta(minutes=minutes), actor=actor, text=text)


def test_what_happened_is_told_in_words_and_what_only_machines_read_is_left_out() -> None:
    told = entries_of(
        events(
            ("change.requested", {"justification": "checkout is\ndown"}),
            ("step.delayed", {"because": "busy"}),
            ("auto_sync.paused", {}),
            ("red_light.passed", {"number": 1}),
            ("change.applied", {}),
            ("obligation.breached", {"kind": "postmortem"}),
            ("pull_request.opened", {}),
        )
    )
    assert [each.text for each in told] == [
        "asked for it: checkout is down",
        "red light passed",
        "it was applied to the cluster",
        "the postmortem was overdue",
        "pull request opened",
    ]


def test_what_people_typed_is_no_pattern_and_does_not_push_the_rest_out() -> None:
    [one] = entries_of(events(("change.failed", {"because": "{at.__class__} " * 90})))
    assert one.text.startswith("it failed: {at.__class__} {at.__class__}")
    assert len(one.text) == 300


def test_each_line_has_its_time_in_utc_and_who_it_was() -> None:
    text = as_text([said(0, "asked"), said(1, "applied", SYSTEM)], 3000, {REQUESTER: "Ada"})
    assert text == "2026-03-02 09:30 UTC  Ada: asked\n2026-03-02 09:31 UTC  applied"


def test_where_not_all_fits_the_beginning_and_the_end_stay() -> None:
    text = as_text([said(n, f"step {n}") for n in range(500)], 3000)
    assert len(text) <= 3000
    lines = text.split("\n")
    assert lines[0].endswith("step 0")
    assert lines[-1].endswith("step 499")
    [gap] = [line for line in lines if "left out" in line]
    assert gap == f"… {500 - len(lines) + 1} entries are left out here …"


def test_several_timelines_become_one() -> None:
    assert merged([said(0, "a"), said(2, "c")], [said(1, "b")]) == [
        said(0, "a"),
        said(1, "b"),
        said(2, "c"),
    ]
