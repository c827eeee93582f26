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

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.database import hold, insert
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
    def closed(self) -> list[Method]:
        """Methods of which nothing may be claimed now."""
        return [method for method in Method if self.room(method) < 1]

    def room(self, method: Method) -> float:
        """How many calls of this method may be made now."""
        interval, ahead = _interval(method, self.pace), self._ahead(method)
        if not interval:
            return 0 if ahead else math.inf
        return math.floor(_burst(method) - ahead / interval)

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
    name = lane.partition(":")[0]
    return Method(name) if name in set(Method) else None


async def allowance(session: AsyncSession, pace: timedelta, *, now: datetime) -> Allowance:
    """What may be claimed now; with a pace, nobody else claims until this transaction ends."""
    if pace:
        await hold(session, "pacing")
    rows = await session.exec(select(LaneRow).where(col(LaneRow.lane).in_(map(_shared, Method))))
    found = {row.lane: row.free_at for row in rows}
    whole_at = {method: found[_shared(method)] for method in Method if _shared(method) in found}
    return Allowance(now, pace, whole_at)


async def spend(session: AsyncSession, held: Allowance, lanes: Sequence[str]) -> None:
    """These are going to be called."""
    for method, whole_at in held.spent(lanes).items():
        await rest(session, _shared(method), until=whole_at)


async def silence(
    session: AsyncSession, method: Method, pace: timedelta, *, until: datetime
) -> None:
    """Slack asked for it: no call of this method before `until`, and no burst after it."""
    used_up = (_burst(method) - 1) * _interval(method, pace)
    await rest(session, _shared(method), until=until + used_up)


async def rest(session: AsyncSession, lane: str, *, until: datetime) -> None:
    """Nothing is sent on this lane before `until`, by any replica."""
    statement = insert(session, LaneRow).values(lane=lane, free_at=until)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["lane"], set_={"free_at": until})
    )


def _interval(method: Method, pace: timedelta) -> timedelta:
    """The time one call costs: with a post a second in each channel, 60 of them are a minute."""
    return pace * 60 / PER_MINUTE[method]


def _burst(method: Method) -> int:
    return int(PER_MINUTE[method] * BURST)


def _shared(method: Method) -> str:
    return f"{method.value}:*"
