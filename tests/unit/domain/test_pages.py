from datetime import timedelta

import pytest

from chatbot.domain.emergency_rules import EmergencyRules
from chatbot.domain.pages import Page, due_page, next_look
from tests.support.cards import environment
from tests.support.emergencies import ASKED_AT, LIT, RED, emergency

PROD = environment()
TIMEOUT = EmergencyRules().timeout


def after(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes", "paged", "page"),
    [
        (0, None, Page.SENIORS),
        (4.9, 0, None),
        (5, 0, Page.SENIORS_AGAIN),
        (9, 5, None),
        (10, 5, Page.MANAGERS),
        (15, 10, Page.ON_CALL),
        (40, 15, None),
        (40, 5, Page.ON_CALL),
        (40, None, Page.ON_CALL),
    ],
)
def test_the_page_whose_time_has_come_goes_out_once(
    minutes: float, paged: float | None, page: Page | None
) -> None:
    told = None if paged is None else ASKED_AT + after(paged)
    change = emergency(*LIT, nudged_at=told)
    assert due_page(change, PROD, ASKED_AT + after(minutes)) is page


def test_new_lights_page_anew() -> None:
    change = emergency(*LIT, nudged_at=ASKED_AT - after(1))
    assert due_page(change, PROD, ASKED_AT) is Page.SENIORS


def test_the_next_look_is_at_the_next_page_and_then_at_the_end() -> None:
    assert next_look(emergency(*LIT, nudged_at=ASKED_AT), PROD) == ASKED_AT + after(5)
    assert next_look(emergency(*LIT, nudged_at=ASKED_AT + after(15)), PROD) == ASKED_AT + TIMEOUT


def test_nobody_is_paged_while_a_light_is_red() -> None:
    red = emergency(*RED, lit=2)
    assert next_look(red, PROD) is None
    assert due_page(red, PROD, ASKED_AT + after(60)) is None
