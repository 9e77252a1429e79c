"""What a change says in Git, whatever people typed into it."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.domain.change import (
    Change,
    ChangeRequest,
    ObjectAction,
    Operation,
    Path,
    Plan,
    PlannedObject,
    Progress,
    RiskLevel,
    Target,
    TimeWindow,
)
from chatbot.domain.lifecycle import State
from chatbot.domain.record import (
    change_record,
    commit_message,
    pull_request_body,
    pull_request_title,
    record_path,
)
from chatbot.domain.yamltext.tree import compose, to_json

WEB = Target(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")
NOON = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))


def planned(*diffs: str) -> Plan:
    """What the dry run gave, an object a diff."""
    objects = (
        PlannedObject(target=WEB, action=ObjectAction.CHANGE, diff=diff, resource_version="1")
        for diff in diffs
    )
    return Plan(objects=tuple(objects), digest="abc")


SCALED = """\
--- live
+++ wanted
@@ -3,5 +3,5 @@
   name: web
 spec:
   paused: false
-  replicas: 4
+  replicas: 8
   selector: {}"""


def change(plan: str = "", **request: Any) -> Change:
    values: dict[str, Any] = {
        "operation": Operation.SCALE,
        "environment": "prod",
        "namespace": "shop",
        "targets": (WEB,),
        "replicas": 8,
        "justification": "Black Friday",
        "risk_assessment": RiskLevel.HIGH,
        **request,
    }
    return Change(
        number=12,
        path=Path.GITOPS,
        requester="U0REQ",
        request=ChangeRequest(**values),
        state=State.REQUESTED,
        progress=Progress(confirmed_digest="abc", plan=planned(plan) if plan else None),
        created_at=NOON,
        updated_at=NOON,
    )


def test_the_record_says_everything_that_was_asked() -> None:
    full = change(
        rollback_plan="scale back to 4",
        affected_services=("checkout", "on"),
        maintenance_window=TimeWindow(start=NOON, end=NOON + timedelta(hours=1)),
        incident_id="INC-7",
        session="https://example.com/s/1",
        manifest_ref="#214@abc",
    )
    assert record_path(full) == "mcp-ocs/changes/CHG-12.yaml"
    assert (
        change_record(full, result="rolled out")
        == """\
# CHG-12: Scale deployment/web to 8 in prod
change: CHG-12
path: gitops
operation: scale
environment: prod
namespace: shop
targets:
- apiVersion: apps/v1
  kind: Deployment
  namespace: shop
  name: web
replicas: 8
manifest_ref: "#214@abc"
requester: U0REQ
requested_at: "2026-01-01T12:00:00Z"
justification: Black Friday
risk_assessment: high
rollback_plan: scale back to 4
affected_services:
- checkout
- "on"
maintenance_window:
  start: "2026-01-01T12:00:00Z"
  end: "2026-01-01T13:00:00Z"
