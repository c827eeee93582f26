"""For whom something is drawn: their names for ids, their time zone, the time.

Dates follow Slack's date tokens in its English words. Must stay true: a date that cannot be
formatted shows its fallback, as in Slack.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"\{(\w+)\}")
_AGES = ((86400, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True)
class Reader:
    """`names` turns a user, channel or user group id into a name without its sign.

    `tz` is an IANA zone. Without a `now` no date is "today" and none has an age.
    """

    names: Callable[[str], str] = str
    tz: str = "UTC"
    now: datetime | None = None

    def date(self, unix: str, template: str, fallback: str) -> str:
        """What `<!date^unix^template|fallback>` shows. Slack: docs.slack.dev, formatting text."""
        try:
            at = datetime.fromtimestamp(int(unix), UTC).astimezone(ZoneInfo(self.tz))
        except (ValueError, OverflowError, OSError):
            return fallback
        if any(token not in _FORMATS for token in _TOKEN.findall(template)):
            return fallback
        shown = _TOKEN.sub(lambda found: _FORMATS[found[1]](self, at), template)
        return shown[:1].upper() + shown[1:] if template.startswith("{") else shown

    def near(self, at: datetime) -> str | None:
        """today, yesterday or tomorrow on the reader's calendar, else nothing."""
        if self.now is None:
            return None
        days = (at.date() - self.now.astimezone(at.tzinfo).date()).days
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)

    def age(self, at: datetime) -> str:
        """How long ago, in the largest whole unit; the short date without a now."""
        if self.now is None:
            return _short(at)
        passed = self.now - at
        return _words(passed) if passed >= timedelta(0) else f"in {_words(-passed)[:-4]}"


def _words(passed: timedelta) -> str:
    seconds = int(passed.total_seconds())
    for size, unit in _AGES:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "moments ago"


def _ordinal(day: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{day}{'th' if day in (11, 12, 13) else endings.get(day % 10, 'th')}"


def _short(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at.year}"


def _full(at: datetime) -> str:
    return f"{at:%B} {_ordinal(at.day)}, {at.year}"


def _long(at: datetime) -> str:
    return f"{at:%A}, {_full(at)}"


def _clock(at: datetime, seconds: str = "") -> str:
    return f"{at.hour % 12 or 12}:{at:%M}{seconds} {at:%p}"


_FORMATS: dict[str, Callable[[Reader, datetime], str]] = {
    "date_num": lambda _, at: f"{at:%Y-%m-%d}",
    "date_slash": lambda _, at: f"{at:%m/%d/%Y}",
    "date": lambda _, at: _full(at),
    "date_short": lambda _, at: _short(at),
    "date_long": lambda _, at: _long(at),
    "date_long_full": lambda _, at: f"{at:%B} {at.day}, {at.year}",
    "date_pretty": lambda reader, at: reader.near(at) or _full(at),
    "date_short_pretty": lambda reader, at: reader.near(at) or _short(at),
    "date_long_pretty": lambda reader, at: reader.near(at) or _long(at),
    "day_divider_pretty": lambda reader, at: reader.near(at) or _long(at),
    "time": lambda _, at: _clock(at),
    "time_secs": lambda _, at: _clock(at, f":{at:%S}"),
    "ago": lambda reader, at: reader.age(at),
}
