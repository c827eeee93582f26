"""Days off: dates of the team's own, and the public holidays of countries and their parts.

Which days a country has off is data of the `holidays` package; a new version of it may know more.
"""

from datetime import date
from functools import cache


def is_holiday(day: date, entries: tuple[str, ...]) -> bool:
    """Whether a date is off by any of these: `2026-12-24`, a country `PH`, or a part `DE-BY`."""
    return bool(entries) and (
        day.isoformat() in entries
        or any(day in _public(entry, day.year) for entry in entries if entry[:1].isalpha())
    )


def is_place(entry: str) -> bool:
    """Whether the holidays of a country (`PH`) or of its part (`DE-BY`) are known."""
    from holidays import list_supported_countries

    country, dash, part = entry.partition("-")
    parts = list_supported_countries(include_aliases=False).get(country)
    return parts is not None and (not dash or part in parts)


@cache
def _public(place: str, year: int) -> frozenset[date]:
    # Imported here because most policies name no country, and a start would wait for it.
    from holidays import country_holidays

    country, _, part = place.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))
