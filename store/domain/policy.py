"""The policy file: who reviews, where, when people are reminded. Pure: text in, Policy out.

A reviewer or admin is a Slack user id (`U…`, `W…`) or a user group id (`S…`); the members of a
group are looked up by `bot` and kept in the store, so that every replica answers alike.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

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
from store.domain.approval_notes import Asking
from store.domain.canonical import digest
from store.domain.clock import is_zone
from store.domain.deadlines import WorkingTime, working_deadline
from store.domain.draft import SENT_AS
from store.domain.holidays import is_place
from store.domain.links import looked_up
from store.domain.request import Category, Environment, Request
from store.domain.resting import Resting
from store.domain.terms import ALL, Needed, Stage, Terms, seat
from store.domain.typed_text import folded, one_line

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
    if not is_zone(value):
        raise ValueError(f"{value!r} is not the name of a time zone; use one such as Asia/Manila")
    return value


def _platform_url(value: str) -> str:
    if len(value) > 1000 or not _PLATFORM_URL.fullmatch(value):
        raise ValueError(_HOW_PLATFORM_URL)
    return value


_PLATFORM_URL = re.compile(
    r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?"
    r"([/?]([!-z|~]|\{external_id\}|\{mini_program_id\})*)?",
    re.IGNORECASE | re.ASCII,
)
_HOW_PLATFORM_URL = (
    "use an address that begins with https://, in which {external_id} and {mini_program_id} stand "
    "for those of a request"
)


def _link_host(value: object) -> object:
    name = looked_up(value) if isinstance(value, str) else None
    if name is None:
        said = "this" if isinstance(value, dict | list) else f"{value!r}"
        raise ValueError(f"{said} is not the name of a host; use one such as jira.example.com")
    return name


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


def _name(value: str) -> str:
    name = one_line(value)
    if not name or len(name) > NAME_LIMIT:
        raise ValueError(f"{value!r} is not a name of 1 to {NAME_LIMIT} characters")
    return name


def _needed(value: object) -> object:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100
    if not is_number and value != ALL:
        raise ValueError('use a number from 1 to 100, or "all"')
    return value


_MOST_FOUND = 10_000
"""Kinds of requests whose rule is remembered."""
NAME_LIMIT = 75
"""Characters of the name of a rule or stage: they stand on cards and in filters."""
Member = Annotated[str, AfterValidator(_member)]
Name = Annotated[str, AfterValidator(_name)]
Channel = Annotated[str, AfterValidator(_channel)]
Hours = Annotated[int, Field(ge=1, le=720, strict=True)]
LinkHost = Annotated[str, BeforeValidator(_link_host)]
Warned = Annotated[str, Field(max_length=300)]
Ready = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=150)], ...], Field(max_length=50)
]
"""Ready-made questions. Slack: 150 characters are what an entry of a menu carries."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules compare of a request. Names are folded; `target_app` may be empty."""

    category: Category
    environment: Environment
    target_app: str
    mini_program: str

    @classmethod
    def of(cls, category: Category, environment: Environment, app: str, program: str) -> Self:
        """The same of names as they were written."""
        return cls(category, environment, folded(app), folded(program))


