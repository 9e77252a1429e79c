"""The main job, as the people who asked for it see it: live, in Git, and provable."""

import json
from typing import Any

import yaml

from chatbot.domain.change import Change
from chatbot.domain.lifecycle import State
from tests.support.world import REQUESTER, World, buttons, pull_requests

TEST = "environments/test"
DEV = "environments/dev"

CACHE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cache
  labels: {app: cache}
spec:
  replicas: 1
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
        - name: cache
          image: registry.example.com/shop/cache:7.2
---
apiVersion: v1
kind: Service
metadata:
  name: cache
spec:
  selector: {app: cache}
  ports:
    - port: 6379
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  LOG_LEVEL: debug
  DEFAULT_COUNTRY: "NO"
  CACHE_SECONDS: "0300"
  BANNER: |
    Welcome to the shop (test).

    Orders placed before 15:00 leave today.
"""


def test_a_bundle_of_three_lands_in_the_cluster_and_in_git(world: World) -> None:
    world.start()
    config, folder = (
        world.file(f"{TEST}/{path}") for path in ("shop-test/web-config.yaml", "kustomization.yaml")
    )
    change = world.request(
        "apply test",
        manifest=CACHE,
        justification="The database is asked the same thing <@U0SENIOR1> 400 times a second.",
        incident_id="INC-7",
        session="https://sessions.example.com/42",
    )
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.shows(change, "changes 1 object, creates 2")
    assert world.live("deploy/cache") == {}, "nothing is applied before somebody confirmed"
    world.click(change, "confirm_diff")
    change = world.wait(change, State.PR_OPEN)
    the_pull_request_says_all(world, change)
    world.merge(change)
    change = world.wait(change, State.COMPLETED)

    for name in ("deploy/cache", "service/cache", "configmap/web"):
        metadata = world.live(name)["metadata"]
        assert metadata["annotations"]["redlight.dev/change"] == change.id
        managers = {(row["manager"], row["operation"]) for row in metadata["managedFields"]}
        assert ("redlight", "Apply") in managers
    assert world.live("configmap/web")["data"]["LOG_LEVEL"] == "debug"
    assert world.live("deploy/cache")["status"]["readyReplicas"] == 1

    new = {f"shop-test/{kind}-cache.yaml" for kind in ("deployment", "service")}
    deployment = yaml.safe_load(world.file(f"{TEST}/shop-test/deployment-cache.yaml"))
    assert (deployment["kind"], deployment["metadata"]["namespace"]) == ("Deployment", "shop-test")
    after = world.file(f"{TEST}/kustomization.yaml")
    assert after.startswith(folder), "every line that was there stays"
    assert set(yaml.safe_load(after)["resources"]) - set(yaml.safe_load(folder)["resources"]) == new
    assert world.file(f"{TEST}/shop-test/web-config.yaml") == config.replace(
        "LOG_LEVEL: info", "LOG_LEVEL: debug"
    ), "one line changes; comments, quotes and order stay"
    assert world.file(f"{TEST}/shop-test/deployment-cache.yaml").count("\n") > 10
    everybody_was_told(world, change)
    it_can_be_proved(world, change)


def the_pull_request_says_all(world: World, change: Change) -> None:
    [pull] = pull_requests(world)
    assert pull.head.ref == f"mcp-ocs/change-{change.id.lower()}"
    assert [label.name for label in pull.labels] == ["redlight"]
    assert (pull.commits, pull.state) == (1, "open")
    [commit] = pull.get_commits()
    assert commit.commit.message.endswith(f"\n\nChange-Id: {change.id}")
    for part in (
        "400 times a second",
        "medium",
        "INC\\-7",
        "sessions.example.com/42",
        "+  LOG_LEVEL: debug",
        "**Requested by:** `octo-requester`",
    ):
        assert part in pull.body, part
    assert "@U0SENIOR1" not in pull.body + commit.commit.message, "nobody is mentioned at GitHub"
    assert {file.filename for file in pull.get_files()} == {
        f"{TEST}/kustomization.yaml",
        f"{TEST}/shop-test/deployment-cache.yaml",
        f"{TEST}/shop-test/service-cache.yaml",
        f"{TEST}/shop-test/web-config.yaml",
        f"mcp-ocs/changes/{change.id}.yaml",
    }


def everybody_was_told(world: World, change: Change) -> None:
    world.tells(change, f"<@{REQUESTER}>", "confirmed", "took it", "ollout", "merged", "Done")
    assert len(world.story(change)) == len(set(world.story(change))), "nothing is told twice"
    card = world.card(change)
    assert buttons(card) == [], "nothing is left to do"
    [message] = world.until(lambda: world.slack.direct_messages(REQUESTER))
    assert change.id in message["text"]


def it_can_be_proved(world: World, change: Change) -> None:
    """The record in Git, and the audit log by the product's own commands."""
    record = yaml.safe_load(world.file(f"mcp-ocs/changes/{change.id}.yaml"))
    assert (record["change"], record["requester"]) == (change.id, REQUESTER)
    assert record["plan_digest"] == change.progress.confirmed_digest
    assert len(record["targets"]) == 3
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    assert [branch.name for branch in world.repo.get_branches()] == ["main"]

    verified = world.redlight("audit", "verify")
    assert (verified.returncode, "holds" in verified.stdout) == (0, True)
    exported = world.redlight("audit", "export", change.id)
    story: dict[str, Any] = json.loads(exported.stdout)
    assert exported.returncode == 0
    kinds = [event["entry"]["kind"] for event in story["events"]]
    assert kinds == [
        "change.requested",
        "change.planned",
        "change.confirmed",
        "snapshot.taken",
        "change.applied",
        "rollout.finished",
        "branch.based",
        "pull_request.opened",
        "pull_request.merged",
        "change.completed",
    ]
    assert world.redlight("audit", "export", "CHG-99").returncode == 1
    assert world.redlight("audit", "export", "sausage").returncode == 2
    world.kill()
    world.tamper("UPDATE audit SET actor = 'U0SENIOR1' WHERE kind = 'change.confirmed'")
    broken = world.redlight("audit", "verify")
    assert (broken.returncode, "event 3" in broken.stdout) == (1, True)


