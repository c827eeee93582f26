"""Mini Program Features: activate features that need the super app's consent."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from store.domain.categories.details import FEATURE_LIMIT, Details, Feature, Text, Texts
from store.domain.categories.phrases import FEATURES_NAMED, clip
from store.domain.categories.spec import Spec
from store.domain.categories.stored import Stored, features_in


class ActivationFeature(Feature):
    """A feature whose activation is asked for, so its status and APIs have to be known."""

    status: Text = Field(title="Status")
    apis: Texts = Field(title="APIs")


class FeatureActivation(Details):
    """The details of a request for features."""

    name: Text = Field(title="Name")
    admin: Text = Field(title="Admin")
    version: Text = Field(title="Version")
    description: Text | None = Field(default=None, title="Description")
    features: Annotated[
        tuple[ActivationFeature, ...], Field(min_length=1, max_length=FEATURE_LIMIT)
    ] = Field(title="Features")


def _phrases(details: Stored) -> Iterator[str]:
    found = features_in(details)
    for feature in found[:FEATURES_NAMED]:
        said = f"{feature} ({', '.join(feature.apis)})" if feature.apis else str(feature)
        active = feature.status.casefold() == "activated"
        yield clip(f"{said}: {feature.status}" if active else f"activate {said}")
    if len(found) > FEATURES_NAMED:
        yield f"{len(found) - FEATURES_NAMED} more"


SPEC = Spec(
    label="Mini Program Features",
    filter_name="features",
    default_title="Activate features for {name}",
    model=FeatureActivation,
    sections={
        "Basic Information": ("name", "admin", "version", "description"),
        "Feature information": ("features",),
    },
    phrases=_phrases,
)
