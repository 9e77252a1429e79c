"""Cards of a direct change at each point of its way, and the longest that people can type."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from chatbot.domain.card import Card
from chatbot.domain.change import (
    Change,
    FieldConflict,
    ObjectAction,
    Operation,
    Plan,
    PlannedObject,
    RolledBack,
    SnapshotEntry,
    Step,
    Waiting,
)
from chatbot.domain.change import Failure as Failed
from chatbot.domain.emergency import Criterion
from chatbot.domain.environment import (
    ENVIRONMENT_CLASSES,
    Environment,
    EnvironmentClass,
)
from chatbot.domain.lifecycle import State
from chatbot.domain.pull_request import PullRequest, PullRequestState
from tests.support import reviews
from tests.support.builders import NOW, change, change_request, target
from tests.support.freezes import freeze

DIGEST = "d" * 64

DIFF = """\
--- live
+++ wanted
@@ -4,9 +4,9 @@
   name: web
   namespace: shop
 spec:
-  replicas: 2
+  replicas: 3
   selector:
     matchLabels:
       app: web"""

POD = (
    'deployment/web: Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas '
    "have been updated...\nPod web-7d4b9c-x2x7q: ImagePullBackOff: Back-off pulling image "
    '"registry.example/web:2"'
)


def environment(class_: EnvironmentClass = EnvironmentClass.TEST, **fields: Any) -> Environment:
    """An environment that is called like its class, with the class's own rules."""
    name = class_.value
    defaults: dict[str, Any] = {
        "name": name,
        "class_": class_,
        "rules": ENVIRONMENT_CLASSES[class_],
        "path": f"environments/{name}",
        "context": name,
        "emergency_context": name,
        "channel": f"#{name}-changes",
    }
    return Environment(**{**defaults, **fields})


ENVIRONMENTS = {class_.value: environment(class_) for class_ in EnvironmentClass}


def opened(place: Environment) -> Environment:
    """As the file may say it: changes apply directly, whatever the class."""
    rules = place.rules.model_copy(update={"auto_apply": True})
    return place.model_copy(update={"rules": rules})


DIRECT_ENVIRONMENTS = {name: opened(place) for name, place in ENVIRONMENTS.items()}


def plan(**fields: Any) -> Plan:
    """Two pods become three."""
    planned = PlannedObject(
        target=target(), action=ObjectAction.CHANGE, diff=DIFF, resource_version="1"
    )
    return Plan(**{"objects": (planned,), "digest": DIGEST, **fields})


def pull_request(**fields: Any) -> PullRequest:
    """An open one."""
    defaults: dict[str, Any] = {
        "number": 214,
        "url": "https://github.example/acme/cluster-config/pull/214",
        "branch": "mcp-ocs/change-chg-12",
        "head_sha": "a" * 40,
        "state": PullRequestState.OPEN,
    }
    return PullRequest(**{**defaults, **fields})


MERGED = pull_request(state=PullRequestState.MERGED, merge_sha="3f2a91c" + "0" * 33)
SNAPSHOT = (SnapshotEntry(target=target(), manifest={"kind": "Deployment"}),)

ROLLBACK = change_request(
    operation=Operation.ROLLBACK,
    environment="test",
    replicas=None,
    rolls_back=12,
    justification="Rolls back CHG-12: checkout fails for every tenth visitor.",
    rollback_plan="Roll this one back in turn; CHG-12 is there again then.",
)
GOES = PlannedObject(
    target=target(),
    action=ObjectAction.DELETE,
    diff="--- live\n+++ wanted\n@@ -1,2 +0,0 @@\n-kind: Deployment\n-replicas: 2",
    resource_version="1",
)


def failure(sentence: str = POD, remedy: str = "") -> Failed:
    """The cluster's own words."""
    return Failed(sentence=sentence, remedy=remedy, at=NOW + timedelta(minutes=6))


def waiting(reason: str) -> Waiting:
    """Since five minutes after the request."""
    return Waiting(reason=reason, since=NOW + timedelta(minutes=5))


def steps(*states: State) -> tuple[Step, ...]:
    """One a minute."""
    return tuple(
        Step(name=state.value, at=NOW + timedelta(minutes=minute))
        for minute, state in enumerate(states, start=1)
    )


def direct(*states: State, number: int = 12, **progress: Any) -> Change:
    """A change in `test` that went through `states` and is in the last one. It has what is known by
    then: a plan from the first step on, a snapshot from the apply on."""
    fields: dict[str, Any] = {"steps": steps(*states)}
    if states:
        fields["plan"] = plan()
    if State.APPLYING in states:
        fields |= {"confirmed_digest": DIGEST, "started_digest": DIGEST, "snapshot": SNAPSHOT}
    if State.VALIDATING in states:
        fields["applied_at"] = NOW + timedelta(minutes=3)
    merged = {**fields, **progress}
    request = merged.pop("request", change_request(environment="test"))
    due_at = merged.pop("due_at", None)
    return change(
        number=number,
        request=request,
        state=states[-1] if states else State.REQUESTED,
        progress=change().progress.model_copy(update=merged),
        updated_at=NOW + timedelta(minutes=len(states)),
        due_at=due_at,
    )


CONFIRM = (State.AWAITING_CONFIRMATION,)
APPLY = (*CONFIRM, State.APPLYING)
ROLL_OUT = (*APPLY, State.VALIDATING)
RECONCILE = (*ROLL_OUT, State.RECONCILING)
ASK = (*RECONCILE, State.PR_OPEN)
COMPARE = (*ASK, State.RECONCILING)
DONE = (*COMPARE, State.COMPLETED)
BACK = (*ROLL_OUT, State.ROLLING_BACK)

