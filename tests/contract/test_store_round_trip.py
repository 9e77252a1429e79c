"""Whatever a change holds, the store gives it back as it was."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.adapters.sqlite import SqliteStore
from chatbot.domain.change import (
    Change,
    ChangeRequest,
    Failure,
    FieldConflict,
    MessageRef,
    Operation,
    Path,
    Plan,
    PlannedObject,
    Progress,
    RiskLevel,
    SnapshotEntry,
    Step,
    Target,
    TimeWindow,
    Waiting,
)
from chatbot.domain.lifecycle import State
from chatbot.domain.notice import Audience, Notice
from chatbot.domain.pull_request import PullRequest
from tests.support import builders
from tests.support.strategies import json_values, short_text, times


def _some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=2).map(tuple)


_targets = st.builds(
    Target, api_version=short_text, kind=short_text, namespace=short_text, name=short_text
)
_windows = st.builds(
    lambda start, length: TimeWindow(start=start, end=start + length),
    times,
    st.timedeltas(timedelta(microseconds=1), timedelta(days=900)),
)
_requests = st.builds(
    ChangeRequest,
    operation=st.sampled_from(Operation),
    environment=short_text,
    namespace=short_text,
    targets=_some(_targets),
    manifest=st.none() | st.text(),
    manifest_ref=st.none() | short_text,
    replicas=st.none() | st.integers(),
    justification=st.text(),
    risk_assessment=st.sampled_from(RiskLevel),
    rollback_plan=short_text,
    affected_services=_some(short_text),
    maintenance_window=st.none() | _windows,
    incident_id=short_text,
    session=short_text,
)
_conflicts = st.builds(FieldConflict, target=_targets, field=short_text, manager=short_text)
_plans = st.builds(
    Plan,
    objects=_some(st.builds(PlannedObject, target=_targets, diff=short_text)),
    conflicts=_some(_conflicts),
    warnings=_some(short_text),
    digest=short_text,
)
_manifests = st.none() | st.dictionaries(short_text, json_values, max_size=3)
_snapshots = _some(st.builds(SnapshotEntry, target=_targets, manifest=_manifests))
_progress = st.builds(
    Progress,
    plan=st.none() | _plans,
    confirmed_digest=short_text,
    force=st.booleans(),
    snapshot=st.none() | _snapshots,
    restarted_at=short_text,
    applied_at=st.none() | times,
    rollout=_some(short_text),
    pull_request=st.none() | st.builds(PullRequest),
    divergence=short_text,
    steps=_some(st.builds(Step, name=short_text, at=times)),
    failure=st.none() | st.builds(Failure, sentence=short_text, at=times),
    waiting=st.none() | st.builds(Waiting, reason=short_text, since=times),
)
_thorough = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@_thorough
@given(request=_requests, path=st.sampled_from(Path), requester=short_text, at=times)
def test_a_request_comes_back_as_it_was_made(
    store: SqliteStore, request: ChangeRequest, path: Path, requester: str, at: Any
) -> None:
    new = builders.new_change(request, path=path, requester=requester)
    made = store.create_change(new, builders.entry(at=at))
    assert (made.request, made.path, made.requester) == (request, path, requester)
    assert made.created_at == at
    assert store.change(made.number) == made
    assert made in store.changes(requester=requester, limit=1)


@_thorough
@given(
    state=st.sampled_from(State),
    progress=_progress,
    updated_at=times,
    due_at=st.none() | times,
    attempts=st.integers(0, 2**31),
)
def test_a_save_comes_back_as_it_was_written(store: SqliteStore, **fields: Any) -> None:
    made = store.create_change(builders.new_change(), builders.entry())
    moved = made.model_copy(update=fields)
    saved = store.save(moved, [])
    assert saved == moved.model_copy(update={"version": made.version + 1})
    assert store.change(made.number) == saved
    assert Change.model_validate_json(saved.model_dump_json()) == saved


@_thorough
@given(
    notices=st.lists(
        st.builds(Notice, key=short_text, audience=st.sampled_from(Audience), text=st.text()),
        max_size=4,
        unique_by=lambda notice: notice.key,
    ),
    message=st.builds(MessageRef, channel=short_text, ts=short_text),
)
def test_notices_and_card_come_back_as_they_were_written(
    store: SqliteStore, notices: list[Notice], message: MessageRef
) -> None:
    made = store.create_change(builders.new_change(), builders.entry(), notices)
    assert [delivery.notice for delivery in store.pending_notices(made.number)] == notices
    store.card_shown(made.number, message, made.version)
    assert store.card(made.number).message == message
