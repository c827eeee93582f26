"""The clock of a review rests while its submitter has the word: a question is open.

What is due, and when people are reminded, moves on by the working time that it rested; together at
most so much a request. While it rests those moments are the latest that they can come to, so that
whoever asks what is due finds it late when nobody has answered for all that time, and not before.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from store.domain.deadlines import WorkingTime, working_after, working_between
from store.domain.request import Request
from store.domain.rest import MOVED, Rest


@dataclass(frozen=True, slots=True)
class Resting:
    """How the clock of a workspace rests: in which working time, and at most how long a request."""

    working: WorkingTime
    most: timedelta

    def begin(self, request: Request, at: datetime) -> Request:
        """The request whose clock rests from then on, where it does not and still may."""
        left = self.most - timedelta(seconds=request.rested or 0)
        if request.rest or left <= timedelta() or not request.is_open:
            return request
        before = {name: getattr(request, name) for name in MOVED}
        latest: dict[str, Any] = {
            name: working_after(max(moment, at), left, self.working)
            for name, moment in before.items()
            if moment
        }
        return replace(request, rest=Rest(at, before), **latest)

    def end(self, request: Request, at: datetime) -> Request:
        """The request whose clock goes on from then; the same where it does already."""
        if request.rest is None:
            return request
        before = timedelta(seconds=request.rested or 0)
        took = min(working_between(request.rest.since, at, self.working), self.most - before)
        took = max(took, timedelta())
        moved: dict[str, Any] = {
            name: working_after(moment, took, self.working)
            for name, moment in request.rest.before.items()
            if moment
        }
        return replace(request, rest=None, rested=round((before + took).total_seconds()), **moved)

    def move(self, request: Request, *names: str) -> Request:
        """The request whose moments of these names, counted anew, take in what it has rested."""
        took = timedelta(seconds=request.rested or 0)
        moments = {name: getattr(request, name) for name in names}
        moved: dict[str, Any] = {
            n: working_after(at, took, self.working) for n, at in moments.items() if at
        }
        return replace(request, **moved)
