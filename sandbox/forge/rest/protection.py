"""Branch protection: the rules that merges and pushes are held to."""

from sandbox.forge.errors import ApiError, refused
from sandbox.forge.rest.call import REPO, Answer, Call, Route, flag, mapping, texts
from sandbox.forge.shapes import pulls as shapes
from sandbox.forge.shapes.links import Json
from sandbox.forge.state import Protection

_MOST_APPROVALS = 6
_REQUIRED = (
    "required_status_checks",
    "enforce_admins",
    "required_pull_request_reviews",
    "restrictions",
)


def get_protection(call: Call) -> Json:
    """GET branches/{branch}/protection."""
    return shapes.protection(_rules(call), call.params["branch"], call.links)


def _rules(call: Call) -> Protection:
    branch = call.params["branch"]
    if call.forge.head(branch) is None:
        raise ApiError(404, "Branch not found")
    rules = call.forge.protection(branch)
    if rules is None:
        raise ApiError(404, "Branch not protected")
    return rules


def put_protection(call: Call) -> Json:
    """PUT branches/{branch}/protection: replaces all rules; four keys must stand in the body."""
    branch, body = call.params["branch"], call.body
    if call.forge.head(branch) is None:
        raise ApiError(404, "Branch not found")
    missing = [key for key in _REQUIRED if key not in body]
    if missing:
        keys = ", ".join(f'"{key}"' for key in missing)
        raise refused(f"Invalid request.\n\n{keys} weren't supplied.")
    checks = mapping(body, "required_status_checks")
    reviews = mapping(body, "required_pull_request_reviews")
    call.forge.state.protections[branch] = Protection(
        contexts=None if checks is None else _contexts(checks),
        strict=flag(checks or {}, "strict"),
        approvals=None if reviews is None else _approvals(reviews),
        dismiss_stale=flag(reviews or {}, "dismiss_stale_reviews"),
        code_owners=flag(reviews or {}, "require_code_owner_reviews"),
        last_push_approval=flag(reviews or {}, "require_last_push_approval"),
        enforce_admins=flag(body, "enforce_admins"),
        linear_history=flag(body, "required_linear_history"),
        allow_force_pushes=flag(body, "allow_force_pushes"),
        allow_deletions=flag(body, "allow_deletions"),
    )
    return get_protection(call)


def _contexts(checks: Json) -> list[str]:
    named = [check["context"] for check in checks.get("checks") or []]
    return sorted({*texts(checks, "contexts"), *named})


def _approvals(reviews: Json) -> int:
    count = reviews.get("required_approving_review_count", 1)
    if not isinstance(count, int) or not 0 <= count <= _MOST_APPROVALS:
        raise refused(f"Invalid request.\n\n{count!r} is not between 0 and {_MOST_APPROVALS}.")
    return count


def delete_protection(call: Call) -> Answer:
    """DELETE branches/{branch}/protection."""
    _rules(call)
    del call.forge.state.protections[call.params["branch"]]
    return Answer(204)


def get_required_checks(call: Call) -> Json:
    """GET branches/{branch}/protection/required_status_checks."""
    return _part(call, "required_status_checks")


def get_required_reviews(call: Call) -> Json:
    """GET branches/{branch}/protection/required_pull_request_reviews."""
    return _part(call, "required_pull_request_reviews")


def _part(call: Call, key: str) -> Json:
    shape: Json | None = get_protection(call).get(key)
    if shape is None:
        raise ApiError(404, f"{key.replace('_', ' ').capitalize()} not enabled")
    return shape


_BASE = REPO + "/branches/{branch:.+}/protection"
ROUTES = [
    Route("GET", _BASE + "/required_status_checks", get_required_checks, "admin"),
    Route("GET", _BASE + "/required_pull_request_reviews", get_required_reviews, "admin"),
    Route("GET", _BASE, get_protection, "admin"),
    Route("PUT", _BASE, put_protection, "admin"),
    Route("DELETE", _BASE, delete_protection, "admin"),
]
