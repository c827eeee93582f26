"""The policy file: who reviews, where, when people are reminded. Pure: text in, Policy out.

A reviewer or admin is a Slack user id (`U…`, `W…`) or a user group id (`S…`); the members of a
group are looked up by `bot` and kept in the store, so that every replica answers alike.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    ValidationError,
)

from store.domain.access import Roster
from store.domain.canonical import digest
from store.domain.deadlines import WorkingTime
from store.domain.holidays import is_place

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PolicyError(ValueError):
    """The policy file cannot be used; the text is a sentence that names the setting."""


def _member(value: str) -> str:
    if value[:1] not in {"U", "W", "S"} or not value.isalnum() or not value.isupper():
        raise ValueError(f"{value!r} is not a Slack user id (U…) or user group id (S…)")
    return value


def _channel(value: str) -> str:
    if value[:1] not in {"C", "G"} or not value.isalnum() or not value.isupper():
        raise ValueError(f"{value!r} is not a channel id (C…); copy it from the channel's details")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone name such as Asia/Manila")
    return value


def _weekday(value: str) -> str:
    if value not in WEEKDAYS:
        raise ValueError(f"{value!r} is not a day; use {', '.join(WEEKDAYS)}")
    return value


def _time_of_day(value: object) -> time:
    # A bare number would be taken for seconds since midnight, an offset would move the zone.
    try:
        moment = time.fromisoformat(str(value)) if isinstance(value, str | time) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo:
        said = "this" if isinstance(value, dict | list) else str(value)
        raise ValueError(f"{said} is not a time of day; use 09:00:00")
    return moment


def _holiday(value: object) -> object:
    # TOML has dates of its own, without quotes; a moment of a day is no day off.
    entry = value.isoformat() if type(value) is date else value
    if not isinstance(entry, str) or not (_is_date(entry) or is_place(entry)):
        said = "this" if isinstance(value, dict | list) else str(value)
        raise ValueError(
            f"{said} is not a holiday; use a date such as 2026-12-24, the code of a country such "
            "as PH, or of a part of one such as DE-BY"
        )
    return entry


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _office_hours(value: object) -> object:
    hours = value if isinstance(value, list | tuple) else ()
    if len(hours) != 2:
        raise ValueError('use when the day begins and when it ends, such as ["09:00", "18:00"]')
    opens, closes = (_time_of_day(each) for each in hours)
    if opens >= closes:
        raise ValueError(f"the day ends at {closes:%H:%M}, but that is not after {opens:%H:%M}")
    return opens, closes


Member = Annotated[str, AfterValidator(_member)]


class Policy(BaseModel):
    """`[workspace]` of the policy file. No reviewers and no admins means nobody may approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    admins: tuple[Member, ...] = ()
    reviewers: tuple[Member, ...] = ()
    channel: Annotated[str, AfterValidator(_channel)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    digest_at: Annotated[time, BeforeValidator(_time_of_day)] = time(9)
    remind_after_hours: Annotated[int, Field(ge=1, le=720, strict=True)] = 24
    nudge_after_days: Annotated[int, Field(ge=1, le=90, strict=True)] = 7
    working_days: tuple[Annotated[str, AfterValidator(_weekday)], ...] = WEEKDAYS[:5]
    holidays: tuple[Annotated[str, BeforeValidator(_holiday)], ...] = ()
    office_hours: Annotated[tuple[time, time], BeforeValidator(_office_hours)] | None = None
    own_requests: StrictBool = False
    keep_details_days: Annotated[int, Field(ge=1, le=36500, strict=True)] | None = None
    keep_profiles_days: Annotated[int, Field(ge=1, le=36500, strict=True)] | None = None
    _sha256: str | None = PrivateAttr(None)
    _changed_at: datetime | None = PrivateAttr(None)

    def __eq__(self, other: object) -> bool:
        """Whether they say the same, whatever file each is from."""
        return isinstance(other, Policy) and self.__dict__ == other.__dict__

    @property
    def sha256(self) -> str:
        """Which policy this is: the SHA-256, in hex, of what its file says as canonical JSON.

        Comments, line ends and the order of settings make no other, and neither do the defaults of
        this version for what the file leaves out.
        """
        said = self.model_dump(mode="json", exclude_unset=True)
        return self._sha256 or _sha256({"workspace": said})

    @property
    def changed_at(self) -> datetime | None:
        """When its file was last changed (aware UTC); None where it comes from no file."""
        return self._changed_at

    @property
    def working_time(self) -> WorkingTime:
        """Which hours count, and on which days people are reminded."""
        days = frozenset(WEEKDAYS.index(day) for day in self.working_days)
        return WorkingTime(self.timezone, days, self.holidays, self.office_hours)

    @property
    def groups(self) -> frozenset[str]:
        """The user group ids whose members have to be known."""
        return frozenset(m for m in (*self.admins, *self.reviewers) if m.startswith("S"))

    @property
    def users(self) -> frozenset[str]:
        """The people who are named themselves."""
        return frozenset((*self.admins, *self.reviewers)) - self.groups

    def roster(self, members: Mapping[str, frozenset[str]]) -> Roster:
        """Who holds which role, given each group's members; an unknown group has none."""

        def resolve(entries: tuple[str, ...]) -> frozenset[str]:
            return frozenset().union(*(members.get(e, _itself(e)) for e in entries))

        return Roster(admins=resolve(self.admins), reviewers=resolve(self.reviewers))

    @classmethod
    def parse(cls, text: str, *, changed_at: datetime | None = None) -> Self:
        """Read the file's text. Raises PolicyError with every wrong setting named."""
        try:
            document = tomllib.loads(text)
            found = cls.model_validate(_workspace(document))
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"The policy file is not valid TOML: {error}.") from error
        except ValidationError as error:
            raise PolicyError(" ".join(_sentence(e) for e in error.errors())) from error
        except RecursionError as error:
            raise PolicyError("The policy file is nested too deep; see the example.") from error
        found._sha256, found._changed_at = _sha256(document), changed_at
        return found


