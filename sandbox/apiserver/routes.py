"""Reading a request: which resource the path means, and what query and body ask for. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from sandbox.apiserver.places import Options
from sandbox.apiserver.problems import Cause, bad_request, invalid_options

_NAMESPACE_SUBRESOURCES: Final = frozenset({"status", "finalize"})
_LONGEST_PATH: Final = 3
_OPTIONS_KINDS: Final = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


class _JsonTypes(yaml.SafeLoader):
    """YAML with JSON's types only: a date stays the text that it is."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class declares it so
        first: [(tag, pattern) for tag, pattern in rows if not tag.endswith(":timestamp")]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Route:
    """A path below `/api` or `/apis`; empty strings for what it does not name."""

    group: str
    version: str
    plural: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def route(path: str) -> Route | None:
    """What a path means, or None when it is no path of an API."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, rest = "", parts[1:]
    elif parts[:1] == ["apis"] and len(parts) > 1:
        group, rest = parts[1], parts[2:]
    else:
        return None
    if not rest:
        return Route(group, "")
    version, *rest = rest
    namespace = ""
    inside_namespace = (
        rest[:1] == ["namespaces"]
        and len(rest) >= _LONGEST_PATH
        and not (group == "" and rest[2] in _NAMESPACE_SUBRESOURCES and len(rest) == _LONGEST_PATH)
    )
    if inside_namespace:
        namespace, rest = rest[1], rest[2:]
    if len(rest) > _LONGEST_PATH:
        return None
    plural, name, subresource = [*rest, "", "", ""][:3]
    return Route(group, version, plural, namespace, name, subresource)


def options(method: str, query: Mapping[str, str], user_agent: str, *, applies: bool) -> Options:
    """The query parameters of a write. Raises a 422 `Problem` for one that does not hold."""
    kind = _OPTIONS_KINDS.get(method, "DeleteOptions")
    dry_run = query.get("dryRun", "")
    if dry_run not in {"", "All"}:
        message = f'Unsupported value: []string{{"{dry_run}"}}: supported values: "All"'
        raise invalid_options(kind, Cause("FieldValueNotSupported", message, "dryRun"))
    manager = query.get("fieldManager", "")
    if applies and not manager:
        message = "Required value: is required for apply patch"
        raise invalid_options(kind, Cause("FieldValueRequired", message, "fieldManager"))
    force = query.get("force", "") in {"true", "1"}
    if force and not applies:
        message = "Forbidden: may not be specified for non-apply patch"
        raise invalid_options(kind, Cause("FieldValueForbidden", message, "force"))
    return Options(
        manager=manager or user_agent.partition("/")[0] or "unknown",
        dry_run=dry_run == "All",
        force=force,
        strict=query.get("fieldValidation") == "Strict",
    )


def body(raw: bytes) -> Any:
    """A body of JSON or YAML; None when it is empty. Raises a 400 `Problem` for neither."""
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        pass
    try:
        return yaml.load(raw, Loader=_JsonTypes)  # noqa: S506 - a SafeLoader that knows less
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
