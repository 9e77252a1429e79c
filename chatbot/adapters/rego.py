"""Policies in Rego, evaluated in this process. What cannot be evaluated denies."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from chatbot.adapters.rego_compile import Unit, package_unit, template_unit, values
from chatbot.adapters.rego_engine import Engine, RegoError
from chatbot.domain import policyinput
from chatbot.domain.enforcement import Enforcement
from chatbot.domain.manifest import Manifest
from chatbot.domain.policy import (
    MAX_MESSAGES,
    MAX_OBJECT_BYTES,
    MAX_OBJECTS,
    Subject,
    Violation,
    about,
)
from chatbot.domain.policygatekeeper import BrokenPolicy, Constraint, with_defaults
from chatbot.domain.policymatch import MatchError, matches
from chatbot.domain.policyset import PolicySet

REVISIONS_KEPT: Final = 4
"""Revisions of the policies that stay compiled, in all and in each thread."""
LIMITS: Final = "limits"
"""The policy that complains of what is too big to be judged."""


@dataclass(frozen=True)
class Compiled:
    """A policy set that was compiled."""

    packages: tuple[Unit, ...]
    constraints: tuple[tuple[Constraint, Unit, str], ...]
    """Each with its template's unit and its parameters as JSON."""
    broken: tuple[Violation, ...]


@dataclass(frozen=True)
class _Judged:
    """An object as the engines take it."""

    subject: Subject
    review: str
    document: str
    """The object with its review beside, JSON."""


@dataclass
class _Run:
    """What one run has in common."""

    revision: str
    namespaces: dict[str, Manifest]
    inventory: str
    token: object = field(default_factory=object)


_OF_THIS_THREAD = threading.local()
"""Where each thread keeps its engines. Not in the adapter: the garbage collector may take that on
any thread, and an engine can be dropped by the one that made it alone."""


class RegoPolicies:
    """The `Policies` port on the engine. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()

    def judge(
        self, policies: PolicySet, subjects: Sequence[Subject], inventory: Sequence[Manifest] = ()
    ) -> list[Violation]:
        """Every violation, broken policies first, then by object and policy."""
        compiled = self.compiled(policies)
        found = list(compiled.broken)
        if len(subjects) > MAX_OBJECTS:
            sentence = f"{len(subjects):,} objects are more than the {MAX_OBJECTS:,} of one run"
            return [*found, about(None, LIMITS, sentence, Enforcement.DENY)]
        run = self._run(policies, compiled, subjects, inventory)
        for subject in subjects:
            found += self._judge(compiled, run, subject)
        return found

    def compiled(self, policies: PolicySet) -> Compiled:
        """The set, compiled now or before."""
        with self._lock:
            found = self._compiled.get(policies.revision)
            if found is None:
                found = self._compiled[policies.revision] = compile_set(policies)
            self._compiled.move_to_end(policies.revision)
            while len(self._compiled) > REVISIONS_KEPT:
                self._compiled.popitem(last=False)
            return found

    def _run(
        self,
        policies: PolicySet,
        compiled: Compiled,
        subjects: Sequence[Subject],
        inventory: Sequence[Manifest],
    ) -> _Run:
        objects = [*inventory, *(subject.object for subject in subjects)]
        units = [*compiled.packages, *(unit for _, unit, _ in compiled.constraints)]
        around = "{}"
        if any(unit.uses_inventory for unit in units):
            around = json.dumps(
                policyinput.inventory(policyinput.surroundings(subjects, inventory))
            )
        return _Run(policies.revision, policyinput.namespaces(objects), around)

    def _judge(self, compiled: Compiled, run: _Run, subject: Subject) -> Iterator[Violation]:
        review = policyinput.review(subject, run.namespaces)
        try:
            text = json.dumps(review)
            document = ""
            if compiled.packages:
                document = json.dumps({**subject.object, "review": review})
        except (TypeError, ValueError, RecursionError) as error:
            sentence = f"the object cannot be written as JSON: {error}"
            yield about(subject.object, LIMITS, sentence, Enforcement.DENY)
            return
        if len(text) > MAX_OBJECT_BYTES:
            sentence = f"the object is bigger than {MAX_OBJECT_BYTES:,} bytes"
            yield about(subject.object, LIMITS, sentence, Enforcement.DENY)
            return
        judged = _Judged(subject, text, document)
        for unit in compiled.packages:
            for entry, enforcement in unit.entries:
                yield from self._ask(run, unit, unit.policy, entry, enforcement, judged, document)
        for constraint, unit, parameters in compiled.constraints:
            try:
                meant = _meant(constraint, subject, run.namespaces)
            except MatchError as error:
                yield about(subject.object, constraint.policy, str(error), Enforcement.DENY)
                continue
            if meant:
                ((entry, _),) = unit.entries
                whole = f'{{"parameters":{parameters},"review":{text}}}'
                yield from self._ask(
                    run, unit, constraint.policy, entry, constraint.enforcement, judged, whole
                )

    def _ask(
        self,
        run: _Run,
        unit: Unit,
        policy: str,
        entry: str,
        enforcement: Enforcement,
        judged: _Judged,
        document: str,
    ) -> Iterator[Violation]:
        subject = judged.subject.object
        try:
            hits = values(self._evaluate(run, unit, entry, document))
        except RegoError as error:
            sentence = f"the policy could not be evaluated, so it denies: {error}"
            yield about(subject, policy, sentence, Enforcement.DENY)
            return
        for hit in hits[:MAX_MESSAGES]:
            yield about(subject, policy, message(hit), enforcement)
        if len(hits) > MAX_MESSAGES:
            sentence = f"and {len(hits) - MAX_MESSAGES:,} more"
            yield about(subject, policy, sentence, enforcement)

    def _evaluate(self, run: _Run, unit: Unit, entry: str, document: str) -> Any:
        """As it is first; where that raises, guarded, since OPA goes on with undefined there."""
        try:
            return self._evaluate_once(run, unit, entry, document, careful=False)
        except RegoError as first:
            try:
                return self._evaluate_once(run, unit, entry, document, careful=True)
            except (RegoError, BrokenPolicy):
                raise first from None

    def _evaluate_once(
        self, run: _Run, unit: Unit, entry: str, document: str, *, careful: bool
    ) -> Any:
        engines = self._engines(run.revision)
        key = (unit, careful)
        try:
            engine = engines.get(key)
            if engine is None:
                engine = engines[key] = unit.engine(careful=careful)
            if unit.uses_inventory:
                engine.set_inventory(run.token, run.inventory)
            return engine.evaluate(entry, document)
        except RegoError:
            engines.pop(key, None)  # after a panic its state is anyone's guess
            raise

    def _engines(self, revision: str) -> dict[tuple[Unit, bool], Engine]:
        """This thread's engines for a revision of the policies."""
        kept: OrderedDict[str, dict[tuple[Unit, bool], Engine]] | None
        kept = getattr(_OF_THIS_THREAD, "engines", None)
        if kept is None:
            kept = _OF_THIS_THREAD.engines = OrderedDict()
        found = kept.setdefault(revision, {})
        kept.move_to_end(revision)
        while len(kept) > REVISIONS_KEPT:
            kept.popitem(last=False)
        return found


