"""What Slack allows a whole workspace, kept in the store so that all replicas keep to it together.

Each method has a token bucket, kept as one timestamp: the moment from which it is full again. It is
the row of a lane that all messages of the method share, and a claim takes from it in its own
transaction. All rates follow from the pace of a single channel, so that a faster pace (in tests,
none at all) is a faster pace everywhere.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy import Insert
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.database import DialectInsert, dialect_insert, execute
from store.tables import LaneRow


class Method(StrEnum):
    """What a lane begins with. Answers by response URL (`reply:`) are not counted by Slack."""

    POST = "post"
    EDIT = "edit"
    HOME = "home"


PER_MINUTE = {Method.POST: 300, Method.EDIT: 50, Method.HOME: 100}
"""Slack: chat.postMessage several hundred a minute and workspace; chat.update is tier 3 and
views.publish tier 4. A channel's own pace is one post a second, 60 a minute."""
LONGEST_REST = timedelta(minutes=15)
"""No rest is longer: a time further ahead was written by a clock that was wrong, or is a mistake of
Slack's, and counts as over."""
BURST = 0.9
"""How much of a minute's calls may come at once. Slack allows bursts; the rest is for clocks and
networks that are not as even as ours, so that being told to wait stays rare."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The buckets at a moment; `full_at` is when each is full again (left out: it is)."""

    now: datetime
    pace: timedelta
    full_at: Mapping[Method, datetime] = field(default_factory=dict)

    @property
    def used_up(self) -> tuple[Method, ...]:
        """Methods that may not be called now."""
        return tuple(method for method in Method if self.remaining(method) < 1)

    def remaining(self, name: str, *, spare: bool = False) -> float:
        """How many calls of this method may be made now; without a limit for an empty name.

        `spare`: how many of them leave half of a minute's calls for what may come.
        """
        if not name:
            return math.inf
        method = Method(name)
        interval, missing = _interval(method, self.pace), self._missing(method)
        if not interval:
            return 0 if missing else math.inf
        left = math.floor(_burst(method) - missing / interval)
        return max(left - _burst(method) // 2, 0) if spare else left

    def available_at(self, method: Method) -> datetime:
        """When a call of this method may be made."""
        return max(self.now, self.now + self._missing(method) - _all_but_one(method, self.pace))

    def after(self, lanes: Sequence[str]) -> dict[Method, datetime]:
        """What changes in `full_at` when these calls are made."""
        calls = Counter(method for method in map(method_of, lanes) if method and self.pace)
        return {
            method: self.now + self._missing(method) + count * _interval(method, self.pace)
            for method, count in calls.items()
        }

    def _missing(self, method: Method) -> timedelta:
        """The time until the bucket is full."""
        return max(self.full_at.get(method, self.now) - self.now, timedelta())


def method_of(lane: str) -> Method | None:
    """The method whose allowance a message on this lane takes from."""
    return _METHODS.get(lane.partition(":")[0])


def allowance(paused: Mapping[str, datetime], pace: timedelta, *, now: datetime) -> Allowance:
    """What may be claimed now, by the lanes that are paused at this moment, and until when."""
    shared = {method: paused[_shared(method)] for method in Method if _shared(method) in paused}
    return Allowance(now, pace, shared)


async def spend(session: AsyncSession, allowance: Allowance, lanes: Sequence[str]) -> None:
    """Take these calls from the allowance."""
    full_at = allowance.after(lanes)
    await pause_lanes(session, {_shared(method): at for method, at in full_at.items()})


async def pause_method(
    session: AsyncSession, method: Method, pace: timedelta, *, until: datetime
) -> None:
    """Slack asked for it: no call of this method before `until`, and no burst after it."""
    await pause_lanes(session, {_shared(method): until + _all_but_one(method, pace)})


async def pause_lanes(session: AsyncSession, until: Mapping[str, datetime]) -> None:
    """Nothing is sent on these lanes before the moment of each, by any replica."""
    if not until:
        return
    # In one order, against deadlocks.
    rows = [{"lane": lane, "free_at": moment} for lane, moment in sorted(until.items())]
    await execute(session, _pausing(dialect_insert(session)), rows)


@cache
def _pausing(insert: DialectInsert) -> Insert:
    """Hot: with every claim, and with every batch of sent messages."""
    new = insert(LaneRow)
    return new.on_conflict_do_update(
        index_elements=["lane"], set_={"free_at": new.excluded.free_at}
    )


_METHODS = {method.value: method for method in Method}


def _interval(method: Method, pace: timedelta) -> timedelta:
    """The time one call costs: with a post a second in each channel, 60 of them are a minute."""
    return pace * 60 / PER_MINUTE[method]


def _burst(method: Method) -> int:
    return int(PER_MINUTE[method] * BURST)


def _all_but_one(method: Method, pace: timedelta) -> timedelta:
    """How far ahead of now `full_at` is when a single call is left."""
    return (_burst(method) - 1) * _interval(method, pace)


def _shared(method: Method) -> str:
    return f"{method.value}:*"
