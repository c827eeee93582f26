"""What Slack allows a whole workspace, kept in the store so that all replicas keep to it together.

The lanes of one method share a row of `lane`, whose moment is when the method's allowance will be
whole again: one timestamp is a bucket that refills steadily. A claim spends from it in its own
transaction. All allowances follow from the pace of a single channel, so that a faster pace (in
tests, none at all) is a faster pace everywhere.
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
BURST = 0.9
"""How much of a minute's calls may come at once. Slack allows bursts; the rest is for clocks and
networks that are not as even as ours, so that being told to wait stays rare."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be claimed now; `whole_at` is when a method's allowance is whole again."""

    now: datetime
    pace: timedelta
    whole_at: Mapping[Method, datetime] = field(default_factory=dict)

    @property
    def closed(self) -> tuple[Method, ...]:
        """Methods of which nothing may be claimed now."""
        return tuple(method for method in Method if self.room(method) < 1)

    def room(self, method: Method) -> float:
        """How many calls of this method may be made now."""
        interval, ahead = _interval(method, self.pace), self._ahead(method)
        if not interval:
            return 0 if ahead else math.inf
        return math.floor(_burst(method) - ahead / interval)

    def opens_at(self, method: Method) -> datetime:
        """When a call of this method may be made."""
        return max(self.now, self.now + self._ahead(method) - _used_up(method, self.pace))

    def within(self, lanes: Sequence[str]) -> list[bool]:
        """Which of these calls may be made now, the first ones first."""
        seen: Counter[Method | None] = Counter()
        answers = []
        for method in map(method_of, lanes):
            seen[method] += 1
            answers.append(method is None or seen[method] <= self.room(method))
        return answers

    def spent(self, lanes: Sequence[str]) -> dict[Method, datetime]:
        """What changes in `whole_at` when these calls are made."""
        calls = Counter(method for method in map(method_of, lanes) if method and self.pace)
        return {
            method: self.now + self._ahead(method) + count * _interval(method, self.pace)
            for method, count in calls.items()
        }

    def _ahead(self, method: Method) -> timedelta:
        return max(self.whole_at.get(method, self.now) - self.now, timedelta())


def method_of(lane: str) -> Method | None:
    """The method whose allowance a message on this lane takes from."""
    return _METHODS.get(lane.partition(":")[0])


def allowance(resting: Mapping[str, datetime], pace: timedelta, *, now: datetime) -> Allowance:
    """What may be claimed now, by the lanes that rest at this moment."""
    shared = {method: resting[_shared(method)] for method in Method if _shared(method) in resting}
    return Allowance(now, pace, shared)


async def spend(session: AsyncSession, held: Allowance, lanes: Sequence[str]) -> None:
    """These are going to be called."""
    await rest(session, {_shared(method): at for method, at in held.spent(lanes).items()})


async def silence(
    session: AsyncSession, method: Method, pace: timedelta, *, until: datetime
) -> None:
    """Slack asked for it: no call of this method before `until`, and no burst after it."""
    await rest(session, {_shared(method): until + _used_up(method, pace)})


async def rest(session: AsyncSession, until: Mapping[str, datetime]) -> None:
    """Nothing is sent on these lanes before the moment of each, by any replica."""
    if not until:
        return
    # In one order, against deadlocks.
    rows = [{"lane": lane, "free_at": moment} for lane, moment in sorted(until.items())]
    await execute(session, _resting(dialect_insert(session)), rows)


@cache
def _resting(insert: DialectInsert) -> Insert:
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


def _used_up(method: Method, pace: timedelta) -> timedelta:
    """How far ahead of now a method's allowance is whole when a single call of it is left."""
    return (_burst(method) - 1) * _interval(method, pace)


def _shared(method: Method) -> str:
    return f"{method.value}:*"
