"""Mini Program Launch: bring a mini program to a target app for the first time."""

from pydantic import Field

from store.domain.categories.details import Details, Features, Text
from store.domain.categories.phrases import labelled, named_features
from store.domain.categories.spec import Spec
from store.domain.categories.stored import Stored


class Launch(Details):
    """The details of a launch."""

    name: Text = Field(title="Name")
    admin: Text = Field(title="Admin")
    version: Text = Field(title="Version")
    industry_category: Text | None = Field(default=None, title="Category")
    description: Text | None = Field(default=None, title="Description")
    release_note: Text | None = Field(default=None, title="Release Note")
    features: Features = Field(default=(), title="Features")


def _phrases(details: Stored) -> tuple[str, ...]:
    return (labelled("release note:", "release_note", details), named_features(details))


SPEC = Spec(
    label="Mini Program Launch",
    filter_name="launch",
    default_title="Launch {name}",
    model=Launch,
    sections={
        "Basic Information": (
            "name",
            "admin",
            "version",
            "industry_category",
            "description",
            "release_note",
        ),
        "Features": ("features",),
    },
    phrases=_phrases,
    needs_version=True,
)
