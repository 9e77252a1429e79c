from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.domain.argocd import PAUSED_BY, REFRESH, Application, read_application
from chatbot.domain.argocd_pause import (
    Paused,
    Restored,
    concerns,
    look,
    pause,
    restore,
    why_not_synced,
)
from chatbot.domain.errors import Conflict
from tests.support import builders

UNTIL = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SETTING = {"prune": True, "selfHeal": True}


def _application(automated: Any = None, mark: str = "", **status: Any) -> Application:
    policy = {} if automated is None else {"automated": automated}
    metadata = {"name": "prod", "annotations": {PAUSED_BY: mark} if mark else {}}
    return read_application(
        {"metadata": metadata, "spec": {"syncPolicy": policy}, "status": status}
    )


def _after(patch: dict[str, Any]) -> Application:
    mark = patch["metadata"]["annotations"][PAUSED_BY]
    return _application(patch.get("spec", {}).get("syncPolicy", {}).get("automated"), mark or "")


def test_an_emergency_takes_a_pause_over_with_the_setting_from_before_the_first() -> None:
    first = _after(pause(_application(SETTING), "CHG-1", UNTIL)[1])
    outcome, patch = pause(first, "CHG-2", UNTIL, takeover=True)
    taken = _after(patch)
    assert outcome is Paused.PAUSED
    assert taken.paused_by is not None
    assert (taken.paused_by.change, taken.paused_by.automated) == ("CHG-2", SETTING)
    assert restore(taken, "CHG-1") == (Restored.TAKEN_OVER, {})
    assert restore(taken, "CHG-2")[1]["spec"]["syncPolicy"]["automated"] == SETTING


def test_what_somebody_turned_on_again_under_anothers_pause_is_what_comes_back() -> None:
    mark = _after(pause(_application(SETTING), "CHG-1", UNTIL)[1]).paused_by
    assert mark is not None
    turned_on = _application({"prune": False}, mark.to_annotation())
    _, patch = pause(turned_on, "CHG-2", UNTIL, takeover=True)
    assert patch["spec"]["syncPolicy"]["automated"] is None
    taken = _after(patch).paused_by
    assert taken is not None
    assert taken.automated == {"prune": False}


def test_without_takeover_another_changes_pause_stays() -> None:
    first = _after(pause(_application(SETTING), "CHG-1", UNTIL)[1])
    with pytest.raises(Conflict, match="is paused by CHG-1, not by CHG-2"):
        pause(first, "CHG-2", UNTIL)


def test_a_mark_that_is_not_ours_is_nobodys_to_take() -> None:
    with pytest.raises(Conflict, match="not Redlight's"):
        pause(_application(mark="mine"), "CHG-2", UNTIL, takeover=True)
    with pytest.raises(Conflict, match="not Redlight's"):
        restore(_application(mark="mine"), "CHG-2")


def test_an_application_is_concerned_when_it_has_the_object_or_does_not_say() -> None:
    web = builders.target()
    row = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"}
    assert concerns(_application(resources=[row]), [web])
    assert not concerns(_application(resources=[{**row, "name": "api"}]), [web])
    assert concerns(_application(), [web])


def test_a_look_is_asked_for_once_and_not_when_argo_cd_has_looked() -> None:
    looked = {"sync": {"status": "Synced"}, "reconciledAt": UNTIL.isoformat()}
    later = UNTIL + timedelta(seconds=1)
    assert look(_application(SETTING, **looked), UNTIL + timedelta(milliseconds=9)) == {}
    asked = look(_application(SETTING, **looked), later)
    assert asked == {"metadata": {"annotations": {REFRESH: "normal"}}}
    waiting = read_application({**asked, "status": looked})
    assert (waiting.asked_to_look, look(waiting, later)) == (True, {})


def test_synced_counts_unpaused_and_looked_at_since() -> None:
    synced = {"sync": {"status": "Synced"}, "reconciledAt": UNTIL.isoformat()}
    assert why_not_synced(_application(SETTING, **synced), UNTIL) == ""
    late = why_not_synced(_application(SETTING, **synced), UNTIL + timedelta(seconds=1))
    assert late == "Argo CD has not looked at prod since"
    out = why_not_synced(_application(sync={"status": "OutOfSync"}), UNTIL)
    assert out == "Argo CD says that prod is OutOfSync"
    paused = _after(pause(_application(SETTING), "CHG-1", UNTIL)[1])
    assert why_not_synced(paused, UNTIL) == "auto-sync of prod is still paused for CHG-1"
