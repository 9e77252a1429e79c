"""GitHub's refusals, so that every handler raises the same few shapes."""

from typing import Any

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer that is not a success: its HTTP status and GitHub's JSON body."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        if errors is not None:
            self.body["errors"] = errors
        self.body |= {"documentation_url": DOCS, "status": str(status)}


def not_found() -> ApiError:
    """404, which GitHub also answers to hide what the caller may not see."""
    return ApiError(404, "Not Found")


def refused(message: str) -> ApiError:
    """422 with only a sentence, as the Git data calls answer."""
    return ApiError(422, message)


def invalid(resource: str, code: str, *, field: str = "", message: str = "") -> ApiError:
    """422 `Validation Failed` with one entry; `code` is GitHub's (`missing_field`, `custom`…)."""
    entry = {"resource": resource, "code": code}
    if field:
        entry["field"] = field
    if message:
        entry["message"] = message
    return ApiError(422, "Validation Failed", [entry])
