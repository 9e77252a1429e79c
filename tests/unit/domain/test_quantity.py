"""Kubernetes quantities: read as the official client reads them, shown as people do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity as official

from chatbot.domain.quantity import parse_quantity, show_quantity

_NUMBERS = st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{0,4})?", fullmatch=True)
_SUFFIXES = st.sampled_from(
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti"]
)


@given(_NUMBERS, _SUFFIXES)
def test_quantities_are_read_as_the_official_client_reads_them(number: str, suffix: str) -> None:
    assert parse_quantity(number + suffix) == official(number + suffix)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("500m", "0.5"),
        ("1Gi", "1073741824"),
        (2, "2"),
        (0.5, "0.5"),
        ("1e3", "1000"),
        (".5", "0.5"),
    ],
)
def test_the_ways_people_write_them(written: str | float, number: str) -> None:
    assert parse_quantity(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", "1 Gi", "1gi", "one", True, None, {}, "1e9999", "9" * 99])
def test_what_is_none_is_named(written: object) -> None:
    with pytest.raises(ValueError, match="is no quantity, such as 500m"):
        parse_quantity(written)


@pytest.mark.parametrize(
    ("number", "binary", "shown"),
    [
        ("9.5", False, "9.5"),
        ("12", False, "12"),
        ("0.0333", False, "0.03"),
        ("100", False, "100"),
        ("1610612736", True, "1.5Gi"),
        ("512", True, "512"),
        ("-1048576", True, "-1Mi"),
        ("0", True, "0"),
    ],
)
def test_they_are_shown_short(number: str, binary: bool, shown: str) -> None:
    assert show_quantity(Decimal(number), binary=binary) == shown
