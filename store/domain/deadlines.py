"""Working hours, digest and reminder days: wall-clock rules answered in aware UTC.

The scheduler only wakes us; what is due is decided here, from a moment that is passed in. A zone
name nobody knows counts as UTC, so that an odd Slack profile never stops anybody's mail.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from store.domain.clock import zone_of

REMINDERS_FROM, REMINDERS_UNTIL = time(9), time(18)
"""Local office hours: nobody is pinged at night, and a reminder read tomorrow is sent tomorrow."""


def working_deadline(
    start: datetime, hours: int, working_days: frozenset[int], zone: str
) -> datetime:
    """The moment by which `hours` have passed on working days (Monday 0) of the zone.

    Hours are real ones: a day on which the clocks change has 23 or 25. With no working days at
    all, every day counts.
    """
    place, left, moment = zone_of(zone), timedelta(hours=hours), start.astimezone(UTC)
    day = moment.astimezone(place).date()
    while left > timedelta(0):
        day += timedelta(days=1)
        midnight = _first_moment(day, time(0), place)
        if not working_days or (day - timedelta(days=1)).weekday() in working_days:
            if moment + left <= midnight:
                return moment + left
            left -= midnight - moment
        moment = midnight
    return moment


def digest_day(
    now: datetime, zone: str, digest_at: time, working_days: frozenset[int]
) -> date | None:
    """The local date whose digest is due: today, if it is a working day and its time has come."""
    today = now.astimezone(zone_of(zone)).date()
    due = today.weekday() in working_days and digest_moment(today, zone, digest_at) <= now
    return today if due else None


def digest_moment(day: date, zone: str, digest_at: time) -> datetime:
    """When a local date's digest is due, in UTC.

    A wall time the clocks skip becomes the first moment after the gap; one that comes twice means
    its first time. It is on that local date unless the zone skips the rest of the day.
    """
    return _first_moment(day, digest_at, zone_of(zone))


def reminder_day(now: datetime, zone: str, working_days: frozenset[int]) -> date | None:
    """The local date on which a reminder may go out now, or None outside office hours."""
    local = now.astimezone(zone_of(zone))
    in_office = REMINDERS_FROM <= local.time() < REMINDERS_UNTIL
    return local.date() if in_office and local.weekday() in working_days else None


def _first_moment(day: date, at: time, place: ZoneInfo) -> datetime:
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