def test_a_scale_lands_in_the_cluster_and_in_git(world: World) -> None:
    world.start()
    before = world.file(f"{TEST}/shop-test/web.yaml")
    change = world.request("scale test deploy/web 5")
    world.wait(change, State.AWAITING_CONFIRMATION)
    world.click(change, "confirm_diff")
    world.wait(change, State.PR_OPEN)
    assert world.live("deploy/web")["spec"]["replicas"] == 5
    world.merge(change)
    world.wait(change, State.COMPLETED)

    after = world.file(f"{TEST}/shop-test/web.yaml")
    assert after == before.replace("replicas: 2  # two", "replicas: 5  # two")
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    assert world.store.check_audit().reason == ""


def test_dev_restarts_without_a_question_and_merges_by_itself(world: World) -> None:
    world.start()
    before = world.file(f"{DEV}/shop-dev/web.yaml")
    change = world.request("restart dev deploy/web")
    change = world.wait(change, State.COMPLETED)

    at = change.progress.restarted_at
    annotation = "kubectl.kubernetes.io/restartedAt"
    template = world.live("deploy/web", "shop-dev")["spec"]["template"]
    assert template["metadata"]["annotations"][annotation] == at
    after = world.file(f"{DEV}/shop-dev/web.yaml")
    [added] = [line for line in after.splitlines() if line not in before.splitlines()]
    assert annotation in added
    assert at in added
    assert after.replace(f"{added}\n", "") == before, "exactly one line is added"
    [pull] = pull_requests(world)
    assert (pull.merged, pull.commits) == (True, 1)
    assert "change.confirmed" not in world.events(change)
    assert world.store.check_audit().reason == ""


def test_a_manifest_can_come_from_a_branch_or_a_pull_request(world: World) -> None:
    world.start()
    path = f"{DEV}/shop-dev/web-config.yaml"
    world.push("quieter", path, world.file(path).replace("LOG_LEVEL: debug", "LOG_LEVEL: warning"))
    number = world.repo.create_pull(base="main", head="quieter", title="Quieter").number

    change = world.request("apply dev", manifest_ref=f"#{number}")
    world.wait(change, State.COMPLETED)
    assert world.live("configmap/web", "shop-dev")["data"]["LOG_LEVEL"] == "warning"
    record = yaml.safe_load(world.file(f"mcp-ocs/changes/{change.id}.yaml"))
    assert record["manifest_ref"].startswith(f"#{number} at ")

    said = world.submit("apply dev", manifest_ref="no-such-branch").errors
    assert list(said) == ["manifest_ref"]
