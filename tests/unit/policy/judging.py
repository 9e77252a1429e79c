"""Policies from texts, judged by the real engine."""

from collections.abc import Mapping, Sequence
from textwrap import dedent, indent
from typing import Any

from chatbot.adapters.rego import RegoPolicies
from chatbot.domain import policyset
from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import Subject, Violation

Hit = tuple[str, str]
"""Enforcement and message."""


def thing(name: str = "thing", **fields: Any) -> Manifest:
    """An object of no particular kind, with these fields."""
    metadata = {"name": name, "namespace": "shop", **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Thing", **fields, "metadata": metadata}


def judge(
    files: Mapping[str, str],
    *objects: Manifest | Subject,
    inventory: Sequence[Manifest] = (),
) -> list[Violation]:
    """What these policy files say about objects."""
    subjects = [one if isinstance(one, Subject) else Subject(one) for one in objects]
    return RegoPolicies().judge(policyset.read(files), subjects, inventory)


def hits(violations: Sequence[Violation]) -> list[Hit]:
    """Enforcement and message of each."""
    return [(one.enforcement.value, one.message) for one in violations]


def rego(text: str, obj: Manifest | None = None, data: str = "") -> list[Hit]:
    """What one `redlight.test` package says about one object."""
    files = {"opa/test.rego": "package redlight.test\n" + dedent(text)}
    if data:
        files["opa/data.yaml"] = data
    return hits(judge(files, obj or thing()))


def template(
    text: str,
    *,
    kind: str = "K8sTest",
    libs: Sequence[str] = (),
    schema: str = "",
    version: str = "v1",
) -> str:
    """A ConstraintTemplate around Rego."""
    made = dedent(f"""\
        apiVersion: templates.gatekeeper.sh/{version}
        kind: ConstraintTemplate
        metadata:
          name: {kind.lower()}
        spec:
          crd:
            spec:
              names:
                kind: {kind}
        """)
    if schema:
        made += "      validation:\n        openAPIV3Schema:\n"
        made += indent(dedent(schema), " " * 10)
    made += "  targets:\n    - target: admission.k8s.gatekeeper.sh\n"
    if libs:
        made += "      libs:\n"
        for lib in libs:
            made += "        - |\n" + indent(dedent(lib), " " * 10) + "\n"
    return made + "      rego: |\n" + indent(dedent(text), " " * 8) + "\n"


def constraint(spec: str = "{}", *, kind: str = "K8sTest", name: str = "all") -> str:
    """A Constraint with a spec."""
    return (
        f"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\n"
        f"metadata:\n  name: {name}\nspec:\n{indent(dedent(spec), '  ')}\n"
    )


def gatekeeper(
    made: str,
    *objects: Manifest | Subject,
    spec: str = "{}",
    inventory: Sequence[Manifest] = (),
) -> list[Hit]:
    """What one template says in one Constraint."""
    files = {"gatekeeper/t.yaml": made, "gatekeeper/c.yaml": constraint(spec)}
    return hits(judge(files, *(objects or (thing(),)), inventory=inventory))
