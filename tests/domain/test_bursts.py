"""When new requests are too many for a card each."""

from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.bursts import QUIET, Count, counted, gathered, gathers
from tests.cast import NOW

ARRIVALS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 8)), max_size=20)
"""Seconds after the one before, and how many together."""


@given(arrivals=ARRIVALS, most=st.integers(1, 7))
@example(arrivals=[(0, 1), (119, 4), (2, 5)], most=5)
def test_no_more_cards_than_the_policy_says_within_any_two_minutes(
    arrivals: list[tuple[int, int]], most: int
) -> None:
    count, now = Count(), NOW
    cards, last = [], NOW - QUIET
    for seconds, new in arrivals:
        now += timedelta(seconds=seconds)
        goes_on = count.burst is not None and now - last < QUIET
        count, last = counted(count, new, now), now
        if gathers(count, most):
            count = gathered(count, 1)
        else:
            cards += [now] * new
        assert not goes_on or count.burst, "it grows until none has come for two minutes"
        assert sum(now - at < QUIET for at in cards) <= most
        assert len(count.came) <= most
    assert counted(count, 1, now + QUIET) == Count((now + QUIET,)), "then a new count begins"


def test_one_card_for_each_is_no_burst_and_more_together_is() -> None:
    assert not gathers(counted(Count(), 5, NOW), 5)
    assert gathers(counted(Count(), 6, NOW), 5)
    assert gathers(Count((NOW,), burst=1), 5)