def _folded(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(map(folded, names))


class RuleStage(BaseModel):
    """A stage of a rule: who decides at it, and how many of them have to approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    reviewers: Annotated[tuple[Member, ...], Field(min_length=1)]
    needed: Annotated[Needed, BeforeValidator(_needed)] = 1


class Rule(BaseModel):
    """One of `[[rules]]`: which requests it is for, and what it asks for in the workspace's place.

    A key that is left out matches every request. Without stages the workspace's reviewers decide.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    category: tuple[Category, ...] | None = None
    environment: tuple[Environment, ...] | None = None
    target_app: tuple[Name, ...] | None = None
    mini_program: tuple[Name, ...] | None = None
    channel: Channel | None = None
    stages: tuple[RuleStage, ...] = ()
    target_hours: Hours | None = None
    escalate_after_hours: Hours | None = None
    escalate_to: tuple[Member, ...] | None = None
    warning: Warned | None = None
    submitters: tuple[Member, ...] | None = None
    questions: Ready | None = None
    approve_note: Asking | None = None

    def matching(self) -> Callable[[Asked], bool]:
        """Whether it is for a request. One without a target app is for no named target app.

        The names are folded once, and the keys that are left out are not asked for.
        """
        wanted = [
            (value_of, frozenset(values))
            for value_of, values in (
                (attrgetter("category"), self.category),
                (attrgetter("environment"), self.environment),
                (attrgetter("target_app"), _folded(self.target_app)),
                (attrgetter("mini_program"), _folded(self.mini_program)),
            )
            if values is not None
        ]
        return lambda asked: all(value_of(asked) in values for value_of, values in wanted)

    @property
    def terms(self) -> Terms:
        """What a request that it is for needs."""
        stages = tuple(Stage(stage.name, stage.needed) for stage in self.stages)
        hours = self.target_hours, self.escalate_after_hours
        return Terms(self.name, stages, self.warning, *hours)


def asked(request: Request) -> Asked:
    """What they compare of a stored request."""
    app, program = request.target_app, request.mini_program_id
    return Asked.of(request.category, request.environment, app, program)


class Policy(BaseModel):
    """`[workspace]` of the policy file, and its `[[rules]]`.

    No reviewers and no admins means nobody may approve.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    admins: tuple[Member, ...] = ()
    reviewers: tuple[Member, ...] = ()
    emergency: tuple[Member, ...] = ()
    channel: Channel | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    digest_at: Annotated[time, BeforeValidator(_time_of_day)] = time(9)
    remind_after_hours: Annotated[int, Field(ge=1, le=720, strict=True)] = 24
    testing_hours: Hours = 8
    nudge_after_days: Annotated[int, Field(ge=1, le=90, strict=True)] = 7
    working_days: tuple[Annotated[str, AfterValidator(_weekday)], ...] = WEEKDAYS[:5]
    holidays: tuple[Annotated[str, BeforeValidator(_holiday)], ...] = ()
    office_hours: Annotated[tuple[time, time], BeforeValidator(_office_hours)] | None = None
    question_rest_days: Annotated[int, Field(ge=1, le=90, strict=True)] = 5
    own_requests: StrictBool = False
    delegates: Literal["reviewers", "anyone"] = "reviewers"
    quick_approve: tuple[Environment, ...] = (Environment.SANDBOX,)
    burst: Annotated[int, Field(ge=0, le=1000, strict=True)] = 5
    admins_decide: StrictBool = True
    distinct_stages: StrictBool = True
    target_hours: Hours | None = None
    escalate_after_hours: Hours | None = None
    escalate_to: tuple[Member, ...] | None = None
    warning: Warned | None = None
    submitters: tuple[Member, ...] | None = None
    questions: Ready | None = None
    approve_note: Asking = Asking.OFF
    rules: tuple[Rule, ...] = ()
    keep_details_days: Annotated[int, Field(ge=1, le=36500, strict=True)] | None = None
    keep_profiles_days: Annotated[int, Field(ge=1, le=36500, strict=True)] | None = None
    platform_url: Annotated[str, AfterValidator(_platform_url)] | None = None
    link_hosts: Annotated[tuple[LinkHost, ...], Field(max_length=100)] | None = None
    _sha256: str | None = PrivateAttr(None)
    _changed_at: datetime | None = PrivateAttr(None)
    _seats: dict[str, tuple[str, ...]] = PrivateAttr(default_factory=dict)
    _matching: tuple[tuple[Callable[[Asked], bool], Rule], ...] = PrivateAttr(())
    _names: dict[str, tuple[AbstractSet[str] | None, ...]] = PrivateAttr(default_factory=dict)
    _named: tuple[AbstractSet[str], AbstractSet[str]] = PrivateAttr((frozenset(), frozenset()))
    _found: dict[Asked, Rule | None] = PrivateAttr(default_factory=dict)
    _groups: frozenset[str] = PrivateAttr(frozenset())
    _users: frozenset[str] = PrivateAttr(frozenset())

    def model_post_init(self, _context: Any) -> None:
        """Gather who is named once: it is asked with every click."""
        named = {*self.admins, *self.reviewers, *self.emergency}
        named.update(self.submitters or (), self.escalate_to or ())
        self._seats = {}
        self._matching = tuple((rule.matching(), rule) for rule in self.rules)
        self._names = {
            rule.name: tuple(
                None if names is None else frozenset(map(folded, names))
                for names in (rule.target_app, rule.mini_program)
            )
            for rule in self.rules
        }
        apps, programs = zip(*self._names.values(), strict=True) if self._names else ((), ())
        self._named = (
            frozenset().union(*(names or () for names in apps)),
            frozenset().union(*(names or () for names in programs)),
        )
        self._found = {}
        for rule in self.rules:
            named.update(rule.submitters or (), rule.escalate_to or ())
            for stage in rule.stages:
                named.update(stage.reviewers)
                self._seats[seat(rule.name, stage.name)] = stage.reviewers
        self._groups = frozenset(entry for entry in named if entry.startswith("S"))
        self._users = frozenset(named) - self._groups

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other settings: who is named in it is gathered anew."""
        copied = super().model_copy(update=update, deep=deep)
        copied.model_post_init(None)
        if update:
            copied._sha256 = None
        return copied

    def __eq__(self, other: object) -> bool:
        """Whether they say the same, whatever file each is from."""
        return isinstance(other, Policy) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Of a part that is the same in equal ones: what acts share is found by it."""
        return hash((self.admins, self.reviewers, len(self.rules)))

    @property
    def sha256(self) -> str:
        """Which policy this is: the SHA-256, in hex, of what its file says as canonical JSON.

        Comments, line ends and the order of settings make no other, and neither do the defaults of
        this version for what the file leaves out.
        """
        if self._sha256 is None:
            said = self.model_dump(mode="json", exclude_unset=True)
            self._sha256 = _sha256({"workspace": said})
        return self._sha256

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
    def resting(self) -> Resting:
        """How the clock of a request rests while a question is open; a day is a working day."""
        opens, closes = self.office_hours or (time(0), time(0))
        minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute or 24 * 60
        return Resting(self.working_time, timedelta(minutes=minutes) * self.question_rest_days)

    @property
    def groups(self) -> frozenset[str]:
        """The user group ids whose members have to be known."""
        return self._groups

    @property
    def overseeing(self) -> tuple[str, ...]:
        """The people and groups that see every request."""
        return (*self.admins, *self.reviewers, *self.emergency)

    @property
    def overseeing_groups(self) -> list[str]:
        """Those of them whose members see every request."""
        return [entry for entry in self.overseeing if entry.startswith("S")]

    def named_at(self, seats: Iterable[str]) -> frozenset[str]:
        """The people and groups that decide at these stages, or see everything."""
        deciding = (self._seats.get(seat, ()) for seat in seats)
        return frozenset(chain(self.overseeing, *deciding))

    def named_by(self, rules: Iterable[Rule | None]) -> frozenset[str]:
        """The people and groups that decide what goes by these rules or may submit it, and the
        admins; an entry None is the workspace.
        """
        named = set(self.admins)
        for rule in rules:
            for each in self.terms(rule).seats:  # a rule without stages has the workspace's, ""
                named.update(self._seats.get(each, ()) if each else self.reviewers)
            named.update(self.submitters_by(rule) or ())
        return frozenset(named)

    @property
    def users(self) -> frozenset[str]:
        """The people who are named themselves."""
        return self._users

    @property
    def channels(self) -> list[str]:
        """Every channel that gets copies."""
        named = (self.channel, *(rule.channel for rule in self.rules))
        return list(dict.fromkeys(channel for channel in named if channel))

    def rule_for(self, asked: Asked) -> Rule | None:
        """The first rule that is for this request; None: it goes by `[workspace]`.

        Names that no rule names are alike, so that what was found once is found at once.
        """
        apps, programs = self._named
        alike = replace(
            asked,
            target_app=asked.target_app if asked.target_app in apps else "",
            mini_program=asked.mini_program if asked.mini_program in programs else "",
        )
        if alike not in self._found:
            if len(self._found) >= _MOST_FOUND:
                self._found.clear()
            matching = (rule for matches, rule in self._matching if matches(alike))
            self._found[alike] = next(matching, None)
        return self._found[alike]

    def rules_of(
        self,
        category: Category,
        environment: Environment,
        *,
        app: str | None = None,
        program: str | None = None,
    ) -> Iterator[Rule | None]:
        """Every rule that may be for a request of this kind, in order; None stands for
        `[workspace]`. The target app and the id of the mini program are folded; None: not known.
        """
        if not category.spec.has_target_app:
            app = ""
        for rule in self.rules:
            unknown = False
            fits = environment in (rule.environment or (environment,))
            fits = fits and category in (rule.category or (category,))
            for names, known in zip(self._names[rule.name], (app, program), strict=True):
                unknown = unknown or (names is not None and known is None)
                fits = fits and (names is None or known is None or known in names)
            if fits:
                yield rule
                if not unknown:
                    return
        yield None

    def rule_named(self, name: str | None) -> Rule | None:
        """The rule of this name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def terms(self, rule: Rule | None) -> Terms:
        """What a request needs by this rule, or by `[workspace]`."""
        found = rule.terms if rule else Terms()
        return replace(
            found,
            warning=found.warning or self.warning,
            target_hours=found.target_hours or self.target_hours,
            escalate_after_hours=found.escalate_after_hours or self.escalate_after_hours,
        )

    def submitters_by(self, rule: Rule | None) -> tuple[str, ...] | None:
        """Who may submit by this rule; None: anybody."""
        by_rule = rule.submitters if rule else None
        return self.submitters if by_rule is None else by_rule

    def questions_for(self, request: Request) -> tuple[str, ...]:
        """The ready-made questions of the rule that a request goes by, else of the workspace."""
        rule = self.rule_named(request.terms.rule)
        by_rule = rule.questions if rule else None
        return (self.questions if by_rule is None else by_rule) or ()

    def approve_note_for(self, request: Request) -> Asking:
        """Whether an approval of this request takes a note, or needs one."""
        rule = self.rule_named(request.terms.rule)
        return (rule and rule.approve_note) or self.approve_note

    def channel_by(self, rule: Rule | None) -> str | None:
        """The review channel of what goes by this rule: its own, the workspace's, or none."""
        return rule.channel if rule and rule.channel else self.channel

    def platform_address(self, request: Request) -> str | None:
        """Where the platform shows it; None where that is not known.

        The platform does not know the external id of what was submitted in Slack.
        """
        if self.platform_url is None:
            return None
        if "{external_id}" in self.platform_url and request.external_id.startswith(SENT_AS):
            return None
        return self.platform_url.format(
            external_id=quote(request.external_id, safe=""),
            mini_program_id=quote(request.mini_program_id, safe=""),
        )

    def shown(self, request: Request) -> Request:
        """The request with the addresses that may be followed from it."""
        there = self.platform_address(request)
        return replace(request, on_platform=there, link_hosts=self.link_hosts)

    def due_at(self, terms: Terms, submitted_at: datetime) -> datetime:
        """When a request is overdue: it runs from submit."""
        return deadline(submitted_at, terms.target_hours or self.remind_after_hours, self)

    def escalate_at(self, terms: Terms, submitted_at: datetime) -> datetime | None:
        """When others are called if nobody has decided: it runs from submit; None for never."""
        hours = terms.escalate_after_hours
        return deadline(submitted_at, hours, self) if hours else None

    def escalate_to_by(self, rule: Rule | None) -> tuple[str, ...]:
        """The people and groups that are called; empty for the admins."""
        by_rule = rule.escalate_to if rule else None
        return by_rule or self.escalate_to or ()

    def roster(
        self, members: Mapping[str, frozenset[str]], gone: frozenset[str] = frozenset()
    ) -> Roster:
        """Who holds which role, given each group's members; an unknown group has none.

        Who is `gone` has left Slack and holds none.
        """

        def resolve(entries: tuple[str, ...]) -> frozenset[str]:
            return frozenset().union(*(members.get(e, _itself(e)) for e in entries))

        return Roster(
            admins=resolve(self.admins) - gone,
            reviewers=resolve(self.reviewers) - gone,
            emergency=resolve(self.emergency) - gone,
            seats=self._seats,
            members=members,
            gone=gone,
        )

    @classmethod
    def parse(cls, text: str, *, changed_at: datetime | None = None) -> Self:
        """Read the file's text. Raises PolicyError with every wrong setting named."""
        try:
            document = tomllib.loads(text)
            found = cls.model_validate(_workspace(document) | {"rules": _rules(document)})
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"The policy file is not valid TOML: {error}.") from error
        except ValidationError as error:
            raise PolicyError(" ".join(_sentence(e) for e in error.errors())) from error
        except RecursionError as error:
            raise PolicyError(
                "The policy file is nested too deep; see policy.example.toml."
            ) from error
        found._sha256, found._changed_at = _sha256(document), changed_at
        return found


