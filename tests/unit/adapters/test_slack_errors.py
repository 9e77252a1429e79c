"""Slack's refusals as sentences for people."""

from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from chatbot.adapters.slack import translated
from chatbot.domain.errors import Permanent, RetryLater


def refusal(status: int, said: str, **headers: str) -> SlackApiError:
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/chat.update",
        req_args={},
        data={"ok": False, "error": said},
        headers=headers,
        status_code=status,
    )
    return SlackApiError("The request to the Slack API failed.", response)


NO_JSON = "Received a response in a non-JSON format: <html><h1>Bad gateway</h1></html>"
"""What the SDK makes of a page that something in front of Slack sends."""


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (500, "internal_error", "Slack is not well (internal_error)"),
        (502, NO_JSON, "Slack is not well (502)"),
        (429, NO_JSON, "Slack limits how often we may call"),
    ],
)
def test_what_passes_is_tried_later_and_said_without_markup(
    status: int, said: str, sentence: str
) -> None:
    error = translated(refusal(status, said))
    assert isinstance(error, RetryLater)
    assert str(error) == sentence


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("0.5", 0.5), ("soon", 1), ("", 1)])
def test_retry_after_is_honoured_and_a_strange_one_does_no_harm(
    header: str, seconds: float
) -> None:
    error = translated(refusal(429, "ratelimited", **{"Retry-After": header}))
    assert isinstance(error, RetryLater)
    assert error.after == timedelta(seconds=seconds)


def test_a_refusal_says_slacks_word_for_it() -> None:
    error = translated(refusal(200, "not_in_channel"))
    assert isinstance(error, Permanent)
    assert (str(error), error.remedy[:6]) == ("Slack said not_in_channel", "Invite")
