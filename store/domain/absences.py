"""Who is away, until when, and who stands in for them at a moment. Pure.

Whoever is away may still decide; somebody who stands in decides for them, by their right and by no
right of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from store.domain.clock import zone_of
from store.domain.deadlines import first_moment

MOST_STEPS = 3
"""How many delegates in a row may be away themselves until nobody stands in."""
FURTHEST = timedelta(days=2 * 366)
"""Ours: a date further away than this is a slip."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away from `since` on until `until`, the moment they are back (aware UTC).

    `last_day` is the day before that where they live, as people say it; both are None until they
    say that they are back. `set_by` is who said so, they themselves or an admin.
    """

    user: str
    since: datetime
    until: datetime | None = None
    last_day: date | None = None
    delegate: str | None = None
    set_by: str = ""

    def covers(self, now: datetime) -> bool:
        """Whether they are away at this moment."""
        return self.since <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether they are back."""
        return self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True)
class Away:
    """An absence that is in force, and who stands in; maybe nobody, though a delegate is named."""

    absence: Absence
    stand_in: str | None


class AbsenceDenial(StrEnum):
    """Why somebody cannot be set as away, or as back. `blocks.absence` has a sentence for each."""

    NOT_AN_ADMIN = "not_an_admin"
    OWN_DELEGATE = "own_delegate"
    NOT_A_DELEGATE = "not_a_delegate"
    DELEGATE_HAS_LEFT = "delegate_has_left"
    OVER = "over"
    BACKWARDS = "backwards"
    TOO_FAR = "too_far"
    NOT_AWAY = "not_away"


@dataclass(frozen=True, slots=True)
class Leave:
    """What somebody asks for: `user` is away from a day to a day, both included, where they live.

    Without `first` from now on, without `last` until they say that they are back. `by` may be an
    admin who asks for somebody else.
    """

    user: str
    by: str
    first: date | None = None
    last: date | None = None
    delegate: str | None = None


def absence(leave: Leave, zone: str, now: datetime) -> Absence | AbsenceDenial:
    """The absence that a wish comes to in its person's time zone, or why its days make none."""
    today = now.astimezone(zone_of(zone)).date()
    first = max(leave.first or today, today)
    if leave.last and leave.last < today:
        return AbsenceDenial.OVER
    if leave.last and leave.last < first:
        return AbsenceDenial.BACKWARDS
    if max(first, leave.last or today) - today > FURTHEST:
        return AbsenceDenial.TOO_FAR
    return Absence(
        user=leave.user,
        since=now if first == today else _begins(first, zone),
        until=_begins(leave.last + timedelta(days=1), zone) if leave.last else None,
        last_day=leave.last,
        delegate=leave.delegate,
        set_by=leave.by,
    )


Absences = Mapping[str, Absence]
"""By the person who is away; each has one at most, which may lie ahead or be over."""


def is_away(user: str, absences: Absences, now: datetime) -> bool:
    """Whether somebody is away at this moment."""
    return user in absences and absences[user].covers(now)


def stand_in(user: str, absences: Absences, now: datetime) -> str | None:
    """Who stands in for somebody: along the chain of delegates the first who is not away.

    None for who is not away, named nobody, or whose chain ends nowhere, is a circle or is longer
    than MOST_STEPS. Whether that person may do so is for `access` to say.
    """
    passed = [user]
    while len(passed) <= MOST_STEPS and is_away(passed[-1], absences, now):
        delegate = absences[passed[-1]].delegate
        if delegate is None or delegate in passed:
            return None
        passed.append(delegate)
    last = passed[-1]
    return None if last == user or is_away(last, absences, now) else last


def _begins(day: date, zone: str) -> datetime:
    return first_moment(day, time(0), zone_of(zone))
