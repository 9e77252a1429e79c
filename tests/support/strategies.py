"""What property-based tests draw from."""

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

short_text = st.text(max_size=12)

times = st.datetimes(
    min_value=datetime(1000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
"""Fixed offsets: Python never calls an hour that a zone lives twice equal to any UTC time."""

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | short_text,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(short_text, values, max_size=3),
    max_leaves=6,
)
