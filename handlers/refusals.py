"""The only place that words a "no": what is so, why, and what to do instead. It never blames."""

from blocks.text import date, names, who
from store.domain.access import Denial, Refused
from store.domain.request import People, Request, Status

_VERBS = {
    Status.APPROVED: "approved",
    Status.REJECTED: "rejected",
    Status.WITHDRAWN: "withdrawn",
}


def word(refused: Refused, people: People, *, asker: str) -> str:
    """The sentence for the person who asked, as finished mrkdwn."""
    request = refused.request
    match refused.denial:
        case Denial.CLOSED if request:
            return _closed(request, people, asker)
        case Denial.STALE if request:
            return (
                f"{request.ref} has changed since this was drawn. "
                "It is brought up to date now: please look once more, then decide."
            )
        case Denial.OWN_REQUEST if request:
            return f"You submitted {request.ref}, so somebody else decides it."
        case Denial.NOT_A_REVIEWER if request:
            return _not_a_reviewer(request, people, asker)
        case Denial.NOT_THE_SUBMITTER if request:
            submitter = who(request.submitted_by, people)
            return f"Only {submitter}, who submitted {request.ref}, can withdraw it."
        case Denial.NOT_RESUBMITTABLE if request:
            return _not_resubmittable(request, people)
        case Denial.NOBODY_CAN_DECIDE:
            return (
                "Nobody could decide this request, so it was not submitted: the policy names no "
                "reviewer besides you. Ask a workspace admin to set `reviewers` in the policy file."
            )
    return _unknown(refused.request_id)


def _closed(request: Request, people: People, asker: str) -> str:
    verb, when = _VERBS[request.status], date(request.completed_on or request.created_at)
    by = "you" if request.decided_by == asker else who(request.decided_by or "", people)
    return f"{request.ref} was {verb} by {by}, {when}. Nothing is left to do."


def _not_a_reviewer(request: Request, people: People, asker: str) -> str:
    able = names(request.reviewers, people, last="and")
    follow = f" Follow it with `/mp-requests show {request.ref}`."
    return f"Only {able} can decide {request.ref}." + (follow if asker in request.people() else "")


def _not_resubmittable(request: Request, people: People) -> str:
    if request.status in {Status.REJECTED, Status.WITHDRAWN}:
        submitter = who(request.submitted_by, people)
        return f"Only {submitter} or a workspace admin can submit {request.ref} again."
    return (
        f"{request.ref} is {request.status.label}. "
        "Only a request that was rejected or withdrawn can be submitted again."
    )


def _unknown(request_id: int | None) -> str:
    # "Open" and not "see": in the review channel anybody may be looking at the card.
    named = f" MP-{request_id}" if request_id else ""
    return f"There is no request{named} that you can open. `/mp-requests mine` lists yours."
