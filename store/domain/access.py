"""Who may do what. Pure, and asked in `store` at the moment of every act.

Hidden buttons are courtesy; this is the rule.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from store.domain import release_stages
from store.domain.lifecycle import Act, after
from store.domain.request import Request, Status


class Denial(StrEnum):
    """Why not. `blocks.refusals` has one sentence for each."""

    UNKNOWN = "unknown"  # no such request, or none this person may see: deliberately the same
    CLOSED = "closed"
    STALE = "stale"
    OWN_REQUEST = "own_request"
    NOT_A_REVIEWER = "not_a_reviewer"
    NOT_THE_SUBMITTER = "not_the_submitter"
    NOBODY_CAN_DECIDE = "nobody_can_decide"
    SUBMITTER_UNKNOWN = "submitter_unknown"
    RELEASED_ONCE = "released_once"
    TARGET_BUSY = "target_busy"
    NOT_RESUBMITTABLE = "not_resubmittable"
    NOT_THE_MOVER = "not_the_mover"
    NO_STAGES = "no_stages"
    WRONG_STAGE = "wrong_stage"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which role right now, user groups already resolved to their members."""

    admins: AbstractSet[str] = frozenset()
    reviewers: AbstractSet[str] = frozenset()

    def oversees(self, user: str) -> bool:
        """Workspace admins and workspace reviewers see every request."""
        return user in self.admins or user in self.reviewers


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why."""

    reason: Denial


def may(
    user: str, act: Act, request: Request, roster: Roster, *, own_requests: bool = False
) -> Allowed | Denied:
    """Whether `user` may do `act` now; `own_requests` is the policy's leave to decide one's own.

    Who may not act at all hears that first; only who might have acted hears "closed".
    """
    if not (roster.oversees(user) or user == request.submitted_by or user in request.reviewers):
        return Denied(Denial.UNKNOWN)
    if act is Act.SEE:
        return Allowed()
    if act is Act.MOVE:
        return _move(user, request, roster)
    refused = (
        _withdraw(user, request)
        if act is Act.WITHDRAW
        else _decide(user, request, roster, own_requests=own_requests)
    )
    if refused:
        return Denied(refused)
    return Allowed() if after(request.status, act) else Denied(Denial.CLOSED)


def may_resubmit(user: str, request: Request, roster: Roster) -> bool:
    """Whether `user` may hand this ended request in again: their own, or any as an admin."""
    ended = request.status in {Status.REJECTED, Status.WITHDRAWN}
    return ended and (user == request.submitted_by or user in roster.admins)


def bounds(user: str, roster: Roster) -> str | None:
    """Whose requests alone may be told this person: their own; None for who sees every request.

    A request they see says things of others for its target, and those may be somebody else's.
    """
    return None if roster.oversees(user) else user


def assignees(submitter: str, roster: Roster, *, own_requests: bool = False) -> tuple[str, ...]:
    """Who gets the card: the reviewers but not the submitter; without any, the workspace admins.

    Empty means nobody could ever decide, and the submission must be refused.
    """
    excluded = set() if own_requests else {submitter}
    return tuple(sorted(set(roster.reviewers) - excluded or set(roster.admins) - excluded))


def _withdraw(user: str, request: Request) -> Denial | None:
    return None if user == request.submitted_by else Denial.NOT_THE_SUBMITTER


def _move(user: str, request: Request, roster: Roster) -> Allowed | Denied:
    if user != request.submitted_by and user not in roster.admins:
        return Denied(Denial.NOT_THE_MOVER)
    return Allowed() if release_stages.has_stages(request) else Denied(Denial.NO_STAGES)


def _decide(user: str, request: Request, roster: Roster, *, own_requests: bool) -> Denial | None:
    if user == request.submitted_by and not own_requests:
        return Denial.OWN_REQUEST
    assigned = user in roster.reviewers and user in request.reviewers
    return None if assigned or user in roster.admins else Denial.NOT_A_REVIEWER


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