class PolicyInForce:
    """Holds the policy in force: whoever needs it asks each time, and nobody keeps a copy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy


def _sha256(document: Mapping[str, Any]) -> str:
    """Of a document as TOML has it: JSON has no times, so they are written as text."""
    return digest(json.loads(json.dumps(document, default=str)))


def _itself(entry: str) -> frozenset[str]:
    return frozenset() if entry.startswith("S") else frozenset({entry})


def _workspace(document: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(document) - {"workspace"})
    if unknown:
        raise PolicyError(
            f"The policy file has an unknown part [{unknown[0]}]; it has [workspace]."
        )
    workspace = document.get("workspace")
    if not isinstance(workspace, dict):
        raise PolicyError("The policy file has no [workspace] part.")
    return workspace


def _sentence(error: Any) -> str:
    setting = ".".join(str(part) for part in error["loc"] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        return f"[workspace] has no setting {setting}; it has {', '.join(Policy.model_fields)}."
    if error["type"] == "value_error":
        return f"[workspace] {setting}: {error['ctx']['error']}."
    use = _USE_FOR.get(setting) or _USE.get(error["type"], "this value is not accepted")
    return f"[workspace] {setting}: {use}."


_USE_FOR = {
    "remind_after_hours": "use a whole number of hours from 1 to 720",
    "nudge_after_days": "use a whole number of days from 1 to 90",
    "keep_details_days": "use a whole number of days from 1 to 36500",
    "keep_profiles_days": "use a whole number of days from 1 to 36500",
    "holidays": 'use a list, such as ["PH", "2026-12-24"]',
}
_USE = {
    "tuple_type": 'use a list, such as ["U012ABCDEF"]',
    "string_type": "use text in quotes",
    "bool_type": "use true or false",
}
"""What to write instead, by pydantic's name for what was wrong; its words are for programmers."""
