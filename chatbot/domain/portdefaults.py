"""What servers before 1.21 need spelled out for server-side apply.

A port's protocol is part of its key in the list, and those servers do not know its default there:
they refuse every Service or container port that leaves it out, which is how people write them.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

PROTOCOL = "TCP"
"""The default of the API, so saying it changes nothing."""

_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def complete_ports(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which every port of a Service or a container names its protocol."""
    result: dict[str, Any] = copy.deepcopy(dict(manifest))
    for port in _ports(result):
        if "protocol" not in port:
            port["protocol"] = PROTOCOL
    return result


def _ports(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    spec = _map(manifest.get("spec"))
    if manifest.get("kind") == "Service":
        yield from _maps(spec.get("ports"))
        return
    template_of_job = _map(_map(spec.get("jobTemplate")).get("spec"))
    pods = (_map(_map(part.get("template")).get("spec")) for part in (spec, template_of_job))
    for pod in (*pods, spec if manifest.get("kind") == "Pod" else {}):
        for name in _CONTAINER_LISTS:
            for container in _maps(pod.get(name)):
                yield from _maps(container.get("ports"))


def _map(value: Any) -> dict[str, Any]:
    """The value if it is a map: what a person wrote need not have the right shape, and the
    server says so better than we can."""
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
