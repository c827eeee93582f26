"""Now is an argument; this is where the argument comes from, and what a time zone's name means."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment as an aware UTC datetime."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def zone_of(name: str, default: str = "UTC") -> ZoneInfo:
    """The time zone of an IANA name; that of `default` where this machine does not know it.

    A Slack profile may carry any text, and an odd one is no reason to fail.
    """
    return ZoneInfo(name if is_zone(name) else default)


def day_after(moment: datetime, zone: str) -> datetime:
    """When the day of a moment is over where that zone is."""
    here = moment.astimezone(zone_of(zone))
    return datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name."""
    try:
        ZoneInfo(name)
    # An unknown name, one that cannot be a name, and one that is a folder of names ("America").
    except (KeyError, ValueError, OSError):
        return False
    return True
