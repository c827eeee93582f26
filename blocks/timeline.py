"""The Release Process Overview: which steps a request takes and where it is.

We know the review. What the platform does after it (pilot, grayscale, full) happens there, so a
stage is shown as reached only when somebody said so, with who and when.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from blocks import approval_notes, request_text
from blocks.categories import SCREENS
from blocks.text import date, line, names, who
from store.domain import release_stages
from store.domain.request import HandOver, People, ReleaseStage, Request, Status, Vote


class State(StrEnum):
    """Where a step is. ENDED: the process stopped here and goes no further."""

    DONE = "done"
    CURRENT = "current"
    LATER = "later"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, and who took it when, as far as it was taken.

    `by` is a Slack user id, of a stage that several had to approve they are `all_by`; what was
    decided on the platform has `on_platform`, its name for them.
    `for_whom` is who was away, and in whose place it was taken; `handed` to whom it was handed
    there; `votes` are the approvals there that came with a note.
    """

    name: str
    state: State
    by: str | None = None
    at: datetime | None = None
    on_platform: str | None = None
    all_by: tuple[str, ...] = ()
    for_whom: str | None = None
    handed: tuple[HandOver, ...] = ()
    votes: tuple[Vote, ...] = ()


def steps(request: Request) -> tuple[Step, ...]:
    """The process of this request, in order."""
    first = SCREENS[request.category].first_step
    begun = Step(first, State.DONE, request.submitted_by, request.created_at)
    staged = request.category.spec.has_release_stages
    return (begun, *_review(request), *(_release(request) if staged else ()))


def next_stage(request: Request) -> str | None:
    """The stage an approved release is in now; None for every other request."""
    stage = release_stages.current(request)
    return stage.label if stage else None


def render(request: Request, people: People) -> str:
    """The steps as mrkdwn, one a line."""
    return "\n".join(_line(step, request, people) for step in steps(request))


def so_far(request: Request, people: People) -> str:
    """The steps up to the one that it is at."""
    come = (step for step in steps(request) if step.state is not State.LATER)
    return "\n".join(_line(step, request, people) for step in come)


def _review(request: Request) -> tuple[Step, ...]:
    """The review while it lasts; then what was decided, in its place."""
    if request.terms.named:
        return _by_stages(request)
    staged = request.category.spec.has_release_stages
    if request.is_open:
        later = () if staged else (Step("Approved", State.LATER),)
        here = Step(
            UNDER_REVIEW, State.CURRENT, handed=request.handed, votes=request.approval_notes
        )
        return (here, *later)
    state = State.DONE if request.status is Status.APPROVED else State.ENDED
    ended = _ending(request.status.label, state, request)
    if request.is_refused_there:
        return (ended, Step("Not accepted", State.ENDED, None, request.platform_answered_at))
    return (ended,)


def _by_stages(request: Request) -> tuple[Step, ...]:
    """A step for each stage of the review, then how it ended where nothing else follows it."""
    steps = [_stage(request, number) for number in range(1, len(request.terms.stages) + 1)]
    approved = request.status is Status.APPROVED
    goes_on = request.is_open or (approved and not request.is_emergency)
    if request.category.spec.has_release_stages and goes_on:
        return tuple(steps)
    if request.is_open:
        return (*steps, Step("Approved", State.LATER))
    done = State.DONE if approved else State.ENDED
    return (*steps, _ending(request.status.label, done, request))


def _ending(name: str, state: State, request: Request) -> Step:
    """The step that ended the review."""
    return Step(
        f"🚨 {name} in an emergency" if request.is_emergency else name,
        state,
        by=request.decided_by,
        at=request.completed_on,
        on_platform=request.platform_decider,
        for_whom=request.decided_for,
        handed=() if request.terms.named else request.handed,
        votes=() if request.terms.named else request.approval_notes,
    )


def _stage(request: Request, number: int) -> Step:
    name = f"{UNDER_REVIEW}: {line(request.terms.stages[number - 1].name, 80)}"
    by = request.approvers(number)
    handed = request.handed_at(number)
    noted = tuple(vote for vote in request.approval_notes if vote.stage == number)
    if request.is_emergency and number >= request.stage:
        passed = f"{name} (passed over)"
        return Step(passed, State.ENDED, all_by=by, handed=handed, votes=noted)
    at = max((vote.at for vote in request.votes if vote.stage == number), default=None)
    if number < request.stage or request.status is Status.APPROVED:
        return Step(name, State.DONE, at=at, all_by=by, handed=handed, votes=noted)
    if number > request.stage or not request.is_open:
        return Step(name, State.LATER, handed=handed)
    return Step(name, State.CURRENT, all_by=by, handed=handed, votes=noted)


def _release(request: Request) -> tuple[Step, ...]:
    if request.came_to_nothing:
        return ()
    if request.release_stage:
        return (*_reached(request), *_later(release_stages.ahead(request)))
    first, *rest = release_stages.ORDER[request.environment]
    now = State.CURRENT if release_stages.has_stages(request) else State.LATER
    return (Step(first.label, now), *_later(rest))


def _reached(request: Request) -> Iterator[Step]:
    """The stages it was moved through; the last one is where it is, or where it ended."""
    for move in request.moves:
        now = move.stage is request.release_stage
        state = _ARRIVED.get(move.stage, State.CURRENT) if now else State.DONE
        yield Step(move.stage.label, state, move.by, move.at)


def _later(to_come: Iterable[ReleaseStage]) -> tuple[Step, ...]:
    return tuple(Step(stage.label, State.LATER) for stage in to_come)


UNDER_REVIEW = Status.UNDER_REVIEW.label
_ARRIVED = {
    ReleaseStage.FULL: State.DONE,
    ReleaseStage.CANCELED: State.ENDED,
    ReleaseStage.ARCHIVED: State.ENDED,
}
_MARKS = {State.DONE: "✓", State.CURRENT: "➤", State.LATER: "○", State.ENDED: "✕"}


def _line(step: Step, request: Request, people: People) -> str:
    name = f"_{step.name}_" if step.state is State.LATER else f"*{step.name}*"
    waits = step.name.startswith(UNDER_REVIEW) and step.state is State.CURRENT and request.reviewers
    places = request_text.places(request, people)
    said = [
        who(step.by, people) if step.by else names(step.all_by, people, "and", places),
        f"for {who(step.for_whom, people)}" if step.for_whom else "",
        f"{line(step.on_platform, 80)} on the platform" if step.on_platform else "",
        date(step.at) if step.at else "",
        approval_notes.in_a_line(step.votes, people),
        request_text.waits_for(request, people) if waits else "",
        request_text.testing(request, people) if waits else "",
        *(f"🤝 {who(h.by, people)} handed it to {who(h.to, people)}" for h in step.handed[:10]),
    ]
    return " · ".join(filter(None, [f"{_MARKS[step.state]}  {name}", *said]))
