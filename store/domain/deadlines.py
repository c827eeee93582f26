"""Working time, digest and reminder days: wall-clock rules answered in aware UTC.

The scheduler only wakes us; what is due is decided here, from a moment that is passed in. A zone
name nobody knows counts as UTC, so that an odd Slack profile never stops anybody's mail.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from store.domain.clock import zone_of
from store.domain.holidays import is_holiday

REMINDERS_FROM, REMINDERS_UNTIL = time(9), time(18)
"""By the reader's clock: nobody is pinged at night, and what is read tomorrow is sent tomorrow."""
_ZONES = 1024
"""Answers that are kept: a morning asks for thousands of reviewers, who live in few zones, and all
requests of a day ask for the same few days."""


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Which hours of the team's own time zone are working time.

    `days` are `date.weekday()` numbers, Monday 0; `holidays` as `store.domain.holidays` reads them.
    `hours` are when a working day begins and ends on the clock; None is the whole day.
    """

    zone: str = "UTC"
    days: frozenset[int] = frozenset()
    holidays: tuple[str, ...] = ()
    hours: tuple[time, time] | None = None

    def includes(self, day: date) -> bool:
        """Whether that date is a working day."""
        return day.weekday() in self.days and not is_holiday(day, self.holidays)


def weekday_of(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The weekday as somebody in that zone says it of a moment within a week: "Thu"; empty for
    today and the days beside it, which have better names, and for what is further off.
    """
    there = moment.astimezone(zone)
    days = (there.date() - now.astimezone(zone).date()).days
    return f"{there:%a}" if 2 <= days <= 6 else ""


def working_deadline(start: datetime, hours: int, working: WorkingTime) -> datetime:
    """The moment (UTC) by which `hours` of working time have passed.

    Hours are real ones: a whole day on which the clocks change has 23 or 25.
    """
    return working_after(start, timedelta(hours=hours), working)


def working_after(start: datetime, left: timedelta, working: WorkingTime) -> datetime:
    """The moment (UTC) by which so much working time has passed; `start` itself after none."""
    if not left:
        return start.astimezone(UTC)
    spans = working_spans(start, working)
    begin, end = next(spans)
    while begin + left > end:
        left -= end - begin
        begin, end = next(spans)
    return begin + left


def working_between(start: datetime, until: datetime, working: WorkingTime) -> timedelta:
    """How much working time there is between two moments; none where the second is not later."""
    passed = timedelta()
    for begin, end in working_spans(start, working):
        if begin >= until:
            break
        passed += min(end, until) - begin
    return passed


def working_spans(start: datetime, working: WorkingTime) -> Iterator[tuple[datetime, datetime]]:
    """From `start` on, when working time begins and ends (UTC), one span a working day, for ever.

    Office hours last from the first time the clock shows the one until it first shows the other.
    With no working days at all, every day counts.
    """
    if not working.days:
        working = replace(working, days=frozenset(range(7)))
    place, start = zone_of(working.zone), start.astimezone(UTC)
    day = start.astimezone(place).date()
    while True:
        tomorrow = day + timedelta(days=1)
        if working.includes(day):
            opens, closes = working.hours or (time(0), None)
            begin = max(start, first_moment(day, opens, place))
            end = first_moment(day if closes else tomorrow, closes or time(0), place)
            if begin < end:
                yield begin, end
        day = tomorrow


def digest_day(now: datetime, zone: str, digest_at: time, working: WorkingTime) -> date | None:
    """The local date whose digest is due: today, if it is a working day and its time has come."""
    today = now.astimezone(zone_of(zone)).date()
    due = working.includes(today) and digest_moment(today, zone, digest_at) <= now
    return today if due else None


@lru_cache(maxsize=_ZONES)
def digest_moment(day: date, zone: str, digest_at: time) -> datetime:
    """When a local date's digest is due, in UTC.

    A wall time the clocks skip becomes the first moment after the gap; one that comes twice means
    its first time. It is on that local date unless the zone skips the rest of the day.
    """
    return first_moment(day, digest_at, zone_of(zone))


@lru_cache(maxsize=_ZONES)
def digest_before(day: date, zone: str, digest_at: time, working: WorkingTime) -> datetime:
    """When the digest before that of this date was due; within two weeks, however long a holiday.

    What came since is new to who reads the digest of this date.
    """
    before = [day - timedelta(days=number) for number in range(1, 15)]
    last = next((each for each in before if working.includes(each)), before[-1])
    return digest_moment(last, zone, digest_at)


def reminder_day(now: datetime, zone: str, working: WorkingTime) -> date | None:
    """The local date on which a reminder may go out now, or None at night and on days off."""
    local = now.astimezone(zone_of(zone))
    in_office = REMINDERS_FROM <= local.time() < REMINDERS_UNTIL
    return local.date() if in_office and working.includes(local.date()) else None


@lru_cache(maxsize=_ZONES)  # the same few days with every request
def first_moment(day: date, at: time, place: ZoneInfo) -> datetime:
    """The first moment (UTC) of a date at which the clocks of a place show that time, or later."""
    wall = datetime.combine(day, at, place).replace(fold=0)
    moment = wall.astimezone(UTC)
    if moment.astimezone(place).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    return _end_of_gap(wall, place)


def _end_of_gap(wall: datetime, place: ZoneInfo) -> datetime:
    # Read with the offset after the gap the time is too early, with the one before it too late.
    wall = wall.replace(microsecond=0)
    low, high = wall.replace(fold=1).astimezone(UTC), wall.astimezone(UTC)
    before = low.astimezone(place).utcoffset()
    seconds = bisect_left(
        range(int((high - low).total_seconds())),
        True,
        key=lambda s: (low + timedelta(seconds=s)).astimezone(place).utcoffset() != before,
    )
    return low + timedelta(seconds=seconds)
