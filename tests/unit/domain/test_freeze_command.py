import pytest

from chatbot.domain.command import Command, parse_command
from chatbot.domain.errors import Refused
from chatbot.domain.freeze_command import (
    ExemptCommand,
    FreezeCommand,
    PromoteSkipCommand,
    UnfreezeCommand,
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("freeze all", FreezeCommand("all")),
        ("freeze prod", FreezeCommand("prod")),
        ("Freeze Prod 4H", FreezeCommand("prod", "4h")),
        ("freeze prod for 1d12h", FreezeCommand("prod", "1d12h")),
        ("freeze all because it's the database", FreezeCommand("all", "", "it's the database")),
        (
            "freeze prod 4h BECAUSE Mum's “flat”, because of <!here>",
            FreezeCommand("prod", "4h", "Mum's “flat”, because of <!here>"),
        ),
        (
            "freeze prod until 2026-12-24 18:00 because year end",
            FreezeCommand("prod", "2026-12-24 18:00", "year end"),
        ),
        ("freeze prod until 2026-12-24T18:00Z", FreezeCommand("prod", "2026-12-24T18:00Z")),
        ("freeze prod until tomorrow", FreezeCommand("prod", "tomorrow")),
        ("freeze prod 4h because", FreezeCommand("prod", "4h")),
        ("unfreeze prod", UnfreezeCommand("prod")),
        ("unfreeze All because all is well", UnfreezeCommand("all", "all is well")),
        ("exempt chg-12 because it mends it", ExemptCommand(12, "it mends it")),
        ("promote-skip CHG-12 because it burns", PromoteSkipCommand(12, "it burns")),
    ],
)
def test_each_form_is_understood(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("freeze", "`/change freeze prod until 2026-12-24 18:00 because year end`"),
        ("freeze because year end", "`/change freeze all`"),
        ("freeze prod until", "`/change freeze prod 4h because …`"),
        ("freeze prod until because year end", "`/change freeze prod 4h because …`"),
        ("freeze prod soon", "`/change freeze prod 4h because …`"),
        ("freeze prod year end", "`/change freeze prod 4h because …`"),
        ("freeze prod staging", "`/change freeze prod 4h because …`"),
        ("freeze prod 0h", "`/change freeze prod 4h because …`"),
        ("unfreeze", "`/change unfreeze prod`"),
        ("unfreeze prod staging", "`/change unfreeze all`"),
        ("exempt", "`/change exempt CHG-12 because it mends the outage`"),
        ("exempt CHG-12", "`/change exempt CHG-12 because it mends the outage`"),
        ("exempt CHG-12 because", "`/change exempt CHG-12 because it mends the outage`"),
        ("exempt CHG-12 it mends it", "`/change exempt CHG-12 because it mends the outage`"),
        ("exempt prod because it mends it", "`/change exempt CHG-12 because"),
        ("promote-skip CHG-12", "`/change promote-skip CHG-12 because"),
    ],
)
def test_wrong_words_are_told_the_right_ones(text: str, form: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_command(text)
    assert form in str(caught.value)
