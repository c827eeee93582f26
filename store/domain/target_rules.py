"""What other requests for the same target mean for one: the platform's rules, and what to know.

A target is a mini program in a target app and environment. The platform releases a version to a
target once, a canceled one included, unless it was withdrawn or rejected; and it takes nothing
offline while another process of that target is under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from store.domain.access import Allowed, Denial
from store.domain.categories.stored import value_of
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
class Namesakes:
    """What is approved of the mini program itself, whatever the target: the last request with its
    id, and one with its name and another id.
    """

    last: Predecessor | None = None
    other_id: Predecessor | None = None


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


def warnings(
    request: Request, found: Precedents, namesakes: Namesakes = Namesakes()
) -> tuple[str, ...]:
    """What whoever decides should know, a phrase each; plain texts that may repeat a person's
    words. The release before it on its target is `request.base`.

    Nothing once it is decided: then it is no longer of use to anybody.
    """
    if not request.is_open:
        return ()
    said = [*_identity(request, namesakes)]
    if request.category is Category.OFFLINE:
        said.append(_beside(request, found.under_way))
    elif request.category is Category.RELEASE:
        same = {each.id for each in found.standing}
        others = tuple(each for each in found.under_way if each.id not in same)
        said = [
            _older(request, request.base),
            _other_type(request, request.base or namesakes.last),
            *said,
            _once(request, found.standing),
            _rejected(request, found.rejected),
            _beside(request, others),
        ]
    return tuple(filter(None, said))


def state(found: Predecessor) -> str:
    """Where an earlier request stands, in the platform's words."""
    return found.release_stage.label if found.release_stage else found.status.label


def is_older(version: str | None, than: str | None) -> bool:
    """Whether a version comes before another, as numbers with dots: 3.10 after 3.9.

    Nothing is older than what is not written so.
    """
    mine, other = _numbers(version), _numbers(than)
    length = max(len(mine), len(other))
    padded = (mine + (0,) * (length - len(mine)), other + (0,) * (length - len(other)))
    return bool(mine and other) and padded[0] < padded[1]


def _numbers(version: str | None) -> tuple[int, ...]:
    parts = (version or "").removeprefix("v").split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        return ()
    return tuple(map(int, parts))


def _older(request: Request, base: Predecessor | None) -> str:
    if base is None or not is_older(request.version, base.version):
        return ""
    return f"Older than the approved {base.version} ({base.ref})"


def _other_type(request: Request, known: Predecessor | None) -> str:
    """The platform: the type of a mini program is not editable; another type is another program."""
    before = value_of("type", known.details) if known else ""
    now = value_of("type", request.details)
    if known is None or not before or not now or folded(before) == folded(now):
        return ""
    return f"The type changes, {before} → {now}: the platform does not allow it ({known.ref})"


def _identity(request: Request, namesakes: Namesakes) -> Iterator[str]:
    last, other = namesakes.last, namesakes.other_id
    if last and folded(last.mini_program_name) != folded(request.mini_program_name):
        yield f"{request.mini_program_id} was “{last.mini_program_name}” before ({last.ref})"
    if other:
        there = f"{other.mini_program_id} ({other.ref})"
        yield f"“{request.mini_program_name}” is known with another id: {there}"


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


def _beside(request: Request, others: tuple[Predecessor, ...]) -> str:
    if not others:
        return ""
    target = f"{request.mini_program_name} in {request.target_app or request.environment.label}"
    if len(others) == 1:
        return f"1 more request for {target} is open: {_named(others[0])}"
    count = f"{len(others)} more" if len(others) <= NAMED else f"More than {NAMED} other"
    named = ", ".join(map(_named, others[:NAMED]))
    return f"{count} requests for {target} are open: {named}"


def _named(other: Predecessor) -> str:
    """ "MP-57 (1.3.8)", "MP-31 (offline)"; with the release stage, where it has reached one."""
    what = other.version if other.category is Category.RELEASE else other.category.spec.filter_name
    stage = other.release_stage.label if other.release_stage else ""
    return f"{other.ref} ({', '.join(filter(None, (what, stage)))})"
