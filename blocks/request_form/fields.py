"""What the form asks for: one row an input, in the order people think.

The details' labels, and what of them is required, come from `store.domain.details`: they are
written once, in the platform's words.
"""

from typing import Any, get_args

from blocks.request_form.field import YES_NO, FormField, Kind
from store.domain.details import (
    ActivationFeature,
    BasicInformation,
    Details,
    Feature,
    FeatureActivation,
    Launch,
    Offline,
    Optimization,
    Release,
)
from store.domain.request import Category, Environment


def _row(model: type[Details], key: str, kind: Kind = Kind.TEXT, **more: Any) -> FormField:
    """An input for a key of the details, or, for a feature's key, of that feature alone."""
    known = model.model_fields[key]
    return FormField(
        key if issubclass(model, Feature) else f"details.{key}",
        known.title or key,
        kind,
        required=known.is_required(),
        **more,
    )


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

_TYPES = get_args(BasicInformation.model_fields["type"].annotation)
_BASIC = (
    _row(
        BasicInformation,
        "type",
        Kind.RADIO,
        options=tuple((each, each) for each in _TYPES),
        hint="Cannot be changed later; another type is another mini program.",
    ),
    _row(BasicInformation, "target_app", limit=150),
    _row(BasicInformation, "language", limit=50, placeholder="en"),
    _row(BasicInformation, "tagline", limit=300, hint="The short summary in search results."),
    _row(BasicInformation, "description", Kind.LONG),
    _row(BasicInformation, "logo", limit=1000, hint="Its address, https://…"),
    _row(BasicInformation, "keywords", Kind.COMMAS, limit=1000, hint="Separated by commas."),
)
_ADMIN = "Who administers the mini program: a name or an e-mail address."
_SIZE = "In bytes, or with a unit: 3.6 MB."

DETAILS: dict[Category, tuple[FormField, ...]] = {
    Category.RELEASE: (
        *_BASIC,
        _row(Release, "tags", Kind.COMMAS, limit=1000, hint="Separated by commas."),
        _row(Release, "features", Kind.FEATURES),
        _row(
            Release,
            "whitelist",
            Kind.LINES,
            placeholder="api.example.com",
            hint="One domain a line.",
        ),
        _row(
            Release,
            "rectification",
            Kind.LONG,
            hint="If a warning asked for changes: what you changed.",
        ),
    ),
    Category.OFFLINE: (
        _row(
            Offline,
            "reason_for_taking_offline",
            Kind.LONG,
            hint="Reviewers decide by it, so say what happens to those who use it.",
        ),
        *_BASIC,
    ),
    Category.LAUNCH: (
        _row(Launch, "admin", limit=300, hint=_ADMIN),
        _row(Launch, "industry_category", limit=150, placeholder="Food & Drinks"),
        _row(Launch, "description", Kind.LONG),
        _row(Launch, "release_note", Kind.LONG, hint="What is new for those who use it."),
        _row(Launch, "features", Kind.FEATURES),
    ),
    Category.FEATURES: (
        _row(FeatureActivation, "admin", limit=300, hint=_ADMIN),
        _row(FeatureActivation, "description", Kind.LONG),
        _row(FeatureActivation, "features", Kind.FEATURES),
    ),
    Category.OPTIMIZATION: (
        _row(Optimization, "subpackage_enabled", Kind.YES_NO, options=YES_NO),
        _row(Optimization, "whole_package_size", Kind.SIZE, limit=40, hint=_SIZE),
        _row(Optimization, "main_package_size", Kind.SIZE, limit=40, hint=_SIZE),
        _row(Optimization, "sub_package_size", Kind.SIZE, limit=40, hint=_SIZE),
    ),
}

_FEATURE = (
    _row(Feature, "name", limit=300, placeholder="Scan"),
    _row(Feature, "version", limit=64, placeholder="1.8"),
    _row(Feature, "description", Kind.LONG),
)
_ACTIVATION = (
    *_FEATURE[:2],
    _row(ActivationFeature, "status", limit=300, placeholder="Activation needed"),
    _FEATURE[2],
    _row(
        ActivationFeature,
        "apis",
        Kind.COMMAS,
        placeholder="my.scan, my.tradePay",
        hint="The JSAPIs it bundles, separated by commas.",
    ),
)


def feature(category: Category | None) -> tuple[FormField, ...]:
    """The inputs of one feature; their paths begin at the feature."""
    return _ACTIVATION if category is Category.FEATURES else _FEATURE
