"""Lengths of time as people type them: `30m`, `4h`, `3d`, `1d12h`."""

import re
from datetime import timedelta

_DURATION = re.compile(
    r"(?:(?P<weeks>\d{1,3})w)?(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,4})h)?"
    r"(?:(?P<minutes>\d{1,5})m(?:in)?)?",
    re.IGNORECASE | re.ASCII,
)


def parse_duration(text: str) -> timedelta | None:
    """`4h` to four hours; None when the text is no length of time, or none at all."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    units = {unit: int(number) for unit, number in match.groupdict().items() if number}
    return timedelta(**units) or None
