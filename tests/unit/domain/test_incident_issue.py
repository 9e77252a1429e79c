"""Jira's wiki text: what people typed is data, whatever it looks like."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain import incident_issue, wikitext
from chatbot.domain.change import ObjectAction, Plan, PlannedObject, Progress
from chatbot.domain.events import SYSTEM
from chatbot.domain.timeline import TimelineEntry
from tests.support import builders
from tests.support.builders import NOW, REQUESTER
from tests.unit.domain.test_incident import emergency


def name_of(user: str) -> str:
    return {REQUESTER: "Ann"}.get(user, user)


@given(st.text(max_size=200))
def test_no_markup_of_peoples_survives(text: str) -> None:
    escaped = wikitext.escape(text)
    bare = re.sub(r"\\.", "", escaped)
    assert not re.search(r"[{}\[\]|*_^~+!?#@-]", bare)
    assert not re.search(r"(?m)^(h[1-6]|bq)\.", bare)


@given(st.text(alphabet=st.sampled_from("{noformat}\n x"), max_size=200))
def test_nothing_leaves_a_block(text: str) -> None:
    assert wikitext.block(text).count("{noformat}") == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[~admin] look", r"\[\~admin\] look"),
        ("{color:red}x{color}", r"\{color:red\}x\{color\}"),
        ("h1. Big", r"h1\. Big"),
        ("a\r\nb", "a\nb"),
    ],
)
def test_the_commonest_markup(text: str, expected: str) -> None:
    assert wikitext.escape(text) == expected


def test_an_address_cannot_end_its_link() -> None:
    made = wikitext.link("https://x.example/a|b] c", "see [this]")
    assert made == r"[see \[this\]|https://x.example/a%7Cb%5D%20c]"


def test_the_description_has_criterion_reason_diff_and_the_ways_to_the_timeline() -> None:
    planned = PlannedObject(
        target=builders.target(),
        action=ObjectAction.CHANGE,
        diff="- replicas: 2\n+ replicas: 8",
        resource_version="1",
    )
    progress = Progress(
        plan=Plan(objects=(planned,), digest="d"), bypassed=("The year-end freeze.",)
    )
    change = emergency().model_copy(update={"progress": progress})
    links = {"#inc-chg-12-web": "https://slack.example/C1"}
    said = incident_issue.description(change, name_of, links)
    assert "*Criterion:* service down" in said
    assert "*Requested by:* Ann" in said
    assert "{noformat}\n- replicas: 2\n+ replicas: 8\n{noformat}" in said
    assert r"* The year\-end freeze." in said
    assert r"[\#inc\-chg\-12\-web|https://slack.example/C1]" in said


def test_the_longest_description_fits_jiras_field() -> None:
    big = dict.fromkeys(("justification", "blast_radius", "rollback_plan"), "{" * 30000)
    change = emergency(**big, incident_id="[" * 5_000, session="x" * 5_000)
    assert len(incident_issue.description(change, name_of, {})) <= wikitext.LONGEST


def test_a_title_is_one_line_that_jira_takes() -> None:
    targets = tuple(builders.target("x" * 250) for _ in range(9))
    assert len(incident_issue.summary(emergency(targets=targets))) <= 255
    assert "\n" not in incident_issue.summary(emergency())


def test_a_comment_says_who_and_when() -> None:
    entry = TimelineEntry(at=NOW, actor=REQUESTER, text="asked for it: [~all]")
    said = incident_issue.comment(entry, name_of)
    assert said.startswith("*Ann*, 2026")
    assert said.endswith(r"asked for it: \[\~all\]")
    by_itself = entry.model_copy(update={"actor": SYSTEM})
    assert incident_issue.comment(by_itself, name_of).startswith("*Redlight*")
