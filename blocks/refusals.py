"""The only place that words a "no": what is so, why, and what to do instead. It never blames."""

from collections.abc import Collection
from typing import assert_never

from blocks import request_text
from blocks.text import date, line, names, who
from store.domain import release_stages
from store.domain.access import Denial, Refused
from store.domain.emergency import REASON_LEAST
from store.domain.request import People, Request, Status

NAMED = 3
"""How many people a sentence names."""
_VERBS = {
    Status.APPROVED: "approved",
    Status.REJECTED: "rejected",
    Status.WITHDRAWN: "withdrawn",
}


def word(refused: Refused, people: People, *, asker: str, admins: Collection[str] = ()) -> str:
    """The sentence for the person who asked, as finished mrkdwn.

    `asker` is empty where nobody of the workspace asks: the command line imports for others.
    `admins` are named where there are no more than NAMED.
    """
    request, admin = refused.request, an_admin(admins, people)
    match refused.denial:
        case Denial.UNKNOWN:
            return _unknown(refused.request_id)
        case Denial.NOBODY_CAN_DECIDE:
            return _nobody_can_decide(refused, asker, admin)
        case Denial.EVERYBODY_AWAY:
            return _everybody_away(refused, admin)
        case Denial.NOT_A_SUBMITTER:
            return _not_a_submitter(refused, asker, admin)
    if request is None:  # the others come with one
        return _unknown(refused.request_id)
    match refused.denial:
        case Denial.NOT_FOR_YOU:
            ask = names(request.reviewers, people)
            only = f"Only its submitter, its reviewers and admins can open {request.ref}."
            return f"{only} Ask {ask}." if ask else only
        case Denial.CLOSED:
            return _closed(request, people, asker)
        case Denial.STALE:
            return (
                f"{request.ref} has changed since this was shown. "
                "It is up to date now: please look again, then decide."
            )
        case Denial.OWN_REQUEST:
            return f"You submitted {request.ref}, so somebody else decides it."
        case Denial.NOT_A_REVIEWER:
            return _not_a_reviewer(request, people, asker, admins)
        case Denial.NOT_THE_SUBMITTER:
            submitter = who(request.submitted_by, people)
            return f"Only {submitter}, who submitted {request.ref}, can withdraw it."
        case Denial.NOT_RESUBMITTABLE:
            return _not_resubmittable(request, people, admin)
        case Denial.RELEASED_ONCE:
            return _released_once(request)
        case Denial.TARGET_BUSY:
            return _target_busy(request)
        case Denial.NOT_THE_MOVER:
            submitter = who(request.submitted_by, people)
            return f"Only {submitter} or {admin} can move {request.ref} on."
        case Denial.NO_RELEASE_STAGES:
            return _no_stages(request)
        case Denial.WRONG_RELEASE_STAGE:
            return _wrong_stage(request)
        case Denial.NOT_AN_ADMIN:
            return f"Only {admin} can send {request.ref} again."
        case Denial.NOT_REFUSED:
            return f"The platform has not refused {request.ref}. Nothing is left to send again."
        case Denial.NO_PLATFORM:
            return (
                f"{request.ref} cannot be sent: no hook is the platform's any more. An operator "
                "adds one with `mp-approvals hooks add … --platform`."
            )
        case Denial.STAGE_PASSED:
            return _stage_passed(request, people)
        case Denial.STAGE_TO_COME:
            return (
                f"{request.ref} is still at {_stage(request)}. "
                "You get its card when your stage opens."
            )
        case Denial.VOTED:
            return (
                f"Your approval of {request.ref} already counts.{_still_needs(request, people)} "
                "Nothing is left for you to do."
            )
        case Denial.VOTED_BEFORE:
            return (
                f"You approved {request.ref} at an earlier stage, and each stage needs other "
                f"people.{_still_needs(request, people)}"
            )
        case Denial.SEAT_TAKEN:
            return _seat_taken(request, people, asker)
        case Denial.NOT_ASKED:
            submitter = who(request.submitted_by, people)
            return f"Only {submitter}, who submitted {request.ref}, can answer questions about it."
        case Denial.NOTHING_TO_ANSWER:
            return _nothing_to_answer(request, people, asker)
        case Denial.NOT_THE_ASKER:
            return f"Only whoever asked it or {admin} can close a question about {request.ref}."
        case Denial.OWN_NOTES:
            return f"You submitted {request.ref}, and notes are between those who review it."
        case Denial.NOTE_WANTED:
            return (
                f"{request.ref} is approved with a note to its submitter, so nothing was changed "
                f"yet. `/mp-requests approve {request.ref}` opens the form for it."
            )
        case Denial.NOT_TO_HIDE | Denial.TEXT_CHANGED:
            return _not_hidden(refused.denial, request, admin)
        case Denial.SUBMITTER_GONE:
            submitter = who(request.submitted_by, people)
            return (
                f"{submitter} has left Slack, so nobody would answer a question about "
                f"{request.ref}. Nothing was asked; decide on what is there."
            )
        case Denial.TESTED:
            return _tested(request, people, asker)
        case Denial.NOT_IN_EMERGENCIES:
            return (
                f"You cannot approve {request.ref} alone: the policy does not name you for "
                "emergencies. Nothing was changed."
            )
        case Denial.NOT_SAID_WHY:
            return (
                f"To approve {request.ref} alone, give a reason of {REASON_LEAST} characters and "
                "the https link of the incident. Nothing was changed."
            )
        case Denial.NOT_TO_MARK:
            return (
                f"Another admin than the one who approved {request.ref} marks it as reviewed; "
                "where there is none, another workspace reviewer. Nothing was changed."
            )
        case Denial.NOTHING_TO_MARK:
            return _nothing_to_mark(request, people)
        case Denial.NOT_TESTING:
            return f"You are not testing {request.ref}. Nothing was changed."
        case _:
            assert_never(refused.denial)


