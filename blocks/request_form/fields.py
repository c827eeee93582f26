"""What the form asks for: one field an input, in the order people think.

The first step is here; the details of a category stand in `blocks.categories`.
"""

from dataclasses import replace

from blocks.categories import SCREENS
from blocks.categories.inputs import FEATURE, detail
from blocks.request_form.field import FormField, Kind
from store.domain import draft as drafting
from store.domain.categories import stored
from store.domain.categories.details import BasicInformation
from store.domain.draft import Draft
from store.domain.links import LINK_LIMIT
from store.domain.request import Category, Environment, RejectionClass

WHAT_CHANGED = FormField(
    f"details.{stored.WHAT_CHANGED}",
    "What did you change?",
    Kind.LONG,
    limit=1000,
    hint="Reviewers read this first.",
)
"""Asked first where a request is submitted again."""

PROGRAM = FormField(
    drafting.PROGRAM,
    "Mini program",
    Kind.SEARCH,
    placeholder="Search by name or id",
    hint="Fills in what its last release had.",
    asks=True,
)
"""The search; what it fills in can be typed as well."""
TARGET_APP = detail(BasicInformation, "target_app", Kind.SEARCH, placeholder="Search or type")

EVIDENCE = FormField(
    "evidence",
    "Evidence",
    Kind.LINKS,
    placeholder="Test report https://jira.example.com/browse/QA-7",
    hint="One link per line: a title and its address.",
)
PREVIEW = FormField(
    "preview_url",
    "Test version",
    limit=LINK_LIMIT,
    placeholder="https://",
    hint="Its address. Reviewers get a button that opens it.",
)

REQUEST = (
    FormField(
        "category",
        "Category",
        Kind.SELECT,
        required=True,
        asks=True,
        options=tuple((each.value, each.label) for each in Category),
    ),
    FormField(
        "environment",
        "Environment",
        Kind.RADIO,
        required=True,
        options=tuple((each.value, each.label) for each in Environment),
    ),
    PROGRAM,
    FormField(
        "mini_program.name", "Mini Program Name", required=True, limit=150, also=("details.name",)
    ),
    FormField(
        "mini_program.id",
        "Mini Program ID",
        required=True,
        limit=32,
        placeholder="2171020092715498",
        hint="The digits the platform shows beside the name.",
    ),
    TARGET_APP,
    FormField("version", "Version", required=True, limit=64, also=("details.version",)),
    FormField(
        "title",
        "Title",
        limit=150,
        hint="Leave empty for one like “Release Bills Pay 3.2.5”.",
    ),
)


def request(draft: Draft) -> tuple[FormField, ...]:
    """The inputs of the first step: with a target app for a category that takes effect in one, and
    with no more choices than their writer has.
    """
    in_one_app = draft.category is not None and draft.category.spec.has_target_app
    asked = (field for field in REQUEST if in_one_app or field is not TARGET_APP)
    if draft.offered is None:
        return tuple(asked)
    places = [place for of_one in draft.offered.values() for place in of_one]
    here = draft.offered.get(str(draft.category), places) if draft.category else places
    able = {"category": set(draft.offered), "environment": set(here)}
    return tuple(_narrowed(field, able.get(field.path), draft) for field in asked)


def _narrowed(field: FormField, able: set[str] | None, draft: Draft) -> FormField:
    """What is chosen already stays: Slack takes no choice that is not among the options."""
    if able is None:
        return field
    kept = able | {draft.values.get(field.path)}
    return replace(field, options=tuple(each for each in field.options if each[0] in kept))


def details(category: Category | None, *, known: bool = False) -> tuple[FormField, ...]:
    """The inputs of the details; none before a category is chosen.

    `known`: those that were filled in from a release are not asked for where they are only shown.
    """
    if category is None:
        return ()
    screen = SCREENS[category]
    asked: tuple[FormField, ...] = screen.form
    if known and screen.asked_of_known:
        asked = tuple(field for field in asked if field.path in screen.asked_of_known)
    opened = (PREVIEW,) if category.spec.needs_version else ()
    return (*asked, *opened, EVIDENCE)


def named_by(kind: RejectionClass | None) -> frozenset[str]:
    """The paths of the inputs that a rejection of this kind is usually about."""
    return frozenset(f"details.{key}" for key in _NAMED_BY.get(kind, "").split())


def marked(field: FormField) -> FormField:
    """The input as one that what a request was rejected for is usually about."""
    hint = "Look at this again: the reason is usually about it."
    return replace(field, label=f"👉 {field.label}", hint=hint)


_WORDING = "tagline description release_note logo keywords tags"
_NAMED_BY: dict[RejectionClass | None, str] = {
    RejectionClass.ILLEGAL: f"{_WORDING} industry_category features",
    RejectionClass.PORNOGRAPHIC: _WORDING,
    RejectionClass.PRIVACY: "description whitelist features rectification",
    RejectionClass.COPYRIGHT: f"{_WORDING} name",
    RejectionClass.FRAUD: f"{_WORDING} admin features",
    RejectionClass.MALWARE: "whitelist features whole_package_size main_package_size",
    RejectionClass.ADVERTISING: _WORDING,
}


def feature(category: Category | None) -> tuple[FormField, ...]:
    """The inputs of one feature; their paths begin at the feature."""
    return SCREENS[category].feature if category else FEATURE
