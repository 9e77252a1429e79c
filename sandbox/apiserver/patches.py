"""The patch formats besides server-side apply. Pure."""

import copy
from typing import Any, Final

import jsonpatch
import jsonpointer

from sandbox.apiserver.problems import Problem, bad_request
from sandbox.apiserver.schema import ANY, Schema, Shape, item_key

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"


def json_patch(value: dict[str, Any], operations: Any) -> dict[str, Any]:
    """RFC 6902. Raises a 422 `Problem` when an operation does not fit the object."""
    try:
        patched: dict[str, Any] = jsonpatch.apply_patch(value, operations)
    except (jsonpatch.JsonPatchConflict, jsonpatch.JsonPatchTestFailed) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise Problem(422, "Invalid", message, {}) from error
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        TypeError,
        KeyError,
    ) as error:
        raise bad_request(f"error decoding patch: {error}") from error
    return patched


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7386: null takes a field away, lists are replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(value) if isinstance(value, dict) else {}
    for name, child in patch.items():
        if child is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), child)
    return merged


def strategic_merge_patch(value: Any, patch: Any, schema: Schema) -> Any:
    """Kubernetes' own: like a merge patch, but keyed lists merge by item. Understands `$patch`
    (`delete`, `replace`), `$retainKeys`, and `$deleteFromPrimitiveList/<name>`."""
    if isinstance(patch, dict):
        return _strategic_map(value if isinstance(value, dict) else {}, patch, schema)
    if isinstance(patch, list) and schema.shape is Shape.LIST and (schema.keys or schema.is_set):
        return _strategic_list(value if isinstance(value, list) else [], patch, schema)
    return copy.deepcopy(patch)


def _strategic_map(value: dict[str, Any], patch: dict[str, Any], schema: Schema) -> dict[str, Any]:
    if patch.get("$patch") == "replace":
        return {name: child for name, child in patch.items() if name != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    merged = dict(value)
    if "$retainKeys" in patch:
        merged = {name: child for name, child in merged.items() if name in patch["$retainKeys"]}
    for name, child in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.partition("/")[2]
            merged[field] = [item for item in merged.get(field, []) if item not in child]
        elif name.startswith("$"):
            continue
        elif child is None:
            merged.pop(name, None)
        else:
            inner = (schema.child(name) if schema.shape is not Shape.ANY else ANY) or ANY
            merged[name] = strategic_merge_patch(merged.get(name), child, inner)
    return merged


def _strategic_list(value: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    directives = [item for item in patch if isinstance(item, dict) and "$patch" in item]
    changes = [item for item in patch if item not in directives]
    if any(item["$patch"] == "replace" for item in directives):
        return copy.deepcopy(changes)
    deleted = {item_key(_merge_key(item, schema), schema) for item in directives}
    merged = {item_key(item, schema): item for item in value}
    merged = {key: item for key, item in merged.items() if key not in deleted}
    for item in changes:
        key = item_key(item, schema)
        merged[key] = strategic_merge_patch(merged.get(key), item, schema.item())
    return list(merged.values())


def _merge_key(item: dict[str, Any], schema: Schema) -> dict[str, Any]:
    return {name: item[name] for name in schema.keys if name in item}
