"""Who may do what. Pure, and asked in `store` at the moment of every act.

Hidden buttons are courtesy; this is the rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, Self, assert_never

from store.domain import release_stages
from store.domain.absences import Absences, Away, is_away, stand_in
from store.domain.lifecycle import Act, after
from store.domain.questions import Question
from store.domain.request import HandOver, Request
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
    NO_RELEASE_STAGES = "no_stages"
    WRONG_RELEASE_STAGE = "wrong_stage"
    NOT_AN_ADMIN = "not_an_admin"
    NOT_REFUSED = "not_refused"
    NO_PLATFORM = "no_platform"
    STAGE_PASSED = "stage_passed"
    STAGE_TO_COME = "stage_to_come"
    VOTED = "voted"
    VOTED_BEFORE = "voted_before"
    SEAT_TAKEN = "seat_taken"
    NOT_A_SUBMITTER = "not_a_submitter"
    EVERYBODY_AWAY = "everybody_away"
    NOT_ASKED = "not_asked"
    NOTHING_TO_ANSWER = "nothing_to_answer"
    NOT_THE_ASKER = "not_the_asker"
    SUBMITTER_GONE = "submitter_gone"
    TESTED = "tested"
    NOT_TESTING = "not_testing"
    NOT_IN_EMERGENCIES = "not_in_emergencies"
    NOT_SAID_WHY = "not_said_why"
    NOT_TO_MARK = "not_to_mark"
    NOTHING_TO_MARK = "nothing_to_mark"
    OWN_NOTES = "own_notes"
    NOTE_WANTED = "note_wanted"
    NOT_TO_HIDE = "not_to_hide"
    TEXT_CHANGED = "text_changed"


class HandDenial(StrEnum):
    """Why a request cannot be handed to somebody. `blocks.handing` has a sentence for each."""

    ONESELF = "oneself"
    SUBMITTER = "submitter"
    NOT_THIS_STAGE = "not_this_stage"
    LEFT = "left"
    HAS_IT = "has_it"
    VOTED = "voted"


LENT = "\nlent"
"""The seat of an assignment of somebody who stands in; no rule has an empty name."""


HANDED = "\nhanded"
"""The seat of an assignment of somebody who was handed a request as a guest."""


CALLED = "\ncalled"
"""What stands beside the seats of somebody who was called to some request."""


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
    with the `members` of the groups; who has left Slack is `gone`. `absences` are those in force.
    `guests` were handed some request that the policy gives them no place at; those of them alone
    who are known and still in Slack. `emergency` are those who may approve alone. One that is not
    `whole` tells of those people alone who were asked about (of a submission also of all who decide
    it), and `called` of who of them was called to some request by an escalation. Of any, only the
    groups of some stages may have been read: see `people.roster`.
    """

    admins: AbstractSet[str] = frozenset()
    reviewers: AbstractSet[str] = frozenset()
    seats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    members: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    gone: AbstractSet[str] = frozenset()
    absences: Absences = field(default_factory=dict)
    guests: AbstractSet[str] = frozenset()
    emergency: AbstractSet[str] = frozenset()
    called: AbstractSet[str] = frozenset()
    whole: bool = True

    def oversees(self, user: str) -> bool:
        """Workspace admins and workspace reviewers see every request, and so does who may approve
        any in an emergency.
        """
        return user in self.admins or user in self.reviewers or user in self.emergency

    def role_of(self, user: str) -> Role:
        """Whoever is both reviewer and admin reviews; who is neither submits."""
        if user in self.reviewers or user in self.guests or self.seats_of(user):
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
        if user in self.gone:
            return []
        theirs = {user, *(group for group, users in self.members.items() if user in users)}
        return [seat for seat, entries in self.seats.items() if not theirs.isdisjoint(entries)]

    def places_of(self, user: str) -> list[str]:
        """The same, LENT for who may stand in for somebody and HANDED for guests: what of
        assignments they see. CALLED for who sees what they were called to.
        """
        lent = any(user == absence.delegate for absence in self.absences.values())
        others = {LENT: lent, HANDED: user in self.guests, CALLED: user in self.called}
        return [*self.seats_of(user), *(place for place, theirs in others.items() if theirs)]

    def reviews(self, user: str) -> bool:
        """Whether somebody sees more than their own requests: all, or those of their stages."""
        return self.oversees(user) or bool(self.places_of(user))

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
        seated = self.people(set().union(*self.seats.values()))
        return seated | self.admins | self.reviewers | self.guests | self.emergency


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the rule goes by besides the request: today's roles, and what the policy allows.

    `store.people.rules` makes it in the transaction of the act (of a submission
    `rules_of_submitting`), and nothing else does.
    `own_requests` lets people decide what they submitted themselves, `admins_decide` lets admins
    decide at any stage; with `distinct_stages` nobody approves at two stages of a request.
    `anyone_stands_in` lets people without a role stand in for who is away.
    """

    roster: Roster = Roster()
    own_requests: bool = False
    admins_decide: bool = True
    distinct_stages: bool = True
    anyone_stands_in: bool = False


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why."""

    reason: Denial


