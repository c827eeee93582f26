"""Whole days of somebody's calendar, as a filter takes them: `2026-10`, `>2026-11-01`.

Pure. What must stay true: `parse` reads back what `written` writes as the same days.
"""

import re
from calendar import monthrange
from datetime import date

from store.domain.lists.filter_names import WordsError, echo
from store.domain.lists.query import A_DAY, Days
from store.domain.typed_text import folded, seen

_SPAN = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_OPEN = re.compile(r"(>=|<=|>|<)\s*(.+)")
_RANGE = re.compile(r"(.*?)\s*\.{2,3}\s*(.*)")
_ACCEPTED = (
    "Write a day (`2026-10-05`), a month (`2026-10`), what is after or before one "
    "(`>2026-11-01`, `<2026-11-01`), or the first and the last (`2026-10-01..2026-10-31`)."
)


def parse(text: str) -> Days:
    """The days that were typed. Raises WordsError."""
    typed = folded(seen(text))
    if found := _OPEN.fullmatch(typed):
        sign, span = found[1], _span(found[2], text)
        return _after_or_before(sign, span, text)
    if found := _RANGE.fullmatch(typed):
        first = _span(found[1], text)[0] if found[1] else None
        last = _span(found[2], text)[1] if found[2] else None
        if first is last is None:
            raise _unknown(text)
        if first and last and last < first:
            raise WordsError(f"{echo(text)} ends before it begins. {_ACCEPTED}")
        return _days(first, last)
    return _days(*_span(typed, text))


def written(days: Days) -> str:
    """The one canonical form; empty for all days."""
    first, last = days.first, days.last
    if first and last:
        day = first.isoformat()
        whole = [span for span in (day, day[:7], day[:4]) if _span(span, span) == (first, last)]
        return whole[0] if whole else f"{day}..{last.isoformat()}"
    if first:
        return f">{(first - A_DAY).isoformat()}"
    return f"<{(last + A_DAY).isoformat()}" if last else ""


def _span(typed: str, text: str) -> tuple[date, date]:
    """The first and the last day of a day, a month or a year. Raises WordsError."""
    found = _SPAN.fullmatch(typed)
    if not found:
        raise _unknown(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None, "every span has one"
    try:
        first = date(year, month or 1, day or 1)
        last = date(year, month or 12, day or monthrange(year, month or 12)[1])
    except ValueError:
        raise _unknown(text) from None
    return first, last


def _after_or_before(sign: str, span: tuple[date, date], text: str) -> Days:
    first, last = span
    try:
        match sign:
            case ">":
                return _days(last + A_DAY, None)
            case ">=":
                return _days(first, None)
            case "<":
                return _days(None, first - A_DAY)
            case _:
                return _days(None, last)
    except OverflowError:
        raise _unknown(text) from None


def _days(first: date | None, last: date | None) -> Days:
    """No day is before the first that there is, nor after the last."""
    return Days(None if first == date.min else first, None if last == date.max else last)


def _unknown(text: str) -> WordsError:
    return WordsError(f"I don't know the day {echo(text)}. {_ACCEPTED}")
