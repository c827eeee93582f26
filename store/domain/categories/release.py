"""Mini Program Release: publish a new version."""

from typing import Annotated

from pydantic import Field

from store.domain.categories.details import (
    WHITELIST_LIMIT,
    BasicInformation,
    Features,
    Text,
    Texts,
)
from store.domain.categories.phrases import labelled, named_features
from store.domain.categories.spec import Spec
from store.domain.categories.stored import Stored, counted, items


class Release(BasicInformation):
    """The details of a release."""

    tags: Texts = Field(default=(), title="Tags")
    features: Features = Field(default=(), title="Features")
    whitelist: Annotated[tuple[Text, ...], Field(max_length=WHITELIST_LIMIT)] = Field(
        default=(), title="Whitelist"
    )
    rectification: Text | None = Field(default=None, title="Rectification information")


def _phrases(details: Stored) -> tuple[str, ...]:
    """Not its version and target app: the line above them on the card says those."""
    domains = len(items(details.get("whitelist")))
    return (
        labelled("language", "language", details),
        named_features(details),
        f"whitelist {counted(domains, 'domain')}" if domains else "",
        labelled("rectification:", "rectification", details),
    )


SPEC = Spec(
    label="Mini Program Release",
    filter_name="release",
    default_title="Release {name} {version}",
    model=Release,
    sections={
        "Basic Information": tuple(BasicInformation.model_fields),
        "Additional details": ("tags", "features", "whitelist", "rectification"),
    },
    phrases=_phrases,
    needs_version=True,
    has_target_app=True,
    has_release_stages=True,
)