def may(actor: str, act: Act, request: Request, rules: Rules, now: datetime) -> Allowed | Denied:
    """Whether `actor` may do `act` at the moment `now` (aware UTC).

    Permission is checked before status, so only people with permission learn that it is closed.
    Who holds no role sees what they decided, and what they were called to; of what they were only
    given to review they hear that others decide it.
    """
    return _judge(act, _stand(actor, request, rules, now), request, rules, now)


def acts(actor: str, request: Request, rules: Rules, now: datetime) -> frozenset[Act]:
    """All that `actor` may do with a request at that moment."""
    standing = _stand(actor, request, rules, now)
    return frozenset(act for act in Act if _judge(act, standing, request, rules, now) == Allowed())


class _Standing(NamedTuple):
    """How somebody stands to a request: `given` are the stages that were given to them, `held`
    those of them at which they are one of those who decide, `lent` those at which they stand in
    for one.
    """

    actor: str
    own: bool
    given: Sequence[int]
    held: Sequence[int]
    lent: Sequence[int]


def _stand(actor: str, request: Request, rules: Rules, now: datetime) -> _Standing:
    stages = range(1, len(request.terms.stages) + 1)
    given = [number for number in stages if actor in request.assigned_at(number)]
    held = [number for number in given if _decides_at(number, actor, request, rules.roster)]
    lent = [number for number in stages if represented(actor, number, request, rules, now)]
    return _Standing(actor, actor == request.submitted_by, given, held, lent)


def _decides_at(stage: int, user: str, request: Request, roster: Roster) -> bool:
    """Whether it is one of those who decide at a stage: by today's policy, or handed the request
    there by an admin. Everywhere else that gives them no right.
    """
    handed = request.is_guest(user, stage) and user in roster.guests
    return handed or roster.holds(user, request.terms.seat(stage))


def _judge(
    act: Act, standing: _Standing, request: Request, rules: Rules, now: datetime
) -> Allowed | Denied:
    roster, (actor, own, given, held, lent) = rules.roster, standing
    called = actor in request.escalated_to
    if not (own or held or lent or roster.oversees(actor) or actor in request.deciders or called):
        was_asked = given and (act.verdict or act is Act.ASK)
        return Denied(Denial.NOT_A_REVIEWER if was_asked else Denial.UNKNOWN)
    match act:
        case Act.SEE:
            return Allowed()
        case Act.MOVE:
            if not own and actor not in roster.admins:
                return Denied(Denial.NOT_THE_MOVER)
            moves = release_stages.has_stages(request)
            return Allowed() if moves else Denied(Denial.NO_RELEASE_STAGES)
        case Act.RESUBMIT:
            able = (own or actor in roster.admins) and request.came_to_nothing
            return Allowed() if able else Denied(Denial.NOT_RESUBMITTABLE)
        case Act.SEND:
            refused = Allowed() if request.is_refused_there else Denied(Denial.NOT_REFUSED)
            return refused if actor in roster.admins else Denied(Denial.NOT_AN_ADMIN)
        case Act.HIDE:
            is_admin = actor in roster.admins
            return Allowed() if is_admin else Denied(Denial.NOT_TO_HIDE)
        case Act.WITHDRAW:
            if not own:
                return Denied(Denial.NOT_THE_SUBMITTER)
        case _:
            return _may_in_review(act, standing, request, rules, now)
    return Allowed() if after(request.status, act) else Denied(Denial.CLOSED)


_OfReview = Literal[
    Act.APPROVE,
    Act.REJECT,
    Act.ASK,
    Act.ANSWER,
    Act.NOTE,
    Act.TEST,
    Act.LET_GO,
    Act.HAND,
    Act.EMERGENCY,
    Act.MARK_REVIEWED,
]