def deadline(start: datetime, hours: int, policy: Policy) -> datetime:
    """The moment by which so many working hours of the workspace have passed."""
    return working_deadline(start, hours, policy.working_time)


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
    unknown = sorted(set(document) - {"workspace", "rules"})
    if unknown:
        raise PolicyError(
            f"The policy file has an unknown part [{unknown[0]}]; "
            "it has [workspace] and any number of [[rules]]."
        )
    workspace = document.get("workspace")
    if not isinstance(workspace, dict):
        raise PolicyError("The policy file has no [workspace] part.")
    if "rules" in workspace:
        raise PolicyError("[workspace] has no setting rules; each rule is a part [[rules]].")
    return workspace


def _rules(document: dict[str, Any]) -> list[Any]:
    """The rules as they stand in the file. Two of one name could not be told apart later."""
    rules = document.get("rules", [])
    if not isinstance(rules, list):
        raise PolicyError("Each rule of the policy file is a part [[rules]], in double brackets.")
    _refuse_twice("[[rules]]", rules)
    for rule in rules:
        stages = rule.get("stages") if isinstance(rule, dict) else None
        if isinstance(stages, list):
            _refuse_twice(f"[[rules]] {rule.get('name')}: stages", stages)
    return rules


def _refuse_twice(place: str, parts: list[Any]) -> None:
    seen: set[str] = set()
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        if isinstance(name, str) and folded(name) in seen:
            raise PolicyError(f"{place} has the name {name!r} twice; each needs one of its own.")
        seen.add(folded(name) if isinstance(name, str) else "")


