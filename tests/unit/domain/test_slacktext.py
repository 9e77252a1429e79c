"""A message's text outside Slack."""

import pytest

from chatbot.domain.slacktext import plain


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("it burns", "it burns"),
        ("5xx &lt; 1 % &amp; falling", "5xx < 1 % & falling"),
        ("<@U1> and <@U2|ann>", "@U1 and @ann"),
        ("see <#C1|prod-changes>", "see #prod-changes"),
        ("<!here> look", "@here look"),
        ("<!subteam^S1|@seniors> look", "@seniors look"),
        ("<!date^1700000000^{time}|10:13>", "10:13"),
        ("<https://x.example>", "https://x.example"),
        ("<https://x.example|the shop>", "the shop (https://x.example)"),
        ("<https://x.example|https://x.example>", "https://x.example"),
        ("  \n", ""),
    ],
)
def test_ids_and_entities_become_words(stored: str, expected: str) -> None:
    assert plain(stored) == expected
