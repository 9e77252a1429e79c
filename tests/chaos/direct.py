"""The direct path: dev and test, the cluster first and Git after it."""

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.chaos.person import merge
from tests.chaos.scenario import CONFIRM, Scenario, live, not_asked, paid_back, scaled, web_file
from tests.support.world import World


def _applied(world: World, change: Change, number: int) -> None:
    web = live(world, "test", "deploy", "web")
    image = f"registry.example.com/shop/web:1.9.{number}"
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == image
    assert live(world, "test", "service", "web")["metadata"]["labels"] == {"round": f"r{number}"}
    flags = live(world, "test", "configmap", f"flags-{number}")
    assert flags["data"] == {"round": f"r{number}"}
    for thing in (web, flags):
        assert thing["metadata"]["annotations"]["redlight.dev/change"] == change.id
    text = world.file(web_file("test"))
    assert image in text
    assert f"round: r{number}" in text
    added = f"configmap-flags-{number}.yaml"
    assert f"round: r{number}" in world.file(f"environments/test/shop-test/{added}")
    assert world.file("environments/test/kustomization.yaml").count(added) == 1


def _restarted(world: World, change: Change, number: int) -> None:
    at = world.change(change).progress.restarted_at
    web = live(world, "dev", "deploy", "api")
    annotations = web["spec"]["template"]["metadata"]["annotations"]
    assert annotations["kubectl.kubernetes.io/restartedAt"] == at
    assert world.file("environments/dev/shop-dev/api.yaml").count(at) == 1


def _put_back(world: World, change: Change, number: int) -> None:
    web = live(world, "test", "deploy", "web")
    image = web["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image in world.file(web_file("test"))
    assert web["metadata"]["annotations"]["redlight.dev/change"] == change.id
    assert not world.live(f"configmap/flags-{number}")


_WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop-test
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
          image: registry.example.com/shop/web:TAG
          ports: [{name: http, containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 5
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: flags-ROUND
  namespace: shop-test
data:
  round: rROUND
"""

_SERVICE = """\
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop-test
  labels:
    round: rROUND
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
"""

DIRECT = (
    Scenario(
        "scale",
        environment="dev",
        command="scale dev deploy/web {replicas}",
        ends=State.COMPLETED,
        effects=(
            "cluster PATCH deployments/scale",
            "forge DELETE git/refs/heads/{branch}",
            "forge PUT pulls/{n}/merge",
            "slack ack slash_commands",
            "slack ack view_submission",
            "slack chat.postMessage card",
            "slack chat.postMessage direct",
            "slack chat.postMessage thread",
            "slack chat.update",
            "slack conversations.open",
            "slack views.open",
        ),
        objects=scaled,
        git=paid_back,
        sampled=True,
    ),
    Scenario(
        "apply",
        environment="test",
        command="apply test",
        manifest=_WEB.replace("TAG", "1.9.ROUND") + _SERVICE,
        ends=State.COMPLETED,
        effects=(
            "cluster APPLY configmaps",
            "cluster APPLY deployments",
            "cluster APPLY services",
            "forge POST git/commits",
            "forge POST git/refs",
            "forge POST git/trees",
            "forge POST issues/{n}/labels",
            "forge POST pulls",
            "slack ack block_actions",
        ),
        deeds={**CONFIRM, State.PR_OPEN: merge},
        objects=_applied,
        git=paid_back,
    ),
    Scenario(
        "restart",
        environment="dev",
        command="restart dev deploy/api",
        ends=State.COMPLETED,
        effects=("cluster PATCH deployments",),  # the same call as an undo, another effect
        objects=_restarted,
        git=paid_back,
    ),
    Scenario(
        "put back",
        environment="test",
        command="apply test",
        manifest=_WEB.replace("TAG", "1.9.0-broken-ROUND"),
        ends=State.ROLLED_BACK,
        effects=("cluster DELETE configmaps", "cluster PATCH deployments"),
        objects=_put_back,
        git=not_asked,
    ),
)
