"""Days as people type them: `3 Dec`, `Dec 3rd 2026`, `2026-12-03`, `Friday`, `tomorrow`."""

import re
from calendar import day_name, month_name
from datetime import date, timedelta

from store.domain.typed_text import folded

HOW = "`3 Dec`, `Friday`, `tomorrow` or `2026-12-03`"
"""What is understood, as examples; finished mrkdwn."""
_MONTHS = {month_name[number].casefold(): number for number in range(1, 13)}
_WEEKDAYS = {day_name[number].casefold(): number for number in range(7)}
_DAY, _MONTH = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<month>[a-z]{3,})\.?"
_WEEKDAY, _YEAR = r"(?:[a-z]{3,}\.?,? )?", r"(?:,? (?P<year>\d{4}))?"
_WRITTEN = [
    re.compile(f"{_WEEKDAY}{_DAY}(?: of)? {_MONTH}{_YEAR}"),
    re.compile(f"{_WEEKDAY}{_MONTH} {_DAY}{_YEAR}"),
]


def read_day(text: str, today: date) -> date | None:
    """The day these words mean, seen from `today`; None for words that mean none.

    Without a year it is the next such day, `today` included. Numbers alone (`3/12`) are not read:
    people differ about which of them is the month.
    """
    said = folded(text).removeprefix("on ").removeprefix("the ")
    if said == "today":
        return today
    if said == "tomorrow":
        return today + timedelta(days=1)
    weekday = _named(said.removeprefix("next ").removeprefix("this "), _WEEKDAYS)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", said):
        return _date(*map(int, said.split("-")))
    found = next(filter(None, (written.fullmatch(said) for written in _WRITTEN)), None)
    month = _named(found["month"], _MONTHS) if found else None
    if not found or month is None:
        return None
    if found["year"]:
        return _date(int(found["year"]), month, int(found["day"]))
    years = range(today.year, today.year + 9)  # 29 February may be eight years away
    days = (_date(year, month, int(found["day"])) for year in years)
    return next((day for day in days if day and day >= today), None)


def _named(word: str, names: dict[str, int]) -> int | None:
    """What a name means, which may be cut short after three letters."""
    near = [number for name, number in names.items() if name.startswith(word.rstrip("."))]
    return near[0] if len(near) == 1 and len(word) >= 3 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
