"""What the form asks for: one field an input, in the order people think.

The first step is here; the details of a category stand in `blocks.categories`.
"""

from blocks.categories import SCREENS
from blocks.categories.inputs import FEATURE
from blocks.request_form.field import FormField, Kind
from store.domain.request import Category, Environment

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


def feature(category: Category | None) -> tuple[FormField, ...]:
    """The inputs of one feature; their paths begin at the feature."""
    return SCREENS[category].feature if category else FEATURE
