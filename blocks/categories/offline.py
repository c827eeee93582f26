"""Mini Program Offline on screen."""

from blocks.categories.inputs import BASIC_INFORMATION, detail
from blocks.categories.screen import Screen
from blocks.request_form.field import Kind
from store.domain.categories.offline import Offline
from store.domain.request import Environment


def _approved(environment: Environment) -> str:
    return (
        f"The platform takes the mini program offline in {environment.label}. "
        "Its data in the workspace stays."
    )


_EFFECT = detail(
    Offline, "effect_on_users", Kind.LONG, limit=1000, hint="Say what happens to current users."
)

SCREEN = Screen(
    form=(
        detail(
            Offline,
            "reason_for_taking_offline",
            Kind.LONG,
            hint="Reviewers decide on this.",
        ),
        _EFFECT,
        *BASIC_INFORMATION,
    ),
    asked_of_known=frozenset({"details.reason_for_taking_offline", _EFFECT.path}),
    effect="It takes the mini program away from users in",
    approved=_approved,
    at_released="What goes offline",
)
