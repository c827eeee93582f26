"""Mini Program Offline: take the mini program offline in one target app and environment."""

from pydantic import Field

from store.domain.categories.details import BasicInformation, Text
from store.domain.categories.phrases import labelled
from store.domain.categories.spec import Spec
from store.domain.categories.stored import Stored


class Offline(BasicInformation):
    """The details of an offline request."""

    reason_for_taking_offline: Text = Field(title="Reason for Taking Offline")
    effect_on_users: Text | None = Field(default=None, title="Effect on users")


def _phrases(details: Stored) -> tuple[str, ...]:
    return (
        labelled("offline in", "target_app", details),
        labelled("reason:", "reason_for_taking_offline", details),
        labelled("effect:", "effect_on_users", details),
    )


SPEC = Spec(
    label="Mini Program Offline",
    filter_name="offline",
    default_title="Take {name} offline",
    model=Offline,
    sections={
        "Basic Information": tuple(BasicInformation.model_fields),
        "Offline details": ("reason_for_taking_offline", "effect_on_users"),
    },
    phrases=_phrases,
    has_target_app=True,
)
