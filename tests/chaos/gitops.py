"""The gitops path: staging and prod, Git first, and the cluster through Argo CD."""

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.person import press
from tests.chaos.scenario import WHY, Scenario, paid_back, pulls, scaled
from tests.support.argocd_world import application
from tests.support.world import SENIOR, World

FORM = {**WHY, "rollback_plan": "Scale back.", "affected_services": "shop"}


def _scaled(world: World, change: Change, number: int) -> None:
    scaled(world, change, number)
    synced(world, change, number)


def synced(world: World, change: Change, number: int) -> None:
    """Argo CD carried out one operation for it, at its merge."""
    [pull] = pulls(world, change)
    state = application(world, change.request.environment)["status"]["operationState"]
    operation = state["operation"]
    assert operation["sync"]["revision"] == pull.merge_commit_sha
    assert [entry["value"] for entry in operation["info"]] == [change.id]
    assert len(list(pull.get_issue_comments())) == 1


GITOPS = (
    Scenario(
        "prod",
        matrix="gitops",
        environment="prod",
        command="scale prod deploy/web {replicas}",
        form=FORM,
        deeds={State.AWAITING_APPROVAL: press("approve", SENIOR)},
        ends=State.COMPLETED,
        effects=(
            "cluster PATCH applications",
            "forge DELETE git/refs/heads/{branch}",
            "forge POST issues/{n}/comments",
            "forge POST pulls",
            "forge POST statuses/{sha}",
            "forge PUT pulls/{n}/merge",
            "slack ack block_actions",
            "slack chat.postMessage direct",
            "slack response_url",
        ),
        objects=_scaled,
        git=paid_back,
        sampled=True,
    ),
)
