"""What the details of each category hold, and what is accepted there. Labels are the platform's.

Unknown keys are kept, never dropped. The limits are ours; the platform states none.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from store.domain.request import Category

TEXT_LIMIT = 5_000
"""Characters in one text of the details."""
FEATURE_LIMIT = 100
WHITELIST_LIMIT = 200
LIST_LIMIT = 50
"""Keywords, tags or APIs in one list."""
SIZE_LIMIT = 2**53 - 1
"""The largest whole number every JSON reader keeps exactly."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT)]
Texts = Annotated[tuple[Text, ...], Field(max_length=LIST_LIMIT)]
Bytes = Annotated[StrictInt, Field(ge=0, le=SIZE_LIMIT)]


class Details(BaseModel):
    """What every category's details share: unknown keys are kept, an empty value counts as none."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @property
    def more(self) -> dict[str, Any]:
        """The keys the platform's pages do not name."""
        return dict(self.model_extra or {})

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: v for key, v in value.items() if not (key in cls.model_fields and _empty(v))}


class Feature(Details):
    """A capability the version uses; a feature bundles one or more JSAPIs."""

    name: Text = Field(title="Feature Name")
    version: Text = Field(title="Version")
    description: Text | None = Field(default=None, title="Feature Description")
    status: Text | None = Field(default=None, title="Status")
    apis: Texts = Field(default=(), title="APIs")


class ActivationFeature(Feature):
    """A feature whose activation is asked for, so its status and APIs have to be known."""

    status: Text = Field(title="Status")
    apis: Texts = Field(title="APIs")


Features = Annotated[tuple[Feature, ...], Field(max_length=FEATURE_LIMIT)]


class BasicInformation(Details):
    """The Basic Information of a release, which an offline request repeats."""

    name: Text = Field(title="Name")
    tagline: Text | None = Field(default=None, title="Tagline")
    description: Text | None = Field(default=None, title="Description")
    logo: Text | None = Field(default=None, title="Logo")
    keywords: Texts = Field(default=(), title="Keywords")
    type: Literal["DSL", "H5+"] = Field(title="Type")
    version: Text = Field(title="Version")
    target_app: Text = Field(title="Target App")
    language: Text = Field(title="Language")


class Release(BasicInformation):
    """Publish a new version."""

    tags: Texts = Field(default=(), title="Tags")
    features: Features = Field(default=(), title="Features")
    whitelist: Annotated[tuple[Text, ...], Field(max_length=WHITELIST_LIMIT)] = Field(
        default=(), title="Whitelist"
    )
    rectification: Text | None = Field(default=None, title="Rectification information")


class Offline(BasicInformation):
    """Take the mini program offline in one target app and environment."""

    reason_for_taking_offline: Text = Field(title="Reason for Taking Offline")


class Launch(Details):
    """Bring a mini program to a target app for the first time."""

    name: Text = Field(title="Name")
    admin: Text = Field(title="Admin")
    version: Text = Field(title="Version")
    industry_category: Text | None = Field(default=None, title="Category")
    description: Text | None = Field(default=None, title="Description")
    release_note: Text | None = Field(default=None, title="Release Note")
    features: Features = Field(default=(), title="Features")


class FeatureActivation(Details):
    """Activate features that need the super app's consent."""

    name: Text = Field(title="Name")
    admin: Text = Field(title="Admin")
    version: Text = Field(title="Version")
    description: Text | None = Field(default=None, title="Description")
    features: Annotated[
        tuple[ActivationFeature, ...], Field(min_length=1, max_length=FEATURE_LIMIT)
    ] = Field(title="Features")


class Optimization(Details):
    """Change how the package is split. Sizes are in bytes."""

    subpackage_enabled: StrictBool = Field(title="Sub-packaging enabled")
    whole_package_size: Bytes = Field(title="Whole Package Size")
    main_package_size: Bytes = Field(title="Main Package Size")
    sub_package_size: Bytes = Field(title="Sub Package Size")


MODELS: dict[Category, type[Details]] = {
    Category.RELEASE: Release,
    Category.OFFLINE: Offline,
    Category.LAUNCH: Launch,
    Category.FEATURES: FeatureActivation,
    Category.OPTIMIZATION: Optimization,
}


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