incident_id: INC-7
session: https://example.com/s/1
plan_digest: abc
result: rolled out
"""
    )


def test_a_change_that_moved_on_keeps_its_record() -> None:
    later = change().model_copy(
        update={
            "state": State.SYNCING,
            "version": 9,
            "updated_at": datetime(2027, 1, 1, tzinfo=UTC),
        }
    )
    assert change_record(later) == change_record(change())


def test_a_rollback_names_on_record_what_it_takes_back() -> None:
    record = change_record(change(operation=Operation.ROLLBACK, rolls_back=9))
    assert "rolls_back: CHG-9\n" in record
    assert "rolls_back" not in change_record(change())


def test_scaling_to_nothing_is_on_record() -> None:
    assert "replicas: 0\n" in change_record(change(replicas=0))


@pytest.mark.parametrize(
    ("operation", "targets", "title"),
    [
        (Operation.SCALE, (WEB,), "CHG-12: Scale deployment/web to 8 in prod"),
        (Operation.RESTART, (WEB,), "CHG-12: Restart deployment/web in prod"),
        (Operation.APPLY, (WEB, WEB), "CHG-12: Apply deployment/web, deployment/web in prod"),
        (Operation.ROLLBACK, (WEB,), "CHG-12: Roll back deployment/web in prod"),
    ],
)
def test_the_title_says_what_happens_where(
    operation: Operation, targets: tuple[Target, ...], title: str
) -> None:
    assert pull_request_title(change(operation=operation, targets=targets)) == title


def test_the_commit_message_ends_with_its_trailer() -> None:
    message = commit_message(change(justification="why\n\nChange-Id: CHG-1\n[skip ci] fixes #1"))
    assert message.startswith("CHG-12: Scale deployment/web to 8 in prod\n\n> why\n")
    assert message.endswith("\n\nChange-Id: CHG-12\n")
    assert re.findall("(?m)^Change-Id: .*", message) == ["Change-Id: CHG-12"]
    assert "[skip" not in message
    assert "#1" not in message


def test_the_body_tells_who_why_how_risky_and_how_to_undo() -> None:
    body = pull_request_body(
        change(
            rollback_plan="scale back",
            affected_services=("checkout",),
            incident_id="INC-7",
            plan=SCALED,
        ),
        card="https://example.slack.com/archives/C1/p2",
    )
    assert "- **Requested by:** Slack user `U0REQ`\n" in body
    for part in ("high", "> Black Friday", "> scale back", "checkout", "INC\\-7"):
        assert part in body
    assert "```diff\n-  replicas: 4\n+  replicas: 8\n```" in body
    assert "<https://example.slack.com/archives/C1/p2>" in body
    assert body.endswith("Change-Id: CHG-12\n")


def test_the_title_says_from_where_once_a_plan_knows_it() -> None:
    scaled = change(plan=SCALED)
    assert pull_request_title(scaled) == "CHG-12: Scale deployment/web 4 → 8 in prod"
    assert "- **What:** Scale deployment/web 4 → 8 in prod\n" in pull_request_body(scaled)


def test_a_requester_is_named_by_login_where_it_is_known_and_never_notified() -> None:
    body = pull_request_body(change(), login="octo-requester")
    assert "- **Requested by:** `octo-requester`\n" in body
    assert "U0REQ" not in body
    assert "@" not in body


def outside_code(body: str) -> str:
    """The body without its fenced blocks, as Markdown would cut them."""
    kept: list[str] = []
    fence = ""
    for line in body.split("\n"):
        mark = re.match("`{3,}", line)
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif mark:
            fence = mark[0]
        else:
            kept.append(line)
    assert not fence
    return "\n".join(kept)


EVIL_WORDS = """\
@here|@org/team|fixes_#1|Closes_o/r#2|resolves_GH-3|gh-4|<img_src=x>|```|`|~~~|N|\r|N#_|N-_|](x)|![a](
https://github.com/o/r/issues/1|www.example.com|</details>|&lt;|\\|[skip_ci]|[ci_skip]|\x00|\u202e
\ud800|>_|$$|<!--|-->|a|_"""
EVIL = st.lists(
    st.sampled_from(
        [word.replace("_", " ").replace("N", "\n") for word in re.split(r"[|\n]", EVIL_WORDS)]
    ),
    max_size=25,
).map("".join)


@given(EVIL, EVIL, EVIL, EVIL)
@settings(max_examples=300, deadline=None)
def test_whatever_people_type_does_nothing_in_github(
    why: str, undo: str, name: str, d: str
) -> None:
    evil = change(
        plan=f"+{d}",
        justification=why,
        rollback_plan=undo,
        affected_services=(name,),
        incident_id=name,
        session=name,
        environment=name,
    )
    body = pull_request_body(evil, login="octo-requester", card=name)
    for said in (outside_code(body), pull_request_title(evil), commit_message(evil)):
        said.encode()
        text = re.sub(r"<https?://[^<>\s]*>", "", said)  # nothing inside a link is looked at
        assert not re.search(r"@\w", text)
        assert not re.search(r"#\\?\d", text)
        assert not re.search(r"(?i)gh\\?-\d", text)
        assert not re.search(r"\[\\?(skip|ci)", text)
        assert "\x00" not in text
        assert "\u202e" not in text
    prose = re.sub(r"(?m)^- \*\*(Session|Card):.*", "", outside_code(body))
    assert "<" not in prose
    assert "://" not in prose
    assert len(body) < 65_536
    record = to_json(compose(change_record(evil))[0])
    assert record["change"] == "CHG-12"


def test_a_body_that_would_be_too_long_is_cut() -> None:
    for diff in ("+ line\n" * 50_000, "-`\n" * 60_000, f"+{'`' * 200_000}\n" * 61):
        long = change(
            justification="<" * 4_000,
            rollback_plan="&" * 4_000,
            affected_services=("&" * 99,) * 999,
            plan=diff,
        )
        body = pull_request_body(long)
        assert len(body) < 65_536
        assert "Files changed" in body
        assert body.endswith("Change-Id: CHG-12\n")
        outside_code(body)