def _sentence(error: Any) -> str:
    place = [str(part) for part in error["loc"] if isinstance(part, str)]
    part, fields = "[workspace]", [name for name in Policy.model_fields if name != "rules"]
    if place[:1] == ["rules"]:  # a rule is named by its place: its name may be what is wrong
        part, place = f"[[rules]] number {error['loc'][1] + 1}", place[1:]
        fields = list(RuleStage.model_fields if place[:1] == ["stages"] else Rule.model_fields)
    setting = ".".join(place)
    if error["type"] == "extra_forbidden":
        return f"{part} has no setting {setting}; it has {', '.join(fields)}."
    if error["type"] == "missing":
        return f"{part} lacks {setting}."
    if error["type"] == "value_error":
        return f"{part} {setting}: {error['ctx']['error']}."
    last = place[-1] if place else ""
    known = f"use {error['ctx']['expected']}" if error["type"] == "enum" else None
    use = _USE_FOR.get(last) or known or _USE.get(error["type"], "this value is not accepted")
    return f"{part} {setting}: {use}."


_USE_FOR = {
    "remind_after_hours": "use a whole number of hours from 1 to 720",
    "testing_hours": "use a whole number of hours from 1 to 720",
    "target_hours": "use a whole number of hours from 1 to 720",
    "escalate_after_hours": "use a whole number of hours from 1 to 720",
    "question_rest_days": "use a whole number of days from 1 to 90",
    "nudge_after_days": "use a whole number of days from 1 to 90",
    "keep_details_days": "use a whole number of days from 1 to 36500",
    "keep_profiles_days": "use a whole number of days from 1 to 36500",
    "delegates": 'use "reviewers" or "anyone"',
    "burst": "use a whole number from 0 to 1000; 0 is a card for each",
    "link_hosts": 'use a list of at most 100 hosts, such as ["jira.example.com"]',
    "holidays": 'use a list, such as ["PH", "2026-12-24"]',
    "approve_note": 'use "off", "optional" or "required"',
    "questions": "use a list of at most 50 questions, each of 1 to 150 characters",
    "quick_approve": 'use a list of "production" and "sandbox", such as ["sandbox"]',
}
_USE = {
    "tuple_type": 'use a list, such as ["U012ABCDEF"]',
    "string_type": "use text in quotes",
    "bool_type": "use true or false",
    "string_too_long": "use at most 300 characters",
    "too_short": "name at least one person or group",
}
"""What to write instead, by pydantic's name for what was wrong; its words are for programmers."""
