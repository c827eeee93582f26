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


SCREEN = Screen(
    form=(
        detail(
            Offline,
            "reason_for_taking_offline",
            Kind.LONG,
            hint="Reviewers decide by it, so say what happens to those who use it.",
        ),
        *BASIC_INFORMATION,
    ),
    effect="It takes the mini program away from users in",
    approved=_approved,
    at_released="What goes offline",
)
