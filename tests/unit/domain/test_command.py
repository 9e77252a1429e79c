from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.domain.command import (
    CancelCommand,
    Command,
    DelegateCommand,
    HandoverCommand,
    HelpCommand,
    ListCommand,
    RequestCommand,
    RollbackCommand,
    ShowCommand,
    UndelegateCommand,
    parse_command,
    parse_emergency,
)
from chatbot.domain.errors import Refused
from chatbot.domain.obligation import Kind

WORDS = st.sampled_from(
    ["request", "apply", "scale", "restart", "show", "cancel", "list", "help", "CHG-1", "test",
     "rollback", "deploy/web", "shop/deploy/web", "/", "5", "'", '"', "\\", "<!channel>", "`",
     "mine", "#", "delegate", "undelegate", "handover", "postmortem",
     "freeze", "unfreeze", "exempt", "until", "because", "4h", "<@U1|somebody>", "<@U1>", "3d", "<http://a|b>"]
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
        ("rollback chg-12", RollbackCommand(12)),
        ("list", ListCommand()),
        ("List", ListCommand()),
        ("list mine", ListCommand("mine")),
        ("list test", ListCommand("test")),
        ("list it's the queue", ListCommand("it's the queue")),
        ('list "the queue"', ListCommand("the queue")),
        ("help", HelpCommand()),
        ("delegate <@U0123ABC|some.body> 3d", DelegateCommand("U0123ABC", timedelta(days=3))),
        ("Delegate <@W0123ABC> 12h", DelegateCommand("W0123ABC", timedelta(hours=12))),
        ("handover CHG-12 <@U1|some.body>", HandoverCommand(12, "U1")),
        ("Handover chg-12 <@U1> Postmortem", HandoverCommand(12, "U1", Kind.POSTMORTEM)),
        (
            "handover CHG-12 <@U1> reconciliation",
            HandoverCommand(12, "U1", Kind.RECONCILIATION),
        ),
        ("undelegate <@U0123ABC|some.body>", UndelegateCommand("U0123ABC")),
        ("list <http://shop.example|shop.example>", ListCommand("shop.example")),
        ("list <https://shop.example/a&amp;b>", ListCommand("https://shop.example/a&b")),
        ("list a &lt;b&gt;", ListCommand("a <b>")),
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
        ("handover", "Write it like `/change handover CHG-12 @somebody`"),
        ("handover CHG-12", "What, and to whom?"),
        ("handover CHG-12 <@U1> everything", "What, and to whom?"),
        ("handover <@U1> CHG-12", "What, and to whom?"),
        ("handover CHG-12 @somebody", "I can't tell who `@somebody` is."),
        ("delegate", "Who, and for how long? Write it like `/change delegate @somebody 3d`."),
        ("delegate <@U1>", "Who, and for how long?"),
        ("delegate <@U1> 3d please", "Who, and for how long?"),
        ("delegate <@U1> 3w", "`3w` is no time that can be delegated for"),
        ("delegate @somebody 3d", "I can't tell who `@somebody` is. Type @ and pick the person"),
        ("delegate <!subteam^S1|@seniors> 3d", "I can't tell who"),
        ("delegate <@U1|<@U2>> 3d", "I can't tell who"),
        ("undelegate", "Who? Write it like `/change undelegate @somebody`."),
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


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", RequestCommand()),
        ("prod", RequestCommand(environment="prod")),
        ("help", HelpCommand()),
        ("scale", RequestCommand("scale")),
        ("scale prod deploy/web 5", RequestCommand("scale", "prod", "", "deploy", "web", "5")),
    ],
)
def test_an_emergency_is_asked_for_by_place_or_in_the_words_of_a_change(
    text: str, command: object
) -> None:
    assert parse_emergency(text) == command


@pytest.mark.parametrize("text", ["prod scale", "delete prod deploy/web", "scale prod web"])
def test_wrong_words_of_an_emergency_are_answered_with_the_right_form(text: str) -> None:
    with pytest.raises(Refused, match="Write"):
        parse_emergency(text)


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