CONFLICTS = (
    FieldConflict(target=target(), field=".spec.replicas", manager="kustomize-controller"),
)
_AUTOSCALER = (
    "HorizontalPodAutoscaler web scales deployment/web and would undo this. Change its "
    "minReplicas and maxReplicas instead, or go on if you know why."
)
AUTOSCALED = (_AUTOSCALER,)
DENIED = failure('deployments.apps "web" is forbidden: exceeded quota: compute', "Ask for quota.")
CLOSED = failure(
    "Pull request #214 was closed without a merge, so the cluster has something that Git does not.",
    "Open it again, or undo the change in the cluster.",
)


def ways() -> dict[str, Change]:
    """A change at each point of the direct path, by the name of its golden."""
    return {
        "requested": direct(due_at=NOW),
        "blocked": direct(State.BLOCKED, plan=None, failure=DENIED),
        "awaiting_confirmation": direct(*CONFIRM),
        "awaiting_confirmation_conflicts": direct(*CONFIRM, plan=plan(conflicts=CONFLICTS)),
        "awaiting_confirmation_autoscaler": direct(*CONFIRM, plan=plan(warnings=AUTOSCALED)),
        "applying": direct(*APPLY, due_at=NOW),
        "applying_behind": direct(
            *APPLY,
            started_digest="",
            snapshot=None,
            due_at=NOW,
            waiting=waiting("behind CHG-9, which has the same objects in hand"),
        ),
        "validating": direct(
            *ROLL_OUT,
            due_at=NOW,
            rollout=('Waiting for deployment "web" rollout to finish: 1 of 3 …',),
        ),
        "reconciling": direct(*RECONCILE, due_at=NOW),
        "reconciling_git_is_down": direct(
            *RECONCILE, due_at=NOW, waiting=waiting("GitHub does not answer (503)")
        ),
        "pr_open": direct(*ASK, pull_request=pull_request()),
        "pr_closed": direct(*COMPARE, pull_request=pull_request(), failure=CLOSED, divergence=DIFF),
        "completed": direct(*DONE, pull_request=MERGED),
        "completed_rollback_asked_for": direct(
            *DONE, pull_request=MERGED, rolled_back=RolledBack(by=31)
        ),
        "completed_rolled_back_since": direct(
            *DONE, pull_request=MERGED, rolled_back=RolledBack(by=31, done=True)
        ),
        "cancelled": direct(*CONFIRM, State.CANCELLED),
        "expired": direct(*CONFIRM, State.EXPIRED),
        "failed": direct(*ROLL_OUT, State.FAILED, failure=failure()),
        "failed_before_the_apply": direct(*APPLY, State.FAILED, snapshot=None, failure=DENIED),
        "rolling_back": direct(*BACK, failure=failure(), due_at=NOW),
        "rolling_back_stuck": direct(*BACK, failure=DENIED),
        "rolled_back": direct(*BACK, State.ROLLED_BACK, failure=failure()),
        "rolled_back_as_asked": direct(*ASK, State.ROLLING_BACK, State.ROLLED_BACK),
    }


def rollback(*states: State, **progress: Any) -> Change:
    """CHG-31, which takes CHG-12 back and deletes what that made."""
    fields = {"number": 31, "request": ROLLBACK, "plan": plan(objects=(GOES,)), **progress}
    return direct(*states, **fields)


def card(shown: Change, **environment_fields: Any) -> Card:
    """The card of a change in `test`."""
    return Card(change=shown, environment=environment(**environment_fields))


def frozen(name: str) -> Card:
    """The card of one of `ways`, while `test` is frozen for another hour."""
    return Card(change=ways()[name], environment=environment(), freeze=freeze())


def longest_texts() -> Iterator[str]:
    """What Slack lets people type at most, in the ways that grow or break most."""
    for unit in (
        "&",
        "<",
        "`",
        "\n",
        "🔥",
        "é",
        "x",
        "a ",
        "``` ",
        "&amp;",
        "<!channel> ",
        "\u202e",
    ):
        yield (unit * 3_000)[:3_000]


def longest(text: str) -> Change:
    """Every typed field of that text, fifty objects with the longest names, and such a diff."""
    targets = tuple(
        target(f"{number:03}{'n' * 250}", kind="K" * 63, namespace=f"{number:02}{'s' * 61}")
        for number in range(50)
    )
    diff = "--- live\n+++ wanted\n@@ -1 +1 @@\n" + f"+{text}\n"
    request = change_request(
        operation=Operation.APPLY,
        environment="t" * 63,
        namespace="",
        targets=targets,
        replicas=None,
        manifest=text,
        manifest_ref=text,
        justification=text,
        rollback_plan=text,
        affected_services=(text,) * 50,
        incident_id=text,
        session=f"https://{text}"[:3_000],
        blast_radius=text,
        criterion=Criterion.REGULATORY_VIOLATION,
    )
    return direct(
        *ASK,
        number=2_147_483_647,
        request=request,
        plan=plan(
            objects=tuple(
                PlannedObject(
                    target=each, action=ObjectAction.CHANGE, diff=diff, resource_version="1"
                )
                for each in targets
            ),
            conflicts=tuple(
                FieldConflict(target=each, field=text, manager=text) for each in targets
            ),
            warnings=(text,) * 50,
        ),
        rollout=(text,) * 50,
        bypassed=tuple(f"Policy denies {text}"[:300] for _ in range(30)),
        review=reviews.longest(text),
        divergence=diff,
        failure=failure(text * 10, text),
        pull_request=pull_request(url=f"https://{text}"[:3_000], merge_sha="f" * 40),
    )