def _may_in_review(
    act: _OfReview,
    standing: _Standing,
    request: Request,
    rules: Rules,
    now: datetime,
) -> Allowed | Denied:
    """The same of what belongs to a review."""
    match act:
        case Act.APPROVE | Act.REJECT:
            return _may_decide(act, standing, request, rules, now)
        case Act.ASK | Act.NOTE:
            held = sorted({*standing.held, *standing.lent})
            return _may_speak(standing.actor, act, request, rules, held)
        case Act.ANSWER:
            return _may_answer(request) if standing.own else Denied(Denial.NOT_ASKED)
        case Act.TEST | Act.LET_GO:
            return _may_test(act, standing, request, rules, now)
        case Act.HAND:
            return _may_hand(standing, request, rules, now)
        case Act.EMERGENCY:
            return _may_alone(standing, request, rules)
        case Act.MARK_REVIEWED:
            return _may_mark(standing.actor, request, rules)
        case _:
            assert_never(act)


def _may_test(
    act: Act, standing: _Standing, request: Request, rules: Rules, now: datetime
) -> Allowed | Denied:
    """Whoever may approve it, one at a time; that one may let go."""
    tester = request.tester_at(now) if request.is_open else None
    if act is Act.LET_GO:
        return Allowed() if tester == standing.actor else Denied(Denial.NOT_TESTING)
    answer = _may_decide(Act.APPROVE, standing, request, rules, now)
    return Denied(Denial.TESTED) if tester and answer == Allowed() else answer


def _may_decide(
    act: Act, standing: _Standing, request: Request, rules: Rules, now: datetime
) -> Allowed | Denied:
    """The same of a vote."""
    actor, own, _, held, lent = standing
    if own and not rules.own_requests:
        return Denied(Denial.OWN_REQUEST)
    everywhere = rules.admins_decide and actor in rules.roster.admins
    if request.stage not in (*held, *lent) and not everywhere:
        return Denied(_not_this_stage(request, sorted({*held, *lent})))
    if not after(request.status, act):
        return Denied(Denial.CLOSED)
    if act is Act.REJECT:
        return Allowed()
    if actor in request.approvers(request.stage):
        return Denied(Denial.VOTED)
    if actor in barred(request, rules):
        return Denied(Denial.VOTED_BEFORE)
    if request.stage in held:
        taken = actor in request.filled(request.stage)
    else:
        taken = not everywhere and voting_for(actor, request, rules, now) is None
    return Denied(Denial.SEAT_TAKEN) if taken else Allowed()


def _may_speak(
    actor: str, act: Act, request: Request, rules: Rules, held: Sequence[int]
) -> Allowed | Denied:
    """The same of a note, which is of all who review it, and of a question: of those who decide at
    the open stage or a later one, and admins.

    Nobody is asked by themselves, and no submitter reads or writes notes.
    """
    if actor == request.submitted_by:
        return Denied(Denial.OWN_REQUEST if act is Act.ASK else Denial.OWN_NOTES)
    if act is Act.NOTE:
        reviews = bool(held) or rules.roster.oversees(actor)
        return Allowed() if reviews else Denied(Denial.NOT_A_REVIEWER)
    to_come = any(stage >= request.stage for stage in held)
    if actor not in rules.roster.admins and not to_come:
        return Denied(_not_this_stage(request, held))
    return Allowed() if request.is_open else Denied(Denial.CLOSED)


def _may_answer(request: Request) -> Allowed | Denied:
    return Allowed() if request.questions_open else Denied(Denial.NOTHING_TO_ANSWER)


def may_close(
    actor: str, question: Question | None, request: Request, rules: Rules, now: datetime
) -> Allowed | Denied:
    """Whether somebody may close a question without an answer: who asked it, and admins.

    None is a question that was never asked.
    """
    seen = may(actor, Act.SEE, request, rules, now)
    if isinstance(seen, Denied):
        return seen
    if question is None:
        return Denied(Denial.NOTHING_TO_ANSWER)
    if actor != question.asked_by and actor not in rules.roster.admins:
        return Denied(Denial.NOT_THE_ASKER)
    return Allowed() if question.is_open else Denied(Denial.NOTHING_TO_ANSWER)


def _may_hand(
    standing: _Standing, request: Request, rules: Rules, now: datetime
) -> Allowed | Denied:
    """Whoever may reject it, and admins whether or not they may."""
    answer = _may_decide(Act.REJECT, standing, request, rules, now)
    if answer == Denied(Denial.OWN_REQUEST) or standing.actor not in rules.roster.admins:
        return answer
    return Allowed() if request.is_open else Denied(Denial.CLOSED)


