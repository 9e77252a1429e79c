"""`metadata.managedFields` to owners and back."""

from collections.abc import Sequence
from typing import Any

from sandbox.apiserver.fields import decode, encode
from sandbox.apiserver.ownership import Manager, Owners


def read(entries: Sequence[dict[str, Any]]) -> dict[Manager, frozenset[tuple[str, ...]]]:
    """The owners that an object's `managedFields` name."""
    return {_manager(entry): decode(entry.get("fieldsV1", {})) for entry in entries}


def write(owners: Owners, before: Sequence[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """`managedFields` of the owners; rows that did not change keep their time."""
    previous = {_manager(entry): entry for entry in before}
    rows = [_row(manager, encode(paths), previous, now) for manager, paths in owners.items()]
    return sorted(rows, key=lambda row: (row["operation"], row["time"], row["manager"]))


def _manager(entry: dict[str, Any]) -> Manager:
    return Manager(
        entry.get("manager", ""),
        entry.get("operation", "Update"),
        entry.get("apiVersion", ""),
        entry.get("subresource", ""),
    )


def _row(
    manager: Manager, fields: dict[str, Any], previous: dict[Manager, dict[str, Any]], now: str
) -> dict[str, Any]:
    old = previous.get(manager)
    if old is not None and old.get("fieldsV1") == fields:
        return old
    row = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return {**row, "subresource": manager.subresource} if manager.subresource else row
