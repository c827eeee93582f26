"""Who may do what. Pure, and asked in `store` at the moment of every act.

Hidden buttons are courtesy; this is the rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from store.domain import release_stages
from store.domain.lifecycle import Act, after
from store.domain.request import Request
from store.domain.terms import ALL, Terms


class Denial(StrEnum):
    """Why not. `blocks.refusals` has one sentence for each."""

    UNKNOWN = "unknown"  # no such request, or none this person may see: deliberately the same
    NOT_FOR_YOU = "not_for_you"  # in the review channel, where everybody sees that it is there
    CLOSED = "closed"
    STALE = "stale"
    OWN_REQUEST = "own_request"
    NOT_A_REVIEWER = "not_a_reviewer"
    NOT_THE_SUBMITTER = "not_the_submitter"
    NOBODY_CAN_DECIDE = "nobody_can_decide"
    RELEASED_ONCE = "released_once"
    TARGET_BUSY = "target_busy"
    NOT_RESUBMITTABLE = "not_resubmittable"
    NOT_THE_MOVER = "not_the_mover"
    NO_STAGES = "no_stages"
    WRONG_STAGE = "wrong_stage"
    NOT_AN_ADMIN = "not_an_admin"
    NOT_REFUSED = "not_refused"
    NO_PLATFORM = "no_platform"
    STAGE_PASSED = "stage_passed"
    STAGE_TO_COME = "stage_to_come"
    VOTED = "voted"
    VOTED_BEFORE = "voted_before"
    NOT_A_SUBMITTER = "not_a_submitter"


class Role(StrEnum):
    """What somebody mainly does here."""

    ADMIN = "admin"
    REVIEWER = "reviewer"
    SUBMITTER = "submitter"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which role right now.

    `admins` and `reviewers` are the workspace's, user groups already resolved. `seats` are the
    people and groups that decide at each stage of a rule (`terms.seat`), as the policy names them,
    with the `members` of the groups; who has left Slack is `gone`.
    """

    admins: AbstractSet[str] = frozenset()
    reviewers: AbstractSet[str] = frozenset()
    seats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    gone: AbstractSet[str] = frozenset()

    def oversees(self, user: str) -> bool:
        """Workspace admins and workspace reviewers see every request."""
        return user in self.admins or user in self.reviewers

    def role_of(self, user: str) -> Role:
        """Whoever is both reviewer and admin reviews; who is neither submits."""
        if user in self.reviewers or self.seats_of(user):
            return Role.REVIEWER
        return Role.ADMIN if user in self.admins else Role.SUBMITTER

    def includes(self, user: str, entries: Iterable[str]) -> bool:
        """Whether somebody is among these people and groups of the policy, and still in Slack."""
        if user in self.gone:
            return False
        return any(user == entry or user in self.members.get(entry, ()) for entry in entries)

    def holds(self, user: str, seat: str) -> bool:
        """Whether today's policy lets somebody decide at this stage."""
        if not seat:
            return user in self.reviewers
        return self.includes(user, self.seats.get(seat, ()))

    def seats_of(self, user: str) -> list[str]:
        """Every stage of a rule that somebody decides at."""
        return [seat for seat, entries in self.seats.items() if self.includes(user, entries)]

    def reviews(self, user: str) -> bool:
        """Whether somebody sees more than their own requests: all, or those of their stages."""
        return self.oversees(user) or bool(self.seats_of(user))

    def people(self, entries: Iterable[str]) -> frozenset[str]:
        """Everybody who is among these people and groups of the policy."""
        found: set[str] = set()
        for entry in entries:
            found |= self.members.get(entry, set()) if entry.startswith("S") else {entry}
        return frozenset(found - self.gone)

    def at(self, seat: str) -> AbstractSet[str]:
        """Everybody who decides at this stage."""
        return self.people(self.seats.get(seat, ())) if seat else self.reviewers

    def everybody(self) -> AbstractSet[str]:
        """All who hold any role."""
        return self.people(set().union(*self.seats.values())) | self.admins | self.reviewers


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the rule goes by besides the request: today's roles, and what the policy allows.

    `store.people.rules` makes it in the transaction of the act, and nothing else does.
    `own_requests` lets people decide what they submitted themselves, `admins_decide` lets admins
    decide at any stage; with `distinct_stages` nobody approves at two stages of a request.
    """

    roster: Roster = Roster()
    own_requests: bool = False
    admins_decide: bool = True
    distinct_stages: bool = True


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why."""

    reason: Denial


def may(
    actor: str,
    act: Act,
    request: Request,
    rules: Rules,
    now: datetime,  # noqa: ARG001 - absences begin and end; every caller has the moment at hand
) -> Allowed | Denied:
    """Whether `actor` may do `act` at the moment `now` (aware UTC).

    Permission is checked before status, so only people with permission learn that it is closed.
    Who holds no role any more sees what they decided; of what they were only given to review they
    hear that others decide it.
    """
    roster, own = rules.roster, actor == request.submitted_by
    given = [number for number in _stages(request) if actor in request.assigned_at(number)]
    held = [number for number in given if roster.holds(actor, request.terms.seat(number))]
    if not (own or held or roster.oversees(actor) or actor in request.deciders):
        was_asked = given and act.verdict
        return Denied(Denial.NOT_A_REVIEWER if was_asked else Denial.UNKNOWN)
    match act:
        case Act.SEE:
            return Allowed()
        case Act.MOVE:
            if not own and actor not in roster.admins:
                return Denied(Denial.NOT_THE_MOVER)
            return Allowed() if release_stages.has_stages(request) else Denied(Denial.NO_STAGES)
        case Act.RESUBMIT:
            able = (own or actor in roster.admins) and request.came_to_nothing
            return Allowed() if able else Denied(Denial.NOT_RESUBMITTABLE)
        case Act.SEND:
            refused = Allowed() if request.is_refused_there else Denied(Denial.NOT_REFUSED)
            return refused if actor in roster.admins else Denied(Denial.NOT_AN_ADMIN)
        case Act.WITHDRAW:
            if not own:
                return Denied(Denial.NOT_THE_SUBMITTER)
        case Act.APPROVE | Act.REJECT:
            return _may_decide(actor, act, request, rules, held)
        case _:
            assert_never(act)
    return Allowed() if after(request.status, act) else Denied(Denial.CLOSED)