def _may_alone(standing: _Standing, request: Request, rules: Rules) -> Allowed | Denied:
    """Whoever the policy names for emergencies, whatever the stages and votes; not their own."""
    if standing.own and not rules.own_requests:
        return Denied(Denial.OWN_REQUEST)
    if standing.actor not in rules.roster.emergency:
        return Denied(Denial.NOT_IN_EMERGENCIES)
    return Allowed() if request.is_open else Denied(Denial.CLOSED)


def _may_mark(actor: str, request: Request, rules: Rules) -> Allowed | Denied:
    """Whoever looks at it afterwards, once."""
    if not request.is_unreviewed:
        return Denied(Denial.NOTHING_TO_MARK)
    able = actor in reviewers_after(request.decided_by, rules.roster)
    return Allowed() if able else Denied(Denial.NOT_TO_MARK)


def reviewers_after(alone: str | None, roster: Roster) -> frozenset[str]:
    """Who reviews what somebody approves alone in an emergency: the other admins; where there are
    none, everybody else who sees every request.
    """
    own = {alone}
    admins = frozenset(roster.admins - own)
    if admins or not roster.whole:
        return admins
    return frozenset((roster.reviewers | roster.emergency) - own)


def handing(
    actor: str, to: str, request: Request, rules: Rules, now: datetime
) -> HandOver | HandDenial:
    """What handing the request at its open stage to somebody comes to, by who may (`Act.HAND`).

    Reviewers hand it to others of the stage, admins to anybody but themselves; to nobody who could
    not approve it then. Whether somebody is known is not asked here: until then they may do
    nothing.
    """
    if to == actor:
        return HandDenial.ONESELF
    if to == request.submitted_by and not rules.own_requests:
        return HandDenial.SUBMITTER
    if to in rules.roster.gone:
        return HandDenial.LEFT
    stage = request.stage
    holds = rules.roster.holds(to, request.terms.seat(stage))
    if not holds and actor not in rules.roster.admins:
        return HandDenial.NOT_THIS_STAGE
    handed = HandOver(stage, to, actor, now, as_guest=not holds)
    roster = replace(rules.roster, guests={*rules.roster.guests, to})
    known = replace(rules, roster=roster)
    if may(to, Act.APPROVE, with_hand_over(request, handed), known, now) != Allowed():
        return HandDenial.VOTED
    had = [each.as_guest for each in request.handed_at(stage) if each.to == to]
    return HandDenial.HAS_IT if had and (holds or any(had)) else handed


def with_hand_over(request: Request, handed: HandOver) -> Request:
    """The request once it is handed to somebody at its open stage."""
    others = (e for e in request.handed if (e.stage, e.to) != (handed.stage, handed.to))
    given = request.assigned_at(handed.stage)
    reviewers = tuple(sorted({*given, handed.to}))
    return replace(
        request,
        handed=tuple(sorted((*others, handed), key=lambda each: (each.stage, each.to))),
        assigned={**request.assigned, handed.stage: reviewers},
        reviewers=reviewers,
    )


def voting_for(
    actor: str, request: Request, rules: Rules, now: datetime, act: Act = Act.APPROVE
) -> str | None:
    """In whose place the actor would approve or reject at the open stage; None in their own.

    Who sits in the stage votes as themselves. Of several the first; for an approval, whose place
    nobody has filled: a rejection fills none.
    """
    stage = request.stage
    seated = actor in request.assigned_at(stage)
    if seated and _decides_at(stage, actor, request, rules.roster):
        return None
    return next(
        (
            absent
            for absent in represented(actor, stage, request, rules, now)
            if act is Act.REJECT
            or (absent not in request.filled(stage) and absent not in barred(request, rules))
        ),
        None,
    )


def represented(
    actor: str, stage: int, request: Request, rules: Rules, now: datetime
) -> tuple[str, ...]:
    """For whom of a stage somebody stands in: for those who hold their place and are away, and who
    might decide it themselves.
    """
    if not rules.roster.absences:
        return ()
    seat = request.terms.seat(stage)
    excluded = set() if rules.own_requests else {request.submitted_by}
    return tuple(
        absent
        for absent in request.assigned_at(stage)
        if absent not in excluded
        and rules.roster.holds(absent, seat)
        and standing_in(absent, request, rules, now) == actor
    )