def an_admin(admins: Collection[str], people: People) -> str:
    """An admin: by name where there are few of them."""
    known = sorted(admins)
    return names(known, people) if 0 < len(known) <= NAMED else "an admin"


def _nobody_can_decide(refused: Refused, asker: str, admin: str) -> str:
    you = "you" if asker else "the submitter"
    if refused.stage:
        rule, stage = line(refused.rule or "", 80), line(refused.stage, 80)
        return (
            "This could never be approved, so it was not submitted: the policy's rule "
            f"“{rule}” names too few people besides {you} for its stage “{stage}”. "
            f"Ask {admin} to set `reviewers` or `needed` there."
        )
    return (
        "Nobody could decide this request, so it was not submitted: the policy names no reviewer "
        f"besides {you}. Ask {admin} to set `reviewers` in the policy file."
    )


def _everybody_away(refused: Refused, admin: str) -> str:
    """Said before anything is stored: nobody would look at it for days."""
    where = "Everybody who decides this request"
    if refused.stage:
        rule, stage = line(refused.rule or "", 80), line(refused.stage, 80)
        where = f"Everybody who decides at the stage “{stage}” of the policy's rule “{rule}”"
    return (
        f"{where} is away and nobody stands in, so it was not submitted. Ask {admin} to name who "
        "stands in (`/mp-requests away @somebody to @delegate`), or to add people to `reviewers` "
        "there."
    )


def _not_a_submitter(refused: Refused, asker: str, admin: str) -> str:
    where = f"rule “{line(refused.rule, 80)}” of the policy" if refused.rule else "policy"
    who_ = "you are" if asker else "the submitter is"
    return (
        f"This was not submitted: the {where} names who may submit it, and {who_} not among them. "
        f"Ask somebody who may, or {admin} to change `submitters` there."
    )


def _not_hidden(denial: Denial, request: Request, admin: str) -> str:
    if denial is Denial.NOT_TO_HIDE:
        return f"Only {admin} can hide what was said about {request.ref}. Nothing was changed."
    return (
        f"That text of {request.ref} has changed since it was shown, so nothing was hidden. "
        "Please type the command again and look at it as it is now."
    )


def _stage(request: Request) -> str:
    return f"“{line(request.stage_now.name, 80)}”"


def _stage_passed(request: Request, people: People) -> str:
    needs = _still_needs(request, people)
    return f"{request.ref} has passed your stage already.{needs} Nothing is left for you to do."


