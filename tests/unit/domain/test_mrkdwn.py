import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain import mrkdwn

HOSTILE = st.lists(
    st.sampled_from(
        ["<!channel>", "<!here>", "<@U0SENIOR>", "<#C0PROD>", "<https://x|y>", "`", "```", "\n",
         "\r", "\r\n", "&", "&lt;", ">", "|", "\u202e", "\u200b", "\x00", "a", " ", "🔥"]
    )
).map("".join)  # fmt: skip
TYPED = st.text() | HOSTILE
OURS = st.lists(
    st.one_of(
        TYPED.map(mrkdwn.escape),
        TYPED.map(mrkdwn.code),
        TYPED.map(lambda text: f"\n{mrkdwn.code_block(text)}\n"),
        TYPED.map(lambda text: f"\n{mrkdwn.quote(text)}\n"),
        TYPED.map(lambda text: mrkdwn.link("https://acme.example", text)),
        st.just(mrkdwn.mention("U0REQUESTER")),
    ),
    max_size=20,
).map("".join)
TOKEN = re.compile(r"<@U0REQUESTER>|<https://acme\.example\|[^<>|\n]*>")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=2)))


def assert_tame(text: str) -> None:
    """No control character of Slack but those of an entity."""
    assert not set("<>") & set(text)
    assert not re.search(r"&(?!amp;|lt;|gt;)", text)


@given(TYPED)
def test_typed_text_never_mentions_links_or_opens_a_code_block(text: str) -> None:
    shown = mrkdwn.escape(text)
    assert_tame(shown)
    assert "``" not in shown


@given(TYPED)
def test_typed_text_reads_as_typed(text: str) -> None:
    plain = "".join(char for char in text if char.isprintable() and char not in "\u200b`")
    shown = mrkdwn.escape(plain)
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == plain


@given(TYPED)
def test_nothing_leaves_a_code_span(text: str) -> None:
    shown = mrkdwn.code(text)
    assert shown[0] == shown[-1] == "`"
    assert len(shown) > 2
    assert not set("`\n\r") & set(shown[1:-1])
    assert_tame(shown)


@given(TYPED, st.integers(min_value=40, max_value=400))
def test_nothing_leaves_a_code_block_and_it_keeps_its_limit(text: str, limit: int) -> None:
    shown = mrkdwn.code_block(text, limit)
    assert shown.startswith("```\n")
    assert shown.endswith("\n```")
    assert shown.count("```") == 2
    assert len(shown) <= limit
    assert_tame(shown)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=120)))
def test_many_code_blocks_hold_the_whole_text(lines: list[str]) -> None:
    blocks = mrkdwn.code_blocks("\n".join(lines), 200)
    assert all(len(block) <= 200 and block.count("```") == 2 for block in blocks)
    inside = "".join(block.removeprefix("```\n").removesuffix("\n```") for block in blocks)
    expected = "".join(mrkdwn.escape(line) for line in lines)
    assert _bare(inside) == _bare(expected)


def _bare(text: str) -> str:
    return re.sub("[\n\u200b]", "", text)


def test_a_cut_code_block_says_so() -> None:
    assert mrkdwn.code_block("one\ntwo\n" + "x" * 15, 30) == "```\none\ntwo\n…\n```"


@given(TYPED)
def test_every_line_of_a_quote_is_quoted(text: str) -> None:
    shown = mrkdwn.quote(text)
    for line in shown.split("\n"):
        assert line.startswith("> ")
        assert_tame(line[2:])
        assert "``" not in line


@given(TYPED, TYPED)
def test_a_link_stays_one_link(url: str, label: str) -> None:
    shown = mrkdwn.link(url, label)
    assert shown.count("|") == 1
    assert "\n" not in shown
    assert_tame(shown[1:-1])


@given(OURS, st.integers(min_value=20, max_value=300))
def test_shortened_mrkdwn_keeps_its_limit_and_breaks_nothing(text: str, limit: int) -> None:
    shown = mrkdwn.fit(text, limit)
    assert len(shown) <= limit
    assert shown.count("```") % 2 == 0
    outside_quotes = re.sub(r"(?m)^> ", "", TOKEN.sub("", shown))
    assert "<" not in outside_quotes
    assert not re.search(r"&(?!amp;|lt;|gt;)", outside_quotes)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 20, "x" * 20),
        ("x" * 12 + "&amp;" + "x" * 8, "x" * 12 + "…"),
        ("x" * 9 + "<@U0REQUESTER>" + "x" * 8, "x" * 9 + "…"),
        ("```\n" + "x" * 30, "```\n" + "x" * 10 + "\n…\n```"),
        ("a `" + "x" * 30, "a `" + "x" * 11 + "…`"),
    ],
)
def test_a_cut_leaves_no_half(text: str, shown: str) -> None:
    assert mrkdwn.fit(text, 20) == shown


def test_plain_text_is_cut_with_an_ellipsis() -> None:
    assert mrkdwn.shorten("four words in all", 11) == "four words…"
    assert mrkdwn.shorten("short", 5) == "short"


def test_what_turns_a_line_around_is_shown() -> None:
    assert mrkdwn.escape("a\u202eb\x07c\r\nd") == "a\ufffdb\ufffdc\nd"


def test_times_are_shown_in_the_zone_of_whoever_reads() -> None:
    stamp = int(AT.timestamp())
    assert mrkdwn.clock_time(AT) == f"<!date^{stamp}^{{time}}|07:30 UTC>"
    assert mrkdwn.moment(AT) == (
        f"<!date^{stamp}^{{date_short_pretty}} {{time}}|2026-03-02 07:30 UTC>"
    )
    assert "{ago}" in mrkdwn.since(AT.astimezone(UTC))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (95, "1 min 35 s"), (3_600, "1 h"),
        (3_605, "1 h"), (90_061, "1 d 1 h"), (86_400 + 60, "1 d"),
    ],
)  # fmt: skip
def test_a_duration_shows_its_two_largest_units(seconds: float, words: str) -> None:
    assert mrkdwn.duration(seconds) == words