def compile_set(policies: PolicySet) -> Compiled:
    """Compile a set; what does not compile denies."""
    broken = [_broken(one.policy, one.path, one.sentence) for one in policies.problems]

    def attempt(policy: str, path: str, make: Callable[[], Unit]) -> Unit | None:
        try:
            return make()
        except (BrokenPolicy, RegoError) as error:
            broken.append(_broken(policy, path, str(error)))
            return None

    packages = []
    for package, path in {one.package: one.path for one in policies.modules if one.judges}.items():
        name = package.partition(".")[2] or package
        unit = attempt(name, path, partial(package_unit, policies, package))
        if unit is not None and unit.entries:
            packages.append(unit)
    templates = {
        one.kind: (one, attempt(one.kind, one.path, partial(template_unit, one)))
        for one in policies.templates
    }
    constraints = []
    for one in policies.constraints:
        if one.kind not in templates:
            broken.append(_broken(one.policy, one.path, f"there is no template `{one.kind}`"))
            continue
        template, unit = templates[one.kind]
        if unit is not None:
            parameters = json.dumps(with_defaults(template.schema, one.parameters))
            constraints.append((one, unit, parameters))
    return Compiled(tuple(packages), tuple(constraints), tuple(broken))


def message(hit: Any) -> str:
    """What a hit says: its `msg`, itself when it is text, or all of it."""
    if isinstance(hit, dict) and isinstance(hit.get("msg"), str):
        return str(hit["msg"])
    if hit is True:
        return "not allowed"
    return hit if isinstance(hit, str) else json.dumps(hit, ensure_ascii=False)


def _broken(policy: str, path: str, sentence: str) -> Violation:
    where = sentence if sentence.startswith(path) or not path else f"{path}: {sentence}"
    text = f"the policy cannot be used, so everything is denied: {where}"
    return about(None, policy, text, Enforcement.DENY)


def _meant(constraint: Constraint, subject: Subject, namespaces: dict[str, Manifest]) -> bool:
    old = subject.old_object
    return matches(constraint.match, subject.object, namespaces) or (
        old is not None and matches(constraint.match, old, namespaces)
    )
