"""What follows an approval: the platform's order of release stages, written as a table.

Approved is not live. Until somebody says where the release stands it is taken to be in the first
stage; which of Release Preparation and Pilot Testing that is in Production depends on the target
app, so both may be said. What the platform archives itself is no move of a person's.
"""

from store.domain.request import Environment, ReleaseStage, Request, Status
from store.domain.typed_text import folded

PREPARATION, PILOT = ReleaseStage.PREPARATION, ReleaseStage.PILOT
GRAYSCALE, FULL, CANCELED = ReleaseStage.GRAYSCALE, ReleaseStage.FULL, ReleaseStage.CANCELED

ORDER: dict[Environment, tuple[ReleaseStage, ...]] = {
    Environment.PRODUCTION: (PREPARATION, PILOT, GRAYSCALE, FULL),
    Environment.SANDBOX: (PILOT, FULL),
}
"""The stages a release may pass, in order."""

TRANSITIONS: dict[tuple[Environment, ReleaseStage | None], tuple[ReleaseStage, ...]] = {
    (Environment.PRODUCTION, None): (PREPARATION, PILOT, GRAYSCALE, FULL, CANCELED),
    (Environment.PRODUCTION, PREPARATION): (GRAYSCALE, FULL, CANCELED),
    (Environment.PRODUCTION, PILOT): (GRAYSCALE, FULL, CANCELED),
    (Environment.PRODUCTION, GRAYSCALE): (FULL, CANCELED),
    (Environment.SANDBOX, None): (PILOT, FULL, CANCELED),
    (Environment.SANDBOX, PILOT): (FULL, CANCELED),
}
"""Where a release may go next; a stage that is not here is final. None: nobody has said yet."""


def has_stages(request: Request) -> bool:
    """Whether anything follows the decision: only for an approved release that the platform has
    not refused.
    """
    approved = request.status is Status.APPROVED and not request.is_refused_there
    return request.category.spec.has_release_stages and approved


def current(request: Request) -> ReleaseStage | None:
    """The stage an approved release is in; None for every other request."""
    if not has_stages(request):
        return None
    return request.release_stage or ORDER[request.environment][0]


def possible(request: Request) -> tuple[ReleaseStage, ...]:
    """The stages it may move to now; empty where there are none."""
    if not has_stages(request):
        return ()
    return TRANSITIONS.get((request.environment, request.release_stage), ())


def ahead(request: Request) -> tuple[ReleaseStage, ...]:
    """The stages still to come on the way to Full Release, in order; none after an early end."""
    order = ORDER[request.environment]
    if request.release_stage is None:
        return order
    return tuple(stage for stage in order if stage in possible(request))


def read(words: str) -> ReleaseStage | None:
    """The stage a person may move to by its word or the platform's name of it; None for others."""
    able = [stage for stage in ReleaseStage if stage is not ReleaseStage.ARCHIVED]
    names = {folded(name): stage for stage in able for name in (stage.value, stage.label)}
    return names.get(folded(words))