def _may_decide(
    actor: str, act: Act, request: Request, rules: Rules, held: Sequence[int]
) -> Allowed | Denied:
    """The same of a vote; `held` are the stages at which the actor is one of those who decide."""
    if actor == request.submitted_by and not rules.own_requests:
        return Denied(Denial.OWN_REQUEST)
    everywhere = rules.admins_decide and actor in rules.roster.admins
    if request.stage not in held and not everywhere:
        return Denied(_not_this_stage(request, held))
    if not after(request.status, act):
        return Denied(Denial.CLOSED)
    if act is Act.APPROVE and actor in request.approvers(request.stage):
        return Denied(Denial.VOTED)
    if act is Act.APPROVE and rules.distinct_stages and _approved_before(actor, request):
        return Denied(Denial.VOTED_BEFORE)
    return Allowed()


def _stages(request: Request) -> range:
    return range(1, len(request.terms.stages) + 1)


def _not_this_stage(request: Request, held: Sequence[int]) -> Denial:
    """Why somebody who may decide at these stages, or at none, may not at this one."""
    if not held:
        return Denial.NOT_A_REVIEWER
    if not request.is_open:
        return Denial.CLOSED
    return Denial.STAGE_TO_COME if min(held) > request.stage else Denial.STAGE_PASSED


def _approved_before(actor: str, request: Request) -> bool:
    return any(actor in request.approvers(stage) for stage in range(1, request.stage))


def votes_left(request: Request, rules: Rules, now: datetime) -> int:
    """How many votes the open stage still needs; what it has now may be enough already.

    Of "all": one of everybody it was given to who may still decide. Where nobody may, and nobody
    has voted either, one is missing that nobody can give.
    """
    given, needed = request.approvers(request.stage), request.stage_now.needed
    if needed != ALL:
        return max(0, needed - len(given))
    seats = {user for user in request.assigned_at(request.stage) if user in given}
    waiting = set(as_reviewed_now(request, rules, now).reviewers)
    return len(waiting) if waiting or seats else 1


def as_reviewed_now(request: Request, rules: Rules, now: datetime) -> Request:
    """The request as it reads now: while it is open, its reviewers are those who may decide it."""
    if not request.is_open:
        return request
    able = (
        u
        for u in request.assigned_at(request.stage)
        if _seated(u, request, rules) and may(u, Act.APPROVE, request, rules, now) == Allowed()
    )
    return replace(request, reviewers=tuple(able))


def _seated(user: str, request: Request, rules: Rules) -> bool:
    """Whether this is one of the stage's own people, and no admin who decides everywhere."""
    seat = request.terms.seat(request.stage)
    return not seat or rules.roster.holds(user, seat)


def may_record(act: Act, request: Request) -> Allowed | Denied:
    """Whether a decision made on the platform's own page can still go on record here.

    It holds at whatever stage the review is, and nobody here is asked for the right to it.
    """
    return Allowed() if after(request.status, act) else Denied(Denial.CLOSED)


def sees_only(user: str, rules: Rules) -> str | None:
    """Whose requests alone this person sees: their own; None for who sees every request.

    A request they see also shows facts of other requests for its target, which may be of others.
    """
    return None if rules.roster.oversees(user) else user


def assignees(submitter: str, terms: Terms, rules: Rules) -> dict[int, tuple[str, ...]]:
    """Whom each stage is given to, by its number: its people but not the submitter.

    Of the workspace's own stage, where it names no reviewer besides: the workspace admins.
    """
    excluded = set() if rules.own_requests else {submitter}
    found = {}
    for number in range(1, len(terms.stages) + 1):
        people = set(rules.roster.at(terms.seat(number))) - excluded
        if not people and not terms.named and rules.admins_decide:
            people = set(rules.roster.admins) - excluded
        found[number] = tuple(sorted(people))
    return found


def stuck_stage(
    submitter: str, terms: Terms, given: Mapping[int, tuple[str, ...]], rules: Rules
) -> int | None:
    """The first stage that could never have its votes, and must refuse the submission."""
    excluded = set() if rules.own_requests else {submitter}
    helping = set(rules.roster.admins) - excluded if rules.admins_decide else set()
    for number, stage in enumerate(terms.stages, 1):
        voters = set(given[number]) | (helping if given[number] else set())
        if len(voters) < (1 if stage.needed == ALL else stage.needed):
            return number
    return None


@dataclass(frozen=True, slots=True)
class Refused:
    """What a use case answers instead of acting. `request` is the state now, if it may be seen.

    For a new request it is the one in its way instead, and `field` names what was typed that would
    have to be another (`version`, `details.target_app`); the reader of the sentence may not be
    allowed to open that request, so it names no more than its number and where it stands.
    `rule` and `stage` are those of the policy that stand in the way of a new request.
    """

    denial: Denial
    request_id: int | None = None
    request: Request | None = None
    field: str | None = None
    rule: str | None = None
    stage: str | None = None
