"""What Slack allows a whole workspace, kept in the store so that all replicas keep to it together.

Each method has a token bucket, kept as one timestamp: the moment from which it is full again. It is
the row of a lane that all messages of the method share, and a claim takes from it in its own
transaction. Where Slack says "wait", the rate that is kept beside it becomes lower, and then grows
again slowly up to Slack's own. All rates follow from the pace of a single channel, so that a faster
pace (in tests, none at all) is a faster pace everywhere.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from sqlalchemy import Insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.engine.columns import in_list
from store.engine.database import (
    AnyRow,
    AnySelect,
    DialectInsert,
    Reading,
    ask,
    delete_chunk,
    dialect_insert,
    flush,
)
from store.tables import LaneRow


class Method(StrEnum):
    """What a lane begins with. Answers by response URL (`reply:`) are not counted by Slack."""

    POST = "post"
    EDIT = "edit"
    HOME = "home"


PER_MINUTE = {Method.POST: 300, Method.EDIT: 50, Method.HOME: 100}
"""Slack: chat.postMessage several hundred a minute and workspace; chat.update is tier 3 and
views.publish tier 4. A channel's own pace is one post a second, 60 a minute."""
PER_CONVERSATION = 60
"""Posts a minute in one conversation, of which Slack takes one each second."""
LONGEST_REST = timedelta(minutes=15)
"""No rest is longer: a time further ahead was written by a clock that was wrong, or is a mistake of
Slack's, and counts as over."""
AT_ONCE = 0.96
"""How much of a minute's calls may come at once. Slack takes all of them; two and a half seconds'
worth is left for clocks and networks that are not even, so that being told to wait stays rare."""
SLOWER, LEAST = 0.9, 0.1
"""What being told to wait leaves of a method's rate, and the least it leaves of Slack's own."""
GROWTH = 0.01
"""How much of Slack's own rate comes back in each minute without being told to wait."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The buckets at a moment; `full_at` is when each is full again (left out: it is).

    `per_minute` is what was learned of a method's rate; left out, it is Slack's own.
    """

    now: datetime
    pace: timedelta
    full_at: Mapping[Method, datetime] = field(default_factory=dict)
    per_minute: Mapping[Method, float] = field(default_factory=dict)

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
        interval, missing = self._interval(method), self._missing(method)
        if not interval:
            return 0 if missing else math.inf
        left = math.floor(_at_once(method) - missing / interval)
        return max(left - _at_once(method) // 2, 0) if spare else left

    def available_at(self, method: Method) -> datetime:
        """When a call of this method may be made."""
        all_but_one = _all_but_one(method, self._interval(method))
        return max(self.now, self.now + self._missing(method) - all_but_one)

    def after(self, lanes: Sequence[str]) -> dict[Method, datetime]:
        """What changes in `full_at` when these calls are made."""
        calls = Counter(method for method in map(method_of, lanes) if method and self.pace)
        return {
            method: self.now + self._missing(method) + count * self._interval(method)
            for method, count in calls.items()
        }

    def _interval(self, method: Method) -> timedelta:
        return _interval(self.pace, self.per_minute.get(method, PER_MINUTE[method]))

    def _missing(self, method: Method) -> timedelta:
        """The time until the bucket is full."""
        missing = max(self.full_at.get(method, self.now) - self.now, timedelta())
        longest = LONGEST_REST + _at_once(method) * self._interval(method)
        return missing if missing <= longest else timedelta()


def method_of(lane: str) -> Method | None:
    """The method whose allowance a message on this lane takes from."""
    return _METHODS.get(lane.partition(":")[0])


def allowance(lanes: Iterable[AnyRow], pace: timedelta, *, now: datetime) -> Allowance:
    """What may be claimed now, by the rows of the methods' own lanes."""
    full_at, per_minute = {}, {}
    for row in lanes:
        method = _METHODS[row.lane.partition(":")[0]]
        full_at[method] = row.until
        if row.per_minute is not None:
            own = PER_MINUTE[method]
            per_minute[method] = _grown(own, row.per_minute, row.learned_at, pace, now)
    return Allowance(now, pace, full_at, per_minute)


async def spend(session: AsyncSession, allowance: Allowance, lanes: Sequence[str]) -> None:
    """Take these calls from the allowance."""
    full_at = allowance.after(lanes)
    await pause_lanes(session, {_shared(method): at for method, at in full_at.items()})


async def pause_method(
    session: AsyncSession, method: Method, pace: timedelta, *, until: datetime, now: datetime
) -> None:
    """Slack asked for it: no call of this method before `until`, few at once after it, and from
    then on a slower rate, which grows again.

    Calls that were under way when Slack first said so are told the same, and teach nothing more.
    """
    lane = _shared(method)
    slower = await _slower(session, lane, PER_MINUTE[method], pace, now)
    free_at = until + _all_but_one(method, _interval(pace, slower))
    await _learn(session, lane, slower, free_at=free_at, until=until)


async def pause_conversation(
    session: AsyncSession, lane: str, pace: timedelta, *, until: datetime, now: datetime
) -> None:
    """The same of the posts in one conversation, which come one by one."""
    slower = await _slower(session, lane, PER_CONVERSATION, pace, now)
    await _learn(session, lane, slower, free_at=until, until=until)


def paces(
    session: AsyncSession, lanes: Iterable[str], pace: timedelta, *, now: datetime
) -> Reading[Mapping[str, timedelta]]:
    """The time between two posts in conversations where it was learned to be longer than `pace`,
    asked for now.
    """

    def read(rows: Sequence[AnyRow]) -> Mapping[str, timedelta]:
        own = PER_CONVERSATION
        rates = {r.lane: _grown(own, r.per_minute, r.learned_at, pace, now) for r in rows}
        return {lane: _interval(pace, rate) for lane, rate in rates.items()}

    return Reading(read, ask(session, _LEARNED, {"lanes": sorted(set(lanes))}))


async def _slower(
    session: AsyncSession, lane: str, own: float, pace: timedelta, now: datetime
) -> float:
    """What a minute may have from now on, where Slack's `own` rate turned out to be too much."""
    row = await session.get(LaneRow, lane, with_for_update=True, populate_existing=True)
    if row is None or row.per_minute is None or row.learned_at is None:
        return own * SLOWER
    rate = _grown(own, row.per_minute, row.learned_at, pace, now)
    was_just_told = now < row.learned_at <= now + LONGEST_REST
    return rate if was_just_told else max(rate * SLOWER, own * LEAST)


async def _learn(
    session: AsyncSession, lane: str, per_minute: float, *, free_at: datetime, until: datetime
) -> None:
    learned = {"free_at": free_at, "per_minute": per_minute, "learned_at": until}
    new = dialect_insert(session)(LaneRow).values(lane=lane, **learned)
    await session.exec(new.on_conflict_do_update(index_elements=["lane"], set_=learned))


async def pause_lanes(session: AsyncSession, until: Mapping[str, datetime]) -> None:
    """Nothing is sent on these lanes before the moment of each, by any replica."""
    if not until:
        return
    # In one order, against deadlocks.
    rows = [{"lane": lane, "free_at": moment} for lane, moment in sorted(until.items())]
    await flush(session)
    ask(session, _pausing(dialect_insert(session)), rows)


@cache
def _pausing(insert: DialectInsert) -> Insert:
    """Hot: with every claim, and with every batch of sent messages."""
    new = insert(LaneRow)
    return new.on_conflict_do_update(
        index_elements=["lane"], set_={"free_at": new.excluded.free_at}
    )


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of the lanes that were free before that moment; how many."""
    own = col(LaneRow.lane).not_in(SHARED)
    return await delete_chunk(
        session, LaneRow, col(LaneRow.lane), own, col(LaneRow.free_at) < before
    )


_METHODS = {method.value: method for method in Method}


_LEARNED: AnySelect = select(LaneRow.lane, LaneRow.per_minute, LaneRow.learned_at).where(
    in_list(col(LaneRow.lane), "lanes"), col(LaneRow.per_minute).is_not(None)
)
"""Hot: with every batch of sent messages."""


def _grown(
    own: float, per_minute: float, learned_at: datetime, pace: timedelta, now: datetime
) -> float:
    """What was learned then, and what has come back since, up to Slack's `own` rate."""
    minutes = max((now - learned_at) / (pace * 60), 0.0) if pace else math.inf
    return min(per_minute + own * GROWTH * minutes, own)


def _interval(pace: timedelta, per_minute: float) -> timedelta:
    """The time one call costs: with a post a second in each channel, 60 of them are a minute."""
    return pace * 60 / per_minute


def _at_once(method: Method) -> int:
    return int(PER_MINUTE[method] * AT_ONCE)


def _all_but_one(method: Method, interval: timedelta) -> timedelta:
    """How far ahead of now `full_at` is when a single call is left."""
    return (_at_once(method) - 1) * interval


def _shared(method: Method) -> str:
    return f"{method.value}:*"


SHARED = tuple(map(_shared, Method))
"""The lanes that stand for a whole method."""
