"""What other requests for the same target mean for one: the platform's rules, and what to know.

A target is a mini program in a target app and environment. The platform releases a version to a
target once, a canceled one included, unless it was withdrawn or rejected; and it takes nothing
offline while another process of that target is under way.
"""

from dataclasses import dataclass

from store.domain.access import Allowed, Denial
from store.domain.request import (
    Category,
    Environment,
    Predecessor,
    ReleaseStage,
    Request,
    target_app,
)
from store.domain.submission import Submission
from store.domain.typed_text import folded

UNDER_WAY = frozenset({ReleaseStage.PILOT, ReleaseStage.GRAYSCALE})
"""Stages that the platform wants ended before anything goes offline."""
NAMED = 3
"""How many requests one warning names."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request takes effect. `app` is folded, so that case makes no second target."""

    mini_program_id: str
    environment: Environment
    app: str

    @classmethod
    def of(cls, request: Request) -> "Target":
        """The target of a stored request."""
        app = folded_app(request.category, request.details)
        return cls(request.mini_program_id, request.environment, app)

    @classmethod
    def asked(cls, submission: Submission) -> "Target":
        """The target of a request that is about to be stored."""
        app = folded_app(submission.category, submission.details)
        return cls(submission.mini_program.id, submission.environment, app)

    @property
    def key(self) -> str:
        """One text for all of it, to lock by."""
        return f"{self.mini_program_id}/{self.environment}/{self.app}"


@dataclass(frozen=True, slots=True)
class Precedents:
    """What the store knows of one target, the request itself left out; each list newest first.

    `standing` and `rejected` are releases of the same version; `under_way` are requests of any
    category Under Review, and releases moved to Pilot Testing or Grayscale Release.
    """

    standing: tuple[Predecessor, ...] = ()
    rejected: tuple[Predecessor, ...] = ()
    under_way: tuple[Predecessor, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """No, because of `by`; `field` is what the submitter would change to get a yes."""

    reason: Denial
    by: Predecessor
    field: str


def folded_app(category: Category, details: object) -> str:
    """The target app as targets are compared; empty for a category that has none."""
    return folded(target_app(category, details)) if isinstance(details, dict) else ""


def judge(category: Category, found: Precedents) -> Allowed | Blocked:
    """Whether the platform's rules let a new request of this category stand beside these."""
    if category is Category.RELEASE and found.standing:
        return Blocked(Denial.RELEASED_ONCE, found.standing[0], "version")
    if category is Category.OFFLINE and found.under_way:
        return Blocked(Denial.TARGET_BUSY, found.under_way[0], "details.target_app")
    return Allowed()


def warnings(request: Request, found: Precedents) -> tuple[str, ...]:
    """What whoever decides should know, in phrases; plain texts that may repeat a person's words.

    Nothing once it is decided: then it is no longer of use to anybody.
    """
    if not request.is_open or request.category not in {Category.RELEASE, Category.OFFLINE}:
        return ()
    if request.category is Category.OFFLINE:
        said = [_beside(found.under_way)]
    else:
        same = {each.id for each in found.standing}
        others = tuple(each for each in found.under_way if each.id not in same)
        said = [
            _once(request, found.standing),
            _rejected(request, found.rejected),
            _beside(others),
        ]
    return tuple(filter(None, said))


def state(found: Predecessor) -> str:
    """Where an earlier request stands, in the platform's words."""
    return found.release_stage.label if found.release_stage else found.status.label


def _once(request: Request, standing: tuple[Predecessor, ...]) -> str:
    if not standing:
        return ""
    there = standing[0]
    return (
        f"{request.version} was already submitted for this target ({there.ref}, {state(there)}); "
        "the platform releases a version once"
    )


def _rejected(request: Request, rejected: tuple[Predecessor, ...]) -> str:
    unsaid = [each for each in rejected if each.id != request.resubmission_of]
    return f"{request.version} was rejected here before ({unsaid[0].ref})" if unsaid else ""


def _beside(others: tuple[Predecessor, ...]) -> str:
    if not others:
        return ""
    more = " and more" if len(others) > NAMED else ""
    return f"also under way for this target: {', '.join(map(_named, others[:NAMED]))}{more}"


def _named(other: Predecessor) -> str:
    what = f"{other.category.label} {other.version or ''}".strip()
    return f"{other.ref} ({what}, {state(other)})"
