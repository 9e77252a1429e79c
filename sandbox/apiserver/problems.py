"""What the server refuses, as the `Status` bodies that `kube-apiserver` answers with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cause:
    """One reason among several, at one field."""

    reason: str
    message: str
    field: str

    def to_json(self) -> dict[str, str]:
        """As it stands in `Status.details.causes`."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class Problem(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    def to_status(self) -> dict[str, Any]:
        """The `Status` object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "code": self.code,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return status


def _details(name: str, group: str, kind: str) -> dict[str, Any]:
    return {"name": name, **({"group": group} if group else {}), "kind": kind}


def qualified(plural: str, group: str) -> str:
    """`deployments.apps`, or `pods` in the core group."""
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> Problem:
    """404: no object of that name."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return Problem(404, "NotFound", message, _details(name, group, plural))


def no_such_resource() -> Problem:
    """404: the group version has no such resource."""
    return Problem(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(plural: str, group: str, name: str) -> Problem:
    """409: the name is taken."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return Problem(409, "AlreadyExists", message, _details(name, group, plural))


def modified_meanwhile(plural: str, group: str, name: str) -> Problem:
    """409: the write names a resourceVersion that is no longer the latest."""
    message = (
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": the object has '
        "been modified; please apply your changes to the latest version and try again"
    )
    return Problem(409, "Conflict", message, _details(name, group, plural))


def precondition_failed(kind: str, group: str, name: str, what: str) -> Problem:
    """409: a delete's precondition does not hold."""
    message = f'Operation cannot be fulfilled on {qualified(kind, group)} "{name}": {what}'
    return Problem(409, "Conflict", message, _details(name, group, kind))


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> Problem:
    """422: the object does not hold; one cause a field."""
    parts = [f"{cause.field}: {cause.message}" for cause in causes]
    text = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    details = _details(name, group, kind) | {"causes": [cause.to_json() for cause in causes]}
    return Problem(422, "Invalid", f'{qualified(kind, group)} "{name}" is invalid: {text}', details)


def invalid_options(kind: str, cause: Cause) -> Problem:
    """422: a query parameter does not hold; `kind` is the options object it belongs to."""
    message = f'{kind}.meta.k8s.io "" is invalid: {cause.field}: {cause.message}'
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [cause.to_json()]}
    return Problem(422, "Invalid", message, details)


def bad_request(message: str) -> Problem:
    """400: the body or a parameter makes no sense."""
    return Problem(400, "BadRequest", message)


def unknown_body_format() -> Problem:
    """415: a body in a format that the server does not read, such as protobuf."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml"
    )
    return Problem(415, "UnsupportedMediaType", message)


def unsupported_media_type() -> Problem:
    """415: a patch of a type that nobody knows."""
    return Problem(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def method_not_allowed() -> Problem:
    """405: the resource has no such verb."""
    message = "the server does not allow this method on the requested resource"
    return Problem(405, "MethodNotAllowed", message, {})


def unauthorized() -> Problem:
    """401: no token, or not ours."""
    return Problem(401, "Unauthorized", "Unauthorized")


def expired(version: int) -> Problem:
    """410: a watch asks for changes that are no longer remembered."""
    return Problem(410, "Expired", f"too old resource version: {version}")
