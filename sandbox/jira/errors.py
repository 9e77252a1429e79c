"""Jira's refusals, so that every handler raises the same few shapes."""

from typing import Any


class ApiError(Exception):
    """An answer that is not a success: its HTTP status and Jira's JSON body."""

    def __init__(self, status: int, *messages: str, **fields: str) -> None:
        super().__init__(*messages, *fields.values())
        self.status = status
        self.body: dict[str, Any] = {"errorMessages": list(messages), "errors": fields}


def no_issue() -> ApiError:
    """404, which Jira also answers to hide what the caller may not see."""
    return ApiError(404, "Issue does not exist or you do not have permission to see it.")


def off_screen(field: str) -> ApiError:
    """400 for a field that cannot be set here."""
    sentence = f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
    return ApiError(400, **{field: sentence})
