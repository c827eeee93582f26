"""When new requests are too many for a card each."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from store.domain.bursts import QUIET, Count, counted, gathers
from tests.cast import NOW

ARRIVALS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 8)), max_size=20)
"""Seconds after the one before, and how many together."""


@given(arrivals=ARRIVALS, most=st.integers(1, 7))
def test_no_more_cards_than_the_policy_says_within_two_minutes(
    arrivals: list[tuple[int, int]], most: int
) -> None:
    count: Count | None = None
    now = NOW
    for seconds, new in arrivals:
        now += timedelta(seconds=seconds)
        before, count = count, counted(count, new, now)
        goes_on = before is not None and not before.is_over(now)
        assert goes_on or count == Count(now, now, new)
        if gathers(count, most):
            count = Count(count.since, count.last_at, count.requests, burst=count.burst or 1)
        else:
            assert count.requests <= most
        assert count.is_over(now + QUIET), "two minutes without one end it in any case"


def test_one_card_for_each_is_no_burst_and_more_together_is() -> None:
    assert not gathers(counted(None, 5, NOW), 5)
    assert gathers(counted(None, 6, NOW), 5)
    assert gathers(Count(NOW, NOW, 6, burst=1), 5)