def _seat_taken(request: Request, people: People, asker: str) -> str:
    for vote in request.votes:
        if vote.stage == request.stage and vote.cast_for == asker:
            by = who(vote.reviewer, people)
            return f"{by} approved {request.ref} for you.{_still_needs(request, people)}"
    whom = "The one you stand in for decided"
    return f"{whom} {request.ref} already.{_still_needs(request, people)}"


def _nothing_to_mark(request: Request, people: People) -> str:
    if request.reviewed_by:
        by = who(request.reviewed_by, people)
        on = f", {date(request.reviewed_at)}" if request.reviewed_at else ""
        return f"{request.ref} was reviewed by {by}{on}. Nothing is left to do."
    return f"{request.ref} was not approved in an emergency. Nothing was changed."


def _tested(request: Request, people: People, asker: str) -> str:
    tester = request.tester or ""
    since = f" since {date(request.testing_since)}" if request.testing_since else ""
    if tester == asker:
        return f"You are testing {request.ref} already{since}."
    return f"{who(tester, people)} is testing {request.ref}{since}. You may decide it all the same."


def _still_needs(request: Request, people: People) -> str:
    able = request_text.waiting_for(request, people, last="and")
    return f" {_stage(request)} is waiting for {able}." if able else ""


def _nothing_to_answer(request: Request, people: People, asker: str) -> str:
    if not request.is_open:
        return _closed(request, people, asker)
    if not request.questions_asked:
        return f"Nobody has asked anything about {request.ref}, so there is nothing to answer."
    return (
        f"That question about {request.ref} was answered or closed meanwhile. `/mp-requests show "
        f"{request.ref}` has all that was said."
    )


def _closed(request: Request, people: People, asker: str) -> str:
    verb, when = _VERBS[request.status], date(request.completed_on or request.created_at)
    you = asker and request.decided_by == asker
    by = "you" if you else request_text.decider(request, people)
    return f"{request.ref} was {verb} by {by}, {when}. Nothing is left to do."


def _not_a_reviewer(request: Request, people: People, asker: str, admins: Collection[str]) -> str:
    follow = f" Follow it with `/mp-requests show {request.ref}`."
    others = sorted(set(admins) - set(request.reviewers))
    if 0 < len(others) <= NAMED and len(request.reviewers) + len(others) <= NAMED:
        able = names([*request.reviewers, *others], people)
    else:
        reviewers = request_text.waiting_for(request, people, last="and")
        able = " or ".join(filter(None, (reviewers, "an admin")))
    only = f"Only {able} can decide {request.ref}."
    return only + (follow if asker in request.people() else "")


def _not_resubmittable(request: Request, people: People, admin: str) -> str:
    if request.came_to_nothing:
        submitter = who(request.submitted_by, people)
        return f"Only {submitter} or {admin} can submit {request.ref} again."
    return (
        f"{request.ref} is {request.status.label}. "
        "Only a request that was rejected or withdrawn can be submitted again."
    )


def _released_once(there: Request) -> str:
    version = line(there.version or "", 80)
    return (
        f"{version} was already submitted for this target: {there.ref}, {_place(there)}. "
        "The platform releases a version to a target once, unless it was rejected or withdrawn. "
        "Use a new version."
    )


def _target_busy(there: Request) -> str:
    return (
        f"{there.ref} ({there.category.label}, {_place(there)}) is under way for this target. "
        "Nothing can go offline there before that has ended."
    )


def _place(request: Request) -> str:
    return request.release_stage.label if request.release_stage else request.status.label


def _no_stages(request: Request) -> str:
    if not request.category.spec.has_release_stages:
        return f"{request.ref} is no release ({request.category.label}), so it has no stages."
    return f"{request.ref} is {request.status.label}. Only an approved release moves on."


def _wrong_stage(request: Request) -> str:
    stage, able = release_stages.current(request), release_stages.possible(request)
    where = f"{request.ref} is in {stage.label}" if stage else request.ref
    if not able:
        return f"{where}. That is final."
    words = [f"`{each.value}` ({each.label})" for each in able]
    return f"{where}. From there it can move to {', '.join(words[:-1])} or {words[-1]}."


def _unknown(request_id: int | None) -> str:
    # "Open" and not "see": in the review channel anybody may be looking at the card.
    named = f" MP-{request_id}" if request_id else ""
    return f"There is no request{named} that you can open. `/mp-requests mine` lists yours."
