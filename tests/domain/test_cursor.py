"""The place of a page survives a button, and nothing else is read as one."""

from datetime import UTC, datetime
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.lists.cursor import decode_cursor, encode_cursor
from store.domain.lists.query import Cursor


@given(
    st.builds(
        Cursor,
        at=st.none() | st.datetimes(timezones=st.just(UTC)),
        id=st.integers(0, 10**12),
        backwards=st.booleans(),
        first=st.integers(1, 10**6),
    )
)
def test_a_cursor_is_read_back_as_it_was_written(cursor: Cursor) -> None:
    text = encode_cursor(cursor)
    assert decode_cursor(text) == cursor
    assert len(text) < 100
    assert set(text) <= set("0123456789abcdef.-")


WRITTEN = encode_cursor(Cursor(datetime(2026, 11, 20, 2, 14, tzinfo=UTC), 128, first=11))


@given(st.integers(0, len(WRITTEN) - 1), st.sampled_from("0123456789abcdef.-é"))
def test_a_changed_text_is_no_page(place: int, sign: str) -> None:
    changed = WRITTEN[:place] + sign + WRITTEN[place + 1 :]
    assert changed == WRITTEN or decode_cursor(changed) is None


@pytest.mark.parametrize(
    "text", ["", "x", WRITTEN[:-1], f"{WRITTEN}0", f"{WRITTEN}\n", "9" * 5_000]
)
def test_anything_else_is_no_page(text: str) -> None:
    assert decode_cursor(text) is None


def test_a_forged_text_beyond_all_dates_is_no_page() -> None:
    forged = "9" * 18 + ".1.f.1"
    assert decode_cursor(f"{forged}.{blake2b(forged.encode(), digest_size=4).hexdigest()}") is None
