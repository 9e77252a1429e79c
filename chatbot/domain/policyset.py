"""A set of policies: read from the files of a folder, and laid over another set.

The layout is `opa/**/*.rego` with data in `opa/**/data.yaml` (or `.json`), placed by its folder as
OPA does, and `gatekeeper/**/*.yaml`. What cannot be read becomes a problem of the set, and a
problem denies: a rule that is lost must not look like a rule that is kept.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from chatbot.domain.policy import as_mapping, group_version, text_of
from chatbot.domain.policygatekeeper import (
    CONSTRAINTS,
    TEMPLATES,
    BrokenPolicy,
    Constraint,
    Template,
    constraint,
    template,
)
from chatbot.domain.yamltext.tree import YamlError, compose, to_json

MAX_FILES: Final = 500
MAX_FILE: Final = 262_144
"""Characters of one policy file."""
JUDGED: Final = "redlight"
"""The first part of every package whose `deny` and `warn` are asked."""

_PACKAGE = re.compile(r"^[ \t]*package[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)
_ASKED = re.compile(r"^[ \t]*(deny|warn|violation)\b", re.MULTILINE)
_DATA_FILES = {"data.yaml", "data.yml", "data.json"}
_YAML = {".yaml", ".yml", ".json"}


@dataclass(frozen=True)
class RegoModule:
    """A Rego file of `opa/`."""

    path: str
    package: str
    text: str

    @property
    def judges(self) -> bool:
        """Whether its package is asked for `deny` and `warn`."""
        return self.package.split(".")[0] == JUDGED


@dataclass(frozen=True)
class Problem:
    """Something in the set that cannot be used."""

    path: str
    policy: str
    sentence: str


@dataclass(frozen=True)
class PolicySet:
    """Policies as they were read; nothing is compiled yet."""

    modules: tuple[RegoModule, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    templates: tuple[Template, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    problems: tuple[Problem, ...] = ()
    paths: frozenset[str] = frozenset()
    revision: str = ""
    """SHA-256 over all it was read from."""


def read(files: Mapping[str, str]) -> PolicySet:
    """A set from `{path: text}`, paths relative to the folder that holds `opa/` and
    `gatekeeper/`. Never raises: what is wrong becomes a problem."""
    reader = _Reader()
    names = sorted(path for path in files if is_policy_file(path))
    if len(names) > MAX_FILES:
        reader.problem("", "policies", f"there are more than {MAX_FILES} policy files")
    for path in names[:MAX_FILES]:
        reader.file(path, files[path])
    return PolicySet(
        modules=tuple(reader.modules),
        data=reader.data,
        templates=tuple(reader.templates),
        constraints=tuple(reader.constraints),
        problems=tuple(reader.problems),
        paths=frozenset(names),
        revision=_revision(json.dumps([[path, files[path]] for path in names])),
    )


def is_policy_file(path: str) -> bool:
    """Whether a file of that path, relative to the folder, could hold a policy or its data."""
    place = PurePosixPath(path)
    top = place.parts[0] if place.parts else ""
    return (top == "opa" and (place.suffix == ".rego" or place.name in _DATA_FILES)) or (
        top == "gatekeeper" and place.suffix in _YAML
    )


def over(base: PolicySet, top: PolicySet) -> PolicySet:
    """`top` laid over `base`: a file of the same path, a package, a template or a constraint of
    the same name replaces the one below; data is merged key by key."""
    packages = {module.package for module in top.modules}
    kinds = {one.kind for one in top.templates}
    names = {one.policy for one in top.constraints}
    return PolicySet(
        modules=(
            *(m for m in base.modules if m.path not in top.paths and m.package not in packages),
            *top.modules,
        ),
        data=_merged(base.data, top.data),
        templates=(
            *(t for t in base.templates if t.path not in top.paths and t.kind not in kinds),
            *top.templates,
        ),
        constraints=(
            *(c for c in base.constraints if c.path not in top.paths and c.policy not in names),
            *top.constraints,
        ),
        problems=(*(p for p in base.problems if p.path not in top.paths), *top.problems),
        paths=base.paths | top.paths,
        revision=_revision(f"{base.revision} {top.revision}"),
    )


class _Reader:
    def __init__(self) -> None:
        self.modules: list[RegoModule] = []
        self.data: dict[str, Any] = {}
        self.templates: list[Template] = []
        self.constraints: list[Constraint] = []
        self.problems: list[Problem] = []

    def problem(self, path: str, policy: str, sentence: str) -> None:
        self.problems.append(Problem(path, policy, sentence))

    def file(self, path: str, text: str) -> None:
        place = PurePosixPath(path)
        top = place.parts[0]
        if len(text) > MAX_FILE:
            self.problem(path, place.stem, f"the file has more than {MAX_FILE:,} characters")
        elif place.suffix == ".rego":
            if not place.stem.endswith("_test"):
                self._module(path, text)
        elif top == "opa":
            self._data(place, text)
        else:
            for document in self._documents(path, text):
                self._gatekeeper(path, document)

    def _module(self, path: str, text: str) -> None:
        found = _PACKAGE.search(text)
        if found is None:
            self.problem(path, PurePosixPath(path).stem, "the file names no package")
            return
        module = RegoModule(path, found[1], text)
        if not module.judges and _ASKED.search(text):
            sentence = (
                f"the package `{module.package}` has rules that nobody would ask; name it"
                f" `{JUDGED}.…` to have it judge"
            )
            self.problem(path, module.package, sentence)
            return
        self.modules.append(module)

    def _data(self, place: PurePosixPath, text: str) -> None:
        for document in self._documents(str(place), text):
            if not isinstance(document, dict):
                self.problem(str(place), place.stem, "the data must be a mapping")
                continue
            for part in reversed(place.parent.parts[1:]):
                document = {part: document}  # noqa: PLW2901 - wrapped once for each folder
            self.data = _merged(self.data, document)

    def _documents(self, path: str, text: str) -> list[Any]:
        try:
            return [to_json(root, any_keys=True) for root in compose(text)]
        except YamlError as error:
            self.problem(path, PurePosixPath(path).stem, f"the file cannot be read. {error}")
            return []

    def _gatekeeper(self, path: str, document: Any) -> None:
        """Take templates and constraints; whatever else a published folder holds (suites,
        kustomizations, examples, sync configuration) is no rule."""
        group, _ = group_version(text_of(as_mapping(document).get("apiVersion")))
        if group not in {TEMPLATES, CONSTRAINTS}:
            return
        name = text_of(as_mapping(document.get("metadata")).get("name"))
        kind = text_of(document.get("kind"))
        try:
            if group == CONSTRAINTS:
                self._add_constraint(constraint(document, path))
            elif kind == "ConstraintTemplate":
                self._add_template(template(document, path))
        except BrokenPolicy as error:
            policy = name if group == TEMPLATES else f"{kind}/{name}"
            self.problem(path, policy, str(error))

    def _add_template(self, new: Template) -> None:
        if other := _first(one.path for one in self.templates if one.kind == new.kind):
            self.problem(new.path, new.kind, f"the template stands in {other} already")
            return
        self.templates.append(new)

    def _add_constraint(self, new: Constraint) -> None:
        if other := _first(one.path for one in self.constraints if one.policy == new.policy):
            self.problem(new.path, new.policy, f"the constraint stands in {other} already")
            return
        self.constraints.append(new)


def _merged(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(base)
    for key, value in top.items():
        below = made.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            made[key] = _merged(below, value)
        else:
            made[key] = value
    return made


def _first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)


def _revision(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
