"""The rows of who was given a request, as they follow from it."""

from collections.abc import Iterator
from typing import Any

from store.domain.access import HANDED, Rules, barred
from store.domain.request import Request


def assignment_rows(request: Request, rules: Rules) -> Iterator[dict[str, Any]]:
    """Those of every stage. Of an open request; later stages wait for nobody's vote yet."""
    for stage, reviewers in sorted(request.assigned.items()):
        voted = {*request.approvers(stage), *request.filled(stage)}
        for reviewer in reviewers:
            turn = stage == request.stage and reviewer not in voted
            by = next((each for each in request.handed_at(stage) if each.to == reviewer), None)
            yield {
                "request_id": request.id,
                "stage": stage,
                "reviewer": reviewer,
                "created_at": request.created_at,
                "remind_at": request.remind_at,
                "due_at": request.due_at,
                "waits": turn and reviewer not in barred(request, rules),
                "turn": turn,
                "opened": stage <= request.stage,
                "shown": stage == _shown_stage(reviewer, request),
                "seat": HANDED if by and by.as_guest else request.terms.seat(stage),
                "for_whom": None,
                "handed_by": by.by if by else None,
                "handed_at": by.at if by else None,
                "status": request.status.value,
            }


def _shown_stage(reviewer: str, request: Request) -> int:
    """Where lists show it to somebody: the last of their stages that has opened, or the first."""
    theirs = [stage for stage, given in request.assigned.items() if reviewer in given]
    return max((stage for stage in theirs if stage <= request.stage), default=min(theirs))
