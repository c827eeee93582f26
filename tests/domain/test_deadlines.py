"""Working hours, digests and reminders, across the clock changes of 2026."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.domain.clock import zone_of
from store.domain.deadlines import (
    WorkingTime,
    digest_day,
    digest_moment,
    reminder_day,
    weekday_of,
    working_deadline,
)

NEW_YORK, BERLIN, MANILA = "America/New_York", "Europe/Berlin", "Asia/Manila"
# Cairo and Santiago change their clocks at midnight, Lord Howe by half an hour.
ZONES = (NEW_YORK, BERLIN, MANILA, "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe", "UTC")
WEEK = frozenset(range(5))
EVERY_DAY = frozenset(range(7))

zones = st.sampled_from(ZONES)
days = st.dates(date(2025, 1, 1), date(2028, 12, 31))
moments = st.builds(
    lambda day, at: datetime.combine(day, at, UTC),
    days,
    st.times(),
)
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
working = st.frozensets(st.integers(0, 6), min_size=1)
hours = st.integers(1, 200)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("zone", "start", "hours", "end"),
    [
        pytest.param(MANILA, "2026-11-16T02:00", 24, "2026-11-17T02:00", id="one day later"),
        pytest.param(MANILA, "2026-11-20T02:00", 24, "2026-11-23T02:00", id="over a weekend"),
        pytest.param(MANILA, "2026-11-21T02:00", 24, "2026-11-23T16:00", id="from a Saturday"),
        pytest.param(MANILA, "2026-11-20T02:00", 14, "2026-11-20T16:00", id="to Friday midnight"),
        pytest.param(MANILA, "2026-11-20T02:00", 0, "2026-11-20T02:00", id="no hours"),
        pytest.param(NEW_YORK, "2026-03-06T17:00", 24, "2026-03-09T16:00", id="spring weekend"),
        pytest.param(NEW_YORK, "2026-10-30T16:00", 24, "2026-11-02T17:00", id="autumn weekend"),
        pytest.param(BERLIN, "2026-03-27T11:00", 24, "2026-03-30T10:00", id="Berlin spring"),
        pytest.param(BERLIN, "2026-10-23T10:00", 24, "2026-10-26T11:00", id="Berlin autumn"),
    ],
)
def test_only_hours_of_working_days_count(zone: str, start: str, hours: int, end: str) -> None:
    assert working_deadline(utc(start), hours, WorkingTime(zone, WEEK)) == utc(end)


@pytest.mark.parametrize("saturday", ["2026-03-07T17:00", "2026-10-31T16:00"])
def test_hours_across_a_clock_change_are_real_hours(saturday: str) -> None:
    start = utc(saturday)
    assert working_deadline(start, 24, WorkingTime(NEW_YORK, EVERY_DAY)) == start + timedelta(
        hours=24
    )


def test_a_day_of_23_hours_holds_23_working_hours() -> None:
    sunday_only = WorkingTime(NEW_YORK, frozenset({6}))
    end = working_deadline(utc("2026-03-07T12:00"), 24, sunday_only)
    assert end == utc("2026-03-15T05:00"), "23 hours on the 8th and one on the 15th"


def test_without_working_days_every_day_counts() -> None:
    start = utc("2026-11-20T02:00")
    assert working_deadline(start, 48, WorkingTime(MANILA)) == start + timedelta(hours=48)


def test_hours_outside_the_office_do_not_count() -> None:
    office = WorkingTime(MANILA, WEEK, hours=(time(9), time(18)))
    friday_at_four = utc("2026-11-20T08:00")
    assert working_deadline(friday_at_four, 2, office) == utc("2026-11-20T10:00"), "at its end"
    assert working_deadline(friday_at_four, 3, office) == utc("2026-11-23T02:00"), "Monday at ten"
    assert working_deadline(utc("2026-11-20T20:00"), 1, office) == utc("2026-11-23T02:00")


def test_hours_of_holidays_do_not_count_and_nobody_is_reminded_then() -> None:
    christmas = WorkingTime(MANILA, WEEK, holidays=("PH", "2026-12-28"))
    eve, day = (
        utc("2026-12-23T16:00"),
        utc("2026-12-25T03:00"),
    )  # the 24th is one in the Philippines
    assert working_deadline(eve, 1, christmas) == utc("2026-12-28T17:00")
    assert digest_day(day, MANILA, time(9), christmas) is None
    assert reminder_day(day, MANILA, christmas) is None
    assert reminder_day(day, MANILA, replace(christmas, holidays=("DE-BY",))) is None
    assert reminder_day(day, MANILA, replace(christmas, holidays=("IL",))) == date(2026, 12, 25)


@settings(max_examples=30)
@given(
    st.builds(lambda day, at: datetime.combine(day, at, UTC), days, minutes),
    st.integers(1, 40),
    st.frozensets(st.integers(0, 6)),
    zones,
    st.sets(st.integers(0, 20), max_size=4),
    st.none() | st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]),
)
def test_working_time_is_what_a_minute_by_minute_count_gives(
    start: datetime,
    hours: int,
    weekdays: frozenset[int],
    zone: str,
    off: set[int],
    office: tuple[time, time] | None,
) -> None:
    dates = tuple((start.date() + timedelta(days=n)).isoformat() for n in off)
    working = WorkingTime(zone, weekdays, dates, office)
    end = working_deadline(start, min(hours, 12) if office else hours, working)
    assert end == count_minutes(start, min(hours, 12) if office else hours, working)


def count_minutes(start: datetime, hours: int, working: WorkingTime) -> datetime:
    """The same by walking from midnight on: a minute counts once its day has begun, until it ends.

    Clocks change by whole minutes in these zones, so each minute is of one kind.
    """
    place = ZoneInfo(working.zone)
    opens, closes = working.hours or (time.min, time.max)
    moment, left, day = start - timedelta(days=2), hours * 60, None
    while left:
        local = moment.astimezone(place)
        if local.date() != day:
            day, open_, over = local.date(), False, False
        open_, over = open_ or local.time() >= opens, over or local.time() >= closes
        works = not working.days or day.weekday() in working.days
        holiday = day.isoformat() in working.holidays
        moment += timedelta(minutes=1)
        left -= works and not holiday and open_ and not over and moment > start
    return moment


@given(moments, hours, working, zones)
def test_a_deadline_lies_on_a_working_day_or_ends_one(
    start: datetime, hours: int, days: frozenset[int], zone: str
) -> None:
    end = working_deadline(start, hours, WorkingTime(zone, days))
    just_before = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone))
    assert end.tzinfo is UTC
    assert just_before.weekday() in days


@given(moments, hours, hours, working, zones)
def test_deadlines_keep_the_order_of_starts_and_hours(
    start: datetime, some: int, more: int, days: frozenset[int], zone: str
) -> None:
    working = WorkingTime(zone, days)
    end = working_deadline(start, some, working)
    assert end >= start + timedelta(hours=some)
    assert working_deadline(start + timedelta(hours=more), some, working) >= end
    split = working_deadline(end, more, working)
    assert working_deadline(start, some + more, working) == split


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        (MANILA, date(2026, 3, 8), time(9), "2026-03-08T01:00"),
        (NEW_YORK, date(2026, 3, 7), time(9), "2026-03-07T14:00"),
        (NEW_YORK, date(2026, 3, 8), time(9), "2026-03-08T13:00"),  # the day the clocks go forward
        (NEW_YORK, date(2026, 3, 8), time(2, 30), "2026-03-08T07:00"),  # there is no 2:30: at 3:00
        (NEW_YORK, date(2026, 3, 8), time(2), "2026-03-08T07:00"),  # nor a 2:00
        (NEW_YORK, date(2026, 3, 8), time(3), "2026-03-08T07:00"),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),  # twice: the first
        (NEW_YORK, date(2026, 11, 1), time(9), "2026-11-01T14:00"),
        (BERLIN, date(2026, 3, 29), time(2, 59, 59), "2026-03-29T01:00"),  # still in the gap
        (BERLIN, date(2026, 3, 29), time(2, 30, 0, 5), "2026-03-29T01:00"),
        (BERLIN, date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),  # twice: the first
        ("Africa/Cairo", date(2026, 4, 24), time(0), "2026-04-23T22:00"),  # no midnight that day
        # The clocks go forward by half an hour only.
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:30"),
    ],
)
def test_a_digest_comes_at_its_wall_time(zone: str, day: date, at: time, moment: str) -> None:
    assert digest_moment(day, zone, at) == utc(moment)


@given(days, st.times(), zones)
def test_a_digest_falls_on_its_local_date(day: date, at: time, zone: str) -> None:
    moment = digest_moment(day, zone, at)
    local = moment.astimezone(ZoneInfo(zone))
    assert moment.tzinfo is UTC
    assert (local.date(), local.time() >= at) == (day, True)


@given(days, st.times(), st.times(), zones)
def test_digests_keep_the_order_of_days_and_times(
    day: date, one: time, other: time, zone: str
) -> None:
    early, late = sorted((one, other))
    assert digest_moment(day, zone, early) <= digest_moment(day, zone, late)
    assert digest_moment(day, zone, late) < digest_moment(day + timedelta(days=1), zone, early)


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        (MANILA, "2026-11-20T00:59", None),
        (MANILA, "2026-11-20T01:00", date(2026, 11, 20)),
        (MANILA, "2026-11-20T15:59", date(2026, 11, 20)),  # until midnight in Manila
        (MANILA, "2026-11-20T16:00", None),
        (MANILA, "2026-11-21T03:00", None),  # a Saturday
        (NEW_YORK, "2026-03-09T12:59", None),
        (NEW_YORK, "2026-03-09T13:00", date(2026, 3, 9)),
        (NEW_YORK, "2026-11-02T13:59", None),
        (NEW_YORK, "2026-11-02T14:00", date(2026, 11, 2)),
    ],
)
def test_a_digest_is_due_from_nine_on_working_days(zone: str, now: str, day: date | None) -> None:
    assert digest_day(utc(now), zone, time(9), WorkingTime(days=WEEK)) == day


@given(moments, st.times(), working, zones)
def test_a_due_digest_stays_due_until_the_day_ends(
    now: datetime, at: time, days: frozenset[int], zone: str
) -> None:
    day = digest_day(now, zone, at, WorkingTime(days=days))
    later = (now + timedelta(minutes=20)).astimezone(ZoneInfo(zone))
    if day == later.date():
        assert digest_day(later, zone, at, WorkingTime(days=days)) == day


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        (MANILA, "2026-11-20T00:59", None),
        (MANILA, "2026-11-20T01:00", date(2026, 11, 20)),
        (MANILA, "2026-11-20T09:59", date(2026, 11, 20)),  # 17:59, the last minute
        (MANILA, "2026-11-20T10:00", None),
        (MANILA, "2026-11-22T03:00", None),  # a Sunday
        (NEW_YORK, "2026-11-22T23:30", None),  # Monday in Manila, Sunday there
        (NEW_YORK, "2026-03-09T13:00", date(2026, 3, 9)),
        (BERLIN, "2026-10-26T07:59", None),  # 8:59 in winter, 9:59 the week before
        (BERLIN, "2026-10-26T08:00", date(2026, 10, 26)),
    ],
)
def test_reminders_go_out_in_local_office_hours(zone: str, now: str, day: date | None) -> None:
    assert reminder_day(utc(now), zone, WorkingTime(days=WEEK)) == day


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "", "/etc/passwd", "../UTC", "\x00"])
def test_an_unknown_zone_counts_as_utc_or_as_the_one_to_fall_back_on(zone: str) -> None:
    assert digest_moment(date(2026, 11, 20), zone, time(9)) == utc("2026-11-20T09:00")
    assert zone_of(zone, default="Asia/Manila") == ZoneInfo("Asia/Manila")


def test_within_a_week_a_moment_has_its_weekday_by_the_readers_calendar() -> None:
    now = datetime(2026, 11, 23, 20, tzinfo=UTC)  # a Monday; in Manila it is Tuesday
    utc, manila = ZoneInfo("UTC"), ZoneInfo("Asia/Manila")
    moments = [now + timedelta(days=days) for days in (-1, 0, 1, 2, 6, 7)]
    assert [weekday_of(each, now, utc) for each in moments] == ["", "", "", "Wed", "Sun", ""]
    assert [weekday_of(each, now, manila) for each in moments] == ["", "", "", "Thu", "Mon", ""]
