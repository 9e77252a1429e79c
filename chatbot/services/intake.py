"""From what was typed to a `ChangeRequest`, or to one sentence on each field that does not hold.

Runs while the modal is still open, so it must be quick: the cluster is asked only for kinds (a
warm cache) and whether the one object that is named is there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from chatbot.domain.change import ChangeRequest, Operation, RiskLevel, Target, TimeWindow
from chatbot.domain.crds import brought_kinds
from chatbot.domain.emergency import Criterion
from chatbot.domain.environment import Environment
from chatbot.domain.errors import InvalidInput, NotFound, RetryLater
from chatbot.domain.form import OPERATION_FIELDS, REQUIRED_DETAILS, Form, closed
from chatbot.domain.manifest import parse, place
from chatbot.domain.names import dns_subdomain, parse_replicas
from chatbot.domain.window import parse_window
from chatbot.ports import Cluster, Clusters, Kind, Manifest
from chatbot.services.presence import Presence
from chatbot.services.sources import Source, Sources

_T = TypeVar("_T")

_CHANNEL = re.compile(r"#[^\s#@<>]{1,80}")
_LONGEST_INCIDENT = 200

_EMERGENCY_WANTS: Mapping[str, str] = {
    "criterion": "Why may the glass be broken? Choose one.",
    "justification": "Say in a sentence what is wrong; whoever signs off reads it.",
    "blast_radius": "Who and what feels this? For example: all of checkout for some seconds.",
    "rollback_plan": "How is it undone? For example: scale back to 4, no data is touched.",
}
"""What no emergency goes without, and how that is asked for."""

_RESTARTABLE = frozenset({"Deployment", "StatefulSet", "DaemonSet", "DeploymentConfig"})


@dataclass
class _Errors:
    """Collects one sentence a field, the first one wins."""

    fields: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, sentence: str) -> None:
        self.fields.setdefault(name, sentence)

    def collect(self, error: InvalidInput) -> None:
        for name, sentence in error.fields.items():
            self.add(name, sentence)

    def raise_any(self) -> None:
        if self.fields:
            raise InvalidInput(self.fields)


@dataclass(frozen=True)
class Intake:
    """Reads forms."""

    environments: Mapping[str, Environment]
    clusters: Clusters
    sources: Sources
    now: Callable[[], datetime]
    presence: Presence

    def read(self, form: Form, time_zone: str) -> ChangeRequest:
        """Raises `InvalidInput` with a sentence for each field that does not hold."""
        environment = self._environment(form)
        if because := closed(environment):
            raise InvalidInput({"environment": because})
        operation, errors = _operation(form), _Errors()
        self._require(form, environment, errors)
        window = self._window(form, time_zone, errors)
        risk = self._risk(form, environment, errors)
        asked = self._asked(form, environment, operation, errors)
        return ChangeRequest(
            **asked,
            risk_assessment=risk,
            affected_services=_names(form.affected_services),
            maintenance_window=window,
            incident_id=form.incident_id,
            session=form.session,
        )

    def read_emergency(self, form: Form) -> ChangeRequest:
        """The same of an emergency, which can be asked for in every environment."""
        environment = self._environment(form)
        operation, errors = _operation(form), _Errors()
        for name, sentence in _EMERGENCY_WANTS.items():
            if not getattr(form, name):
                errors.add(name, sentence)
        criterion = _checked(errors, lambda: _criterion(form.criterion))
        incident = _checked(errors, lambda: _incident(form.incident_id))
        asked = self._asked(form, environment, operation, errors)
        return ChangeRequest(
            **asked,
            risk_assessment=environment.rules.risk_level,
            incident_id=incident or "",
            criterion=criterion,
            blast_radius=form.blast_radius,
        )

    def _asked(
        self, form: Form, environment: Environment, operation: Operation, errors: _Errors
    ) -> dict[str, Any]:
        """What the operation is about, as fields of the request. Raises `InvalidInput` with all
        that was found wrong by then."""
        targets: tuple[Target, ...] = ()
        source = replicas = None
        try:
            cluster = self.clusters(environment.context)
            if operation is Operation.APPLY:
                source = self._manifest(form, environment)
                targets = self._targets_of(source.text, form, environment, cluster)
            else:
                if operation is Operation.SCALE:
                    replicas = _checked(errors, lambda: parse_replicas(form.replicas))
                targets = (self._target(form, environment, cluster, operation, errors),)
        except InvalidInput as error:
            errors.collect(error)
        except RetryLater as error:
            blamed = "manifest" if operation is Operation.APPLY else "name"
            errors.add(blamed, f"{error}. Nothing is lost: submit again in a moment.")
        errors.raise_any()
        return {
            "operation": operation,
            "environment": environment.name,
            "namespace": _common_namespace(targets),
            "targets": targets,
            "manifest": source and source.text,
            "manifest_ref": source and source.name,
            "manifest_authors": source.authors if source else (),
            "replicas": replicas,
            "justification": form.justification,
            "rollback_plan": form.rollback_plan,
        }

    def _environment(self, form: Form) -> Environment:
        environment = self.environments.get(form.environment)
        if environment is None:
            known = ", ".join(self.environments)
            raise InvalidInput({"environment": f"Choose one of {known}."})
        return environment

    def _require(self, form: Form, environment: Environment, errors: _Errors) -> None:
        if not form.justification:
            errors.add("justification", "Say in a sentence why this is needed; it goes into Git.")
        for name in REQUIRED_DETAILS[environment.class_]:
            if not getattr(form, name):
                errors.add(name, f"Changes to {environment.name} need this.")
        if form.session and not form.session.startswith(("https://", "http://")):
            errors.add("session", "Paste the session's link; it starts with https://.")

    def _risk(self, form: Form, environment: Environment, errors: _Errors) -> RiskLevel:
        if not form.risk_assessment:
            return environment.rules.risk_level
        try:
            return RiskLevel(form.risk_assessment)
        except ValueError:
            errors.add("risk_assessment", f"Choose one of {', '.join(RiskLevel)}.")
            return environment.rules.risk_level

    def _window(self, form: Form, time_zone: str, errors: _Errors) -> TimeWindow | None:
        try:
            return parse_window(form.window_start, form.window_end, time_zone, self.now())
        except InvalidInput as error:
            errors.collect(error)
            return None

    def _manifest(self, form: Form, environment: Environment) -> Source:
        if form.manifest and form.manifest_ref:
            raise InvalidInput(
                {"manifest_ref": "Paste a manifest or name a pull request, not both."}
            )
        if form.manifest_ref:
            return self.sources.read(form.manifest_ref, environment)
        if not form.manifest:
            raise InvalidInput(
                {"manifest": "Paste the YAML here, or name a pull request or branch below."}
            )
        # Slack and people drop the last line's end; a block of text that ends there keeps it.
        return Source(f"{form.manifest.rstrip()}\n")

    def _targets_of(
        self, text: str, form: Form, environment: Environment, cluster: Cluster
    ) -> tuple[Target, ...]:
        blamed = "manifest_ref" if form.manifest_ref else "manifest"
        manifests = parse(text, blamed)
        brought = brought_kinds(manifests)

        def kind_of(manifest: Manifest) -> Kind:
            key = manifest["apiVersion"], manifest["kind"]
            if key in brought:
                return Kind(**asdict(brought[key]))
            try:
                return cluster.kind(manifest["kind"], manifest["apiVersion"])
            except NotFound as error:
                raise InvalidInput({blamed: str(error)}) from error

        return tuple(
            self._target_of(manifest, kind_of(manifest), blamed, form, environment)
            for manifest in manifests
        )

    def _target_of(
        self,
        manifest: Manifest,
        kind: Kind,
        blamed: str,
        form: Form,
        environment: Environment,
    ) -> Target:
        placed = place(
            manifest,
            namespaced=kind.namespaced,
            default_namespace=form.namespace or environment.only_namespace,
            owns_namespace=environment.owns_namespace,
            field=blamed,
        )
        metadata = placed["metadata"]
        if kind.namespaced:
            return _target(kind, metadata["namespace"], metadata["name"])
        if not environment.allows_cluster_object(kind.kind, metadata["name"]):
            raise InvalidInput(
                {
                    blamed: f"{kind.kind} {metadata['name']} belongs to the whole "
                    f"cluster, and {environment.name} allows only objects in its namespaces."
                }
            )
        return _target(kind, "", metadata["name"])

    def _target(
        self,
        form: Form,
        environment: Environment,
        cluster: Cluster,
        operation: Operation,
        errors: _Errors,
    ) -> Target:
        namespace = self._namespace(form, environment, errors)
        if not form.kind:
            errors.add("kind", "Which kind of object? For example Deployment.")
        if not form.name:
            errors.add("name", "Which object? Its name, for example web.")
        elif not dns_subdomain(form.name):
            errors.add("name", f"“{form.name}” is no name: use lower case, digits, - and dots.")
        errors.raise_any()
        try:
            kind = cluster.kind(form.kind)
        except NotFound as error:
            raise InvalidInput({"kind": str(error)}) from error
        if operation is Operation.SCALE and not kind.scalable:
            raise InvalidInput({"kind": f"{kind.kind} has no replicas to scale."})
        if operation is Operation.RESTART and kind.kind not in _RESTARTABLE:
            known = ", ".join(sorted(_RESTARTABLE))
            raise InvalidInput({"kind": f"{kind.kind} cannot be restarted; {known} can."})
        target = _target(kind, namespace, form.name)
        self.presence.require(target, kind, cluster)
        return target

    def _namespace(self, form: Form, environment: Environment, errors: _Errors) -> str:
        namespace = form.namespace or environment.only_namespace
        if not namespace:
            errors.add("namespace", "Which namespace? For example shop.")
        elif not environment.owns_namespace(namespace):
            allowed = ", ".join(environment.namespaces)
            errors.add(
                "namespace",
                f"{namespace} does not belong to {environment.name}"
                + (f"; {allowed} does." if allowed else "."),
            )
        return namespace


def _operation(form: Form) -> Operation:
    if form.operation not in OPERATION_FIELDS:
        raise InvalidInput({"operation": f"Choose one of {', '.join(OPERATION_FIELDS)}."})
    return Operation(form.operation)


def _criterion(word: str) -> Criterion:
    try:
        return Criterion(word)
    except ValueError:
        known = ", ".join(one.words for one in Criterion)
        raise InvalidInput({"criterion": f"Choose one of {known}."}) from None


def _incident(text: str) -> str:
    """An incident's id as it is known elsewhere, or an existing channel."""
    if text.startswith("#") and not _CHANNEL.fullmatch(text):
        raise InvalidInput({"incident_id": "This is no channel's name; write it like #inc-7."})
    if len(text) > _LONGEST_INCIDENT or "\n" in text:
        raise InvalidInput({"incident_id": "Only the incident's id, such as INC-7, or #inc-7."})
    return text


def _target(kind: Kind, namespace: str, name: str) -> Target:
    return Target(api_version=kind.api_version, kind=kind.kind, namespace=namespace, name=name)


def _checked(errors: _Errors, read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except InvalidInput as error:
        errors.collect(error)
        return None


def _common_namespace(targets: tuple[Target, ...]) -> str:
    namespaces = {target.namespace for target in targets if target.namespace}
    return namespaces.pop() if len(namespaces) == 1 else ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for word in text.replace("\n", ",").split(",") if (name := word.strip()))
