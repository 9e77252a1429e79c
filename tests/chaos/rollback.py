"""The ways back: what fails after its merge is taken back by itself, what is done when somebody
asks for it. An apply that fails in the cluster is played with the direct path."""

from dataclasses import replace

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.direct import DIRECT
from tests.chaos.gitops import FORM, GITOPS, synced
from tests.chaos.person import press
from tests.chaos.scenario import Scenario, as_before, live, paid_back, taken_back, web_file
from tests.support.argocd_world import sync_status
from tests.support.proxy import Call
from tests.support.world import OTHER_SENIOR, SENIOR, World

_WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop-staging
  labels: {app: web, tier: "front"}
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web, tier: "front"}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop/web:1.9.0-broken-ROUND
          resources: {requests: {cpu: 500m, memory: 256Mi}, limits: {memory: 512Mi}}
"""


def _healthy_again(world: World, change: Change, number: int) -> None:
    web = live(world, "staging", "deploy", "web")
    image = web["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image in world.file(web_file("staging"))
    assert "broken" not in image
    assert sync_status(world, "staging") == "Synced"


def _synced_as_before(world: World, change: Change, number: int) -> None:
    as_before(world, change, number)
    synced(world, change, number)


_APPROVED = {State.AWAITING_APPROVAL: press("approve", SENIOR)}
_STAGING = replace(
    GITOPS[0], name="staging", environment="staging", command="scale staging deploy/web {replicas}"
)

ROLLBACK = (
    Scenario(
        "taken back",
        matrix="rollback",
        environment="staging",
        command="apply staging",
        form=FORM,
        manifest=_WEB,
        deeds={**_APPROVED, State.HELD: press("release_hold", OTHER_SENIOR)},
        ends=State.ROLLED_BACK,
        effects=("forge DELETE git/refs/heads/{branch}-revert",),
        also=(
            Call("forge POST git/trees", 2),
            Call("forge POST git/commits", 2),
            Call("forge POST git/refs", 2),
            Call("forge POST pulls", 2),
            Call("forge POST statuses/{sha}", 2),
            Call("forge PUT pulls/{n}/merge", 2),
            Call("cluster PATCH applications", 2),
            Call("slack ack block_actions", 2),
            Call("forge DELETE git/refs/heads/{branch}-revert", 2),
        ),
        brief=True,
        objects=_healthy_again,
        git=taken_back,
    ),
    Scenario(
        "rollback of a scale",
        matrix="rollback",
        environment="dev",
        command="rollback {original}",
        ends=State.COMPLETED,
        also=(
            Call("cluster PATCH deployments", 1),
            Call("forge POST git/commits", 1),
            Call("slack chat.postMessage thread", 1),
        ),
        before=DIRECT[0],
        objects=as_before,
        git=paid_back,
    ),
    Scenario(
        "rollback of a release",
        matrix="rollback",
        environment="staging",
        command="rollback {original}",
        deeds=_APPROVED,
        ends=State.COMPLETED,
        before=_STAGING,
        objects=_synced_as_before,
        git=paid_back,
    ),
)