def stand_ins(request: Request, rules: Rules, now: datetime) -> dict[str, str]:
    """Who stands in at the open stage, and in whose place; nobody who sits in it themselves."""
    seated = request.assigned_at(request.stage)
    found: dict[str, str] = {}
    for absent in seated if rules.roster.absences else ():
        who = standing_in(absent, request, rules, now)
        if who and who not in seated and may(who, Act.APPROVE, request, rules, now) == Allowed():
            place = voting_for(who, request, rules, now)
            found |= {who: place} if place else {}
    return found


def standing_in(absent: str, request: Request, rules: Rules, now: datetime) -> str | None:
    """Who stands in for somebody on this request; never its submitter."""
    return _stand_in_for(absent, request.submitted_by, rules, now)


def _stand_in_for(absent: str, submitter: str, rules: Rules, now: datetime) -> str | None:
    found = stand_in(absent, rules.roster.absences, now)
    allowed = found and found != submitter and may_stand_in(found, rules)
    return found if allowed else None


def may_stand_in(user: str, rules: Rules) -> bool:
    """Whether the policy lets somebody stand in for who is away."""
    if user in rules.roster.gone:
        return False
    roster = rules.roster
    decides = user in roster.admins or user in roster.reviewers
    holds_role = decides or bool(roster.seats_of(user))
    return holds_role or rules.anyone_stands_in


def _not_this_stage(request: Request, held: Sequence[int]) -> Denial:
    """Why somebody who may decide at these stages, or at none, may not at this one."""
    if not held:
        return Denial.NOT_A_REVIEWER
    if not request.is_open:
        return Denial.CLOSED
    return Denial.STAGE_TO_COME if min(held) > request.stage else Denial.STAGE_PASSED


def barred(request: Request, rules: Rules) -> frozenset[str]:
    """Who may not approve at the open stage because they have at an earlier one."""
    if not rules.distinct_stages:
        return frozenset()
    return frozenset(u for stage in range(1, request.stage) for u in request.approvers(stage))


def votes_left(request: Request, rules: Rules, now: datetime) -> int:
    """How many votes the open stage still needs; what it has now may be enough already.

    Of "all": one of everybody it was given to who may still decide. Where nobody may, and nobody
    has voted either, one is missing that nobody can give.
    """
    given, needed = request.approvers(request.stage), request.stage_now.needed
    if needed != ALL:
        return max(0, needed - len(given))
    filled = request.filled(request.stage)
    seats = {user for user in request.assigned_at(request.stage) if user in filled}
    waiting = set(as_reviewed_now(request, rules, now).reviewers)
    return len(waiting) if waiting or seats else 1


def as_reviewed_now(request: Request, rules: Rules, now: datetime) -> Request:
    """The request as it reads now: while it is open, its reviewers are those who may decide it, and
    of those who are away it is known who stands in.
    """
    if not request.is_open:
        return request
    guests = {each.to for each in request.handed_at(request.stage) if each.as_guest}
    able = tuple(
        u
        for u in request.assigned_at(request.stage)
        if _seated(u, request, rules) and may(u, Act.APPROVE, request, rules, now) == Allowed()
    )
    away = {
        user: Away(
            rules.roster.absences[user],
            None if user in guests else standing_in(user, request, rules, now),
        )
        for user in able
        if is_away(user, rules.roster.absences, now)
    }
    return replace(request, reviewers=able, away=away)


def _seated(user: str, request: Request, rules: Rules) -> bool:
    """Whether this is one of the stage's own people, and no admin who decides everywhere."""
    stage = request.stage
    return not request.terms.seat(stage) or _decides_at(stage, user, request, rules.roster)


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


def deserted_stage(
    submitter: str, given: Mapping[int, tuple[str, ...]], rules: Rules, now: datetime
) -> int | None:
    """The first stage whose people are all away, with nobody to stand in for any of them."""
    absences = rules.roster.absences

    def is_there(user: str) -> bool:
        away = is_away(user, absences, now)
        return not away or _stand_in_for(user, submitter, rules, now) is not None

    deserted = (
        number for number, people in sorted(given.items()) if not any(map(is_there, people))
    )
    return next(deserted, None) if absences else None


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

    @classmethod
    def of(cls, denied: Denied, request: Request) -> Self:
        """With the request, unless they may not know that it is there."""
        known = request if denied.reason is not Denial.UNKNOWN else None
        return cls(denied.reason, request.id, known)
