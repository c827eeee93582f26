"""What the form asks for: one field an input, in the order people think.

The first step is here; the details of a category stand in `blocks.categories`.
"""

from dataclasses import replace

from blocks.categories import SCREENS
from blocks.categories.inputs import FEATURE
from blocks.request_form.field import FormField, Kind
from store.domain.categories import stored
from store.domain.request import Category, Environment, RejectionClass

WHAT_CHANGED = FormField(
    f"details.{stored.WHAT_CHANGED}",
    "What did you change?",
    Kind.LONG,
    limit=1000,
    hint="Reviewers read this first.",
)
"""Asked first where a request is submitted again."""

REQUEST = (
    FormField(
        "category",
        "Category",
        Kind.SELECT,
        required=True,
        options=tuple((each.value, each.label) for each in Category),
    ),
    FormField(
        "environment",
        "Environment",
        Kind.RADIO,
        required=True,
        options=tuple((each.value, each.label) for each in Environment),
    ),
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
    FormField("version", "Version", required=True, limit=64, also=("details.version",)),
    FormField(
        "title",
        "Title",
        limit=150,
        hint="Left empty: named after what is asked for, like “Release Bills Pay 3.2.4”.",
    ),
)


def details(category: Category | None) -> tuple[FormField, ...]:
    """The inputs of the details; none before a category is chosen."""
    return SCREENS[category].form if category else ()


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
