"""Who may do what. Pure, and asked in `store` at the moment of every act.

Hidden buttons are courtesy; this is the rule.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from store.domain import release_stages
from store.domain.lifecycle import Act, after
from store.domain.request import Request


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


class Role(StrEnum):
    """What somebody mainly does here."""

    ADMIN = "admin"
    REVIEWER = "reviewer"
    SUBMITTER = "submitter"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which role right now, user groups already resolved to their members."""

    admins: AbstractSet[str] = frozenset()
    reviewers: AbstractSet[str] = frozenset()

    def oversees(self, user: str) -> bool:
        """Workspace admins and workspace reviewers see every request."""
        return user in self.admins or user in self.reviewers

    def role_of(self, user: str) -> Role:
        """Whoever is both reviewer and admin reviews; who is neither submits."""
        if user in self.reviewers:
            return Role.REVIEWER
        return Role.ADMIN if user in self.admins else Role.SUBMITTER


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the rule goes by besides the request: today's roles, and what the policy allows.

    `store.people.rules` makes it in the transaction of the act, and nothing else does.
    `own_requests` lets people decide what they submitted themselves.
    """

    roster: Roster = Roster()
    own_requests: bool = False


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
    if not (own or roster.oversees(actor) or actor in request.deciders):
        was_asked = actor in request.reviewers and act.verdict
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
            if own and not rules.own_requests:
                return Denied(Denial.OWN_REQUEST)
            assigned = actor in roster.reviewers and actor in request.reviewers
            if not assigned and actor not in roster.admins:
                return Denied(Denial.NOT_A_REVIEWER)
        case _:
            assert_never(act)
    return Allowed() if after(request.status, act) else Denied(Denial.CLOSED)


def as_reviewed_now(request: Request, rules: Rules, now: datetime) -> Request:
    """The request as it reads now: while it is open, its reviewers are those who may decide it."""
    if not request.is_open:
        return request
    able = (u for u in request.reviewers if may(u, Act.APPROVE, request, rules, now) == Allowed())
    return replace(request, reviewers=tuple(able))


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


def assignees(submitter: str, rules: Rules) -> tuple[str, ...]:
    """Who gets the card: the reviewers but not the submitter; without any, the workspace admins.

    Empty means nobody could ever decide, and the submission must be refused.
    """
    excluded = set() if rules.own_requests else {submitter}
    return tuple(
        sorted(set(rules.roster.reviewers) - excluded or set(rules.roster.admins) - excluded)
    )


@dataclass(frozen=True, slots=True)
class Refused:
    """What a use case answers instead of acting. `request` is the state now, if it may be seen.

    For a new request it is the one in its way instead, and `field` names what was typed that would
    have to be another (`version`, `details.target_app`); the reader of the sentence may not be
    allowed to open that request, so it names no more than its number and where it stands.
    """

    denial: Denial
    request_id: int | None = None
    request: Request | None = None
    field: str | None = None
