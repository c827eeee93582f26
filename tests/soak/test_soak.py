"""A short soak on each database: kills, lost answers and clock jumps for some seconds."""

from dataclasses import replace

import pytest

from tests.soak.__main__ import report
from tests.soak.one_soak import Plan, soak

SHORT = Plan(
    seconds=6,
    least=8,
    postgresql=False,
    bots=1,
    seed=7,
    act_pause=0.2,
    outage_pause=3.0,
    longest_delay=1.0,
)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("database", "bots"), [("sqlite", 1), ("postgresql", 2)])
async def test_nothing_is_lost_and_nothing_is_twice(database: str, bots: int) -> None:
    plan = replace(SHORT, postgresql=database == "postgresql", bots=bots)
    found = await soak(plan)

    assert found.clean, report(found)
    there = ("acts", "acknowledged", "kills", "messages", "platform: handed in")
    assert min(found.counts[what] for what in (*there, "platform: webhooks")) > 0
