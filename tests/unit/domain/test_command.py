import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.command import (
    CancelCommand,
    Command,
    HelpCommand,
    ListCommand,
    RequestCommand,
    ShowCommand,
    parse_command,
)
from chatbot.domain.errors import Refused

WORDS = st.sampled_from(
    ["request", "apply", "scale", "restart", "show", "cancel", "list", "help", "CHG-1", "test",
     "deploy/web", "shop/deploy/web", "/", "5", "'", '"', "\\", "<!channel>", "`", "mine", "#"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", RequestCommand()),
        ("   ", RequestCommand()),
        ("request", RequestCommand()),
        ("apply", RequestCommand("apply")),
        ("request apply", RequestCommand("apply")),
        ("apply test", RequestCommand("apply", "test")),
        ("restart test deploy/web", RequestCommand("restart", "test", "", "deploy", "web")),
        ("scale test deploy/web 5", RequestCommand("scale", "test", "", "deploy", "web", "5")),
        (
            "request scale test deploy/web 5",
            RequestCommand("scale", "test", "", "deploy", "web", "5"),
        ),
        (
            "scale test shop/deploy/web 5",
            RequestCommand("scale", "test", "shop", "deploy", "web", "5"),
        ),
        ("Scale test deploy/web", RequestCommand("scale", "test", "", "deploy", "web")),
        ("show CHG-12", ShowCommand(12)),
        ("show chg-12", ShowCommand(12)),
        ("cancel CHG-12", CancelCommand(12)),
        ("list", ListCommand()),
        ("List", ListCommand()),
        ("list mine", ListCommand("mine")),
        ("list test", ListCommand("test")),
        ("list it's the queue", ListCommand("it's the queue")),
        ('list "the queue"', ListCommand("the queue")),
        ("help", HelpCommand()),
        ("help me", HelpCommand()),
    ],
)
def test_each_form_of_the_command_is_understood(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("destroy prod", "`/change help` shows what there is; `/change destroy` is not among it."),
        ("request delete test", "`delete` is no operation. There are apply, scale and restart"),
        ("scale test web 5", "`web` names no object. Write kind/name, such as `deploy/web`."),
        ("scale test deploy/ 5", "`deploy/` names no object"),
        ("scale test a/b/c/d 5", "`a/b/c/d` names no object"),
        ("scale test deploy/web 5 now", "I don't know what `now` is for"),
        ("show", "Which change? Write it like `/change show CHG-12`."),
        ("show 12", "Which change?"),
        ("show CHG-0", "Which change?"),
        ("cancel CHG-1 CHG-2", "Which change? Write it like `/change cancel CHG-12`."),
    ],
)
def test_wrong_words_are_answered_with_the_right_form(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_command(text)
    assert sentence in str(caught.value)


@given(st.text() | st.lists(WORDS).map(" ".join))
def test_any_text_is_understood_or_refused_in_tame_words(text: str) -> None:
    sentence = answer(text)
    assert len(sentence) < 700
    assert "<" not in sentence
    assert sentence.count("`") % 2 == 0


def answer(text: str) -> str:
    """The refusal's sentence; empty when the text was understood."""
    try:
        parse_command(text)
    except Refused as refused:
        return str(refused)
    return ""


@given(st.text(min_size=1).filter(lambda word: word.split() == [word] and word.isalnum()))
def test_a_list_looks_for_whatever_is_typed(word: str) -> None:
    assert parse_command(f"list {word}") == ListCommand(word)
