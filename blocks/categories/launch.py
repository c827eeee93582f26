"""Mini Program Launch on screen."""

from blocks.categories.inputs import ADMIN_HINT, detail
from blocks.categories.screen import Screen
from blocks.request_form.field import Kind
from store.domain.categories.launch import Launch
from store.domain.request import Environment


def _approved(environment: Environment) -> str:
    return f"The mini program may launch in {environment.label}. Continue on the platform."


SCREEN = Screen(
    form=(
        detail(Launch, "admin", limit=300, hint=ADMIN_HINT),
        detail(Launch, "industry_category", limit=150, placeholder="Food & Drinks"),
        detail(Launch, "description", Kind.LONG),
        detail(Launch, "release_note", Kind.LONG, hint="What's new for users."),
        detail(Launch, "features", Kind.FEATURES),
    ),
    effect="It launches in",
    approved=_approved,
)
