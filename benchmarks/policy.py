"""A run of the policies over many objects, against the bare engine on the same sources and inputs.

The bare engine is what a person would write by hand: one engine a template, made before, the
review of each object as JSON, and the rule's answer read. Ours also matches, builds the reviews,
answers for errors and makes violations of what it finds.
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import regorus

from benchmarks.measure import Row, Scale, interleaved
from chatbot.adapters.rego import RegoPolicies
from chatbot.domain import policyinput, policyset
from chatbot.domain.policy import Subject

PACKAGE = "bench"
_REGO = """
package bench

violation[{"msg": msg}] {
  container := containers[_]
  not allowed(container.image)
  msg := sprintf("container %v uses %v", [container.name, container.image])
}

violation[{"msg": msg}] {
  container := containers[_]
  wanted := input.parameters.resources[_]
  not container.resources.limits[wanted]
  msg := sprintf("container %v has no limit of %v", [container.name, wanted])
}

containers[container] { container := input.review.object.spec.template.spec.containers[_] }
containers[container] { container := input.review.object.spec.template.spec.initContainers[_] }

allowed(image) { startswith(image, input.parameters.registries[_]) }
"""
_PARAMETERS = {"registries": ["registry.example.com/"], "resources": ["memory"]}


class _Engine(Protocol):
    def set_input_json(self, document: str) -> None: ...

    def eval_rule_as_json(self, rule: str) -> str: ...


def rows(_: Path, scale: Scale) -> list[Row]:
    """40 templates, each in one constraint, on 100 Deployments of which every tenth is bad."""
    templates, objects = scale.of(40, 4), scale.of(100, 10)
    subjects = [Subject(_deployment(number)) for number in range(objects)]
    rules = policyset.read(_files(templates))
    policies = RegoPolicies()
    engines = [_bare_engine() for _ in range(templates)]
    expected = len(policies.judge(rules, subjects))
    if expected != _bare(engines, subjects):
        raise RuntimeError("the bare engine finds something else")
    pairs = interleaved(
        scale.of(7, 1),
        lambda _: _timed(lambda: policies.judge(rules, subjects)),
        lambda _: _timed(lambda: _bare(engines, subjects)),
    )
    what = f"policy: {templates} templates × {objects} objects"
    return [pairs.row(what, "s", "≤ 1.3 ×", "the bare engine", most=1.3)]


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bare(engines: Sequence[_Engine], subjects: Sequence[Subject]) -> int:
    found = 0
    for subject in subjects:
        review = policyinput.review(subject, {})
        document = json.dumps({"review": review, "parameters": _PARAMETERS})
        for engine in engines:
            engine.set_input_json(document)
            found += len(json.loads(engine.eval_rule_as_json(f"data.{PACKAGE}.violation")))
    return found


def _bare_engine() -> _Engine:
    engine: _Engine = regorus.Engine()
    engine.set_rego_v0(True)  # type: ignore[attr-defined]
    engine.add_policy("bench.rego", _REGO)  # type: ignore[attr-defined]
    return engine


def _files(count: int) -> Mapping[str, str]:
    files = {}
    for number in range(count):
        kind = f"Bench{number}"
        template = {
            "apiVersion": "templates.gatekeeper.sh/v1",
            "kind": "ConstraintTemplate",
            "metadata": {"name": kind.lower()},
            "spec": {
                "crd": {"spec": {"names": {"kind": kind}}},
                "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": _REGO}],
            },
        }
        constraint = {
            "apiVersion": "constraints.gatekeeper.sh/v1beta1",
            "kind": kind,
            "metadata": {"name": "all"},
            "spec": {
                "match": {
                    "kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}],
                    "excludedNamespaces": ["kube-*"],
                },
                "parameters": _PARAMETERS,
            },
        }
        files[f"gatekeeper/{number}-template.json"] = json.dumps(template)
        files[f"gatekeeper/{number}-constraint.json"] = json.dumps(constraint)
    return files


def _deployment(number: int) -> dict[str, Any]:
    registry = "docker.io" if number % 10 == 0 else "registry.example.com"
    container = {
        "name": "main",
        "image": f"{registry}/shop/app-{number}:1.0",
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
        "env": [{"name": f"KEY_{key}", "value": "value"} for key in range(10)],
    }
    labels = {"app": f"app-{number}"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"app-{number}", "namespace": "shop", "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container] * 2}},
        },
    }
