"""The models of details that categories share, and the limits of what is accepted there.

Titles are the platform's labels. Unknown keys are kept, never dropped. The limits are ours; the
platform states none.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

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
"""For keys that end in `_size`; `stored.is_size` goes by that."""


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


class Feature(Details):
    """A capability the version uses; a feature bundles one or more JSAPIs."""

    name: Text = Field(title="Feature Name")
    version: Text = Field(title="Version")
    description: Text | None = Field(default=None, title="Feature Description")
    status: Text | None = Field(default=None, title="Status")
    apis: Texts = Field(default=(), title="APIs")


Features = Annotated[tuple[Feature, ...], Field(max_length=FEATURE_LIMIT)]


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
