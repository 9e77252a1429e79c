"""The gitops path: staging and prod, Git first, and the cluster through Argo CD."""

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from sandbox.world import GITOPS as DEPLOYED
from tests.chaos.direct import live
from tests.chaos.person import press
from tests.chaos.scenario import WHY, Scenario, paid_back, replicas
from tests.chaos.stage import Setting
from tests.support.argocd_world import application
from tests.support.world import SENIOR, World

_WHY = {**WHY, "rollback_plan": "Scale back.", "affected_services": "shop"}
_SETTING = Setting("gitops", deployed=DEPLOYED)


def _scaled(world: World, change: Change, number: int) -> None:
    assert live(world, "shop-prod", "deploy", "web")["spec"]["replicas"] == replicas(number)
    assert f"replicas: {replicas(number)}" in world.file("environments/prod/shop-prod/web.yaml")
    [pull] = [each for each in world.repo.get_pulls(state="all") if each.head.ref == change.branch]
    operation = application(world, "prod")["status"]["operationState"]["operation"]
    assert operation["sync"]["revision"] == pull.merge_commit_sha
    assert [entry["value"] for entry in operation["info"]] == [change.id]
    assert len(list(pull.get_issue_comments())) == 1


GITOPS = (
    Scenario(
        "prod",
        matrix="gitops",
        setting=_SETTING,
        environment="prod",
        command="scale prod deploy/web {replicas}",
        form=_WHY,
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
