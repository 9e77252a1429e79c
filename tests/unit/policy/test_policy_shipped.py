"""The shipped set: what docs/policy.md says it denies, it denies, and it denies nothing else."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from chatbot.adapters import rego_files
from chatbot.adapters.rego import RegoPolicies, compile_set
from chatbot.domain import policyfile, policyset
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.policy import Violation

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "policy.md"
SHIPPED = policyset.read(rego_files.shipped())
POLICIES = RegoPolicies()
_ROW = re.compile(
    r"^\| `(?P<policy>[^`]+)` \| (?P<what>.+?) \| \[passes\]\((?P<passes>[^)]+)\)"
    r" \| \[fails\]\((?P<fails>[^)]+)\) \|$",
    re.MULTILINE,
)


class Row(NamedTuple):
    policy: str
    what: str
    passes: Path
    fails: Path


ROWS = [
    Row(found["policy"], found["what"], PAGE.parent / found["passes"], PAGE.parent / found["fails"])
    for found in _ROW.finditer(PAGE.read_text())
]


def judge(*files: Path) -> list[Violation]:
    subjects = [one for file in files for one in policyfile.subjects(file.read_text(), str(file))]
    return POLICIES.judge(SHIPPED, subjects)


def denied_by(violations: list[Violation]) -> set[str]:
    return {one.policy for one in violations if one.enforcement is Enforcement.DENY}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fails.name)
def test_each_row_denies_its_failing_manifest_and_passes_the_other(row: Row) -> None:
    assert denied_by(judge(row.passes)) == set()
    assert denied_by(judge(row.fails)) == {row.policy}


def test_every_rule_that_denies_has_its_row_and_every_example_its_link() -> None:
    rules = Counter(
        {
            module.package.partition(".")[2]: len(re.findall(r"^deny\b", module.text, re.MULTILINE))
            for module in SHIPPED.modules
            if module.judges
        }
    )
    rules.update(one.policy for one in SHIPPED.constraints if one.enforcement is Enforcement.DENY)
    assert Counter(row.policy for row in ROWS) == rules
    examples = set((ROOT / "docs" / "policy-examples").iterdir())
    assert {path for row in ROWS for path in (row.passes, row.fails)} == examples


def test_the_shipped_set_compiles_and_every_policy_has_a_title_and_a_description() -> None:
    assert compile_set(SHIPPED).broken == ()
    for module in SHIPPED.modules:
        assert module.text.startswith("# METADATA\n# title: "), module.path
        assert "\n# description: " in module.text, module.path
    for one in SHIPPED.templates:
        (document,) = yaml.safe_load_all((ROOT / "policies" / one.path).read_text())
        notes = document["metadata"]["annotations"]
        assert notes["metadata.gatekeeper.sh/title"]
        assert notes["description"]


@pytest.mark.parametrize("environment", ["dev", "test", "staging", "prod"])
def test_the_repository_of_the_tour_is_let_through(environment: str) -> None:
    folder = ROOT / "sandbox" / "cluster-config" / "environments" / environment
    files = [one for one in sorted(folder.rglob("*.yaml")) if one.name != "kustomization.yaml"]
    assert denied_by(judge(*files)) == set()


def test_a_namespace_out_of_view_is_warned_about_only() -> None:
    row = next(row for row in ROWS if row.policy == "network")
    workload = [
        one
        for one in policyfile.subjects(row.fails.read_text(), "")
        if one.object["kind"] == "Deployment"
    ]
    found = POLICIES.judge(SHIPPED, workload)
    assert [(one.policy, one.enforcement) for one in found] == [("network", Enforcement.WARN)]


@pytest.mark.parametrize(
    "kind", ["Pod", "StatefulSet", "DaemonSet", "Job", "CronJob", "DeploymentConfig"]
)
def test_every_kind_that_makes_pods_is_looked_into(kind: str) -> None:
    pod = {"containers": [{"name": "c", "image": "nginx:latest"}], "hostNetwork": True}
    spec = {"template": {"spec": pod}}
    if kind == "Pod":
        spec = pod
    elif kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}
    subjects = policyfile.subjects(yaml.safe_dump(manifest), "")
    denials = denied_by(POLICIES.judge(SHIPPED, subjects))
    assert {"images", "resources", "privileged"} <= denials


def test_an_image_trigger_of_openshift_may_leave_the_image_empty() -> None:
    text = """\
apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata: {name: web, namespace: shop}
spec:
  triggers:
    - {type: ImageChange, imageChangeParams: {automatic: true, containerNames: [web]}}
  template:
    spec:
      containers:
        - name: web
          image: " "
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
"""
    assert denied_by(POLICIES.judge(SHIPPED, policyfile.subjects(text, ""))) == set()
