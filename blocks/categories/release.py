"""Mini Program Release on screen."""

from blocks.categories.inputs import BASIC_INFORMATION, detail
from blocks.categories.screen import Screen
from blocks.request_form.field import Kind
from store.domain.categories.release import Release
from store.domain.request import Environment


def _approved(environment: Environment) -> str:
    match environment:
        case Environment.PRODUCTION:
            return "Approved, but not live yet. Go live on the platform, then say here where it is."
        case Environment.SANDBOX:
            return (
                "In Sandbox the platform takes it from here: Pilot Testing where the target app "
                "supports it, then Full Release. Say here where it is."
            )


SCREEN = Screen(
    form=(
        *BASIC_INFORMATION,
        detail(Release, "tags", Kind.COMMAS, limit=1000, hint="Separated by commas."),
        detail(Release, "features", Kind.FEATURES),
        detail(
            Release,
            "whitelist",
            Kind.LINES,
            placeholder="api.example.com",
            hint="One domain per line.",
        ),
        detail(
            Release,
            "rectification",
            Kind.LONG,
            hint="If a warning asked for changes: what you changed.",
        ),
    ),
    effect="It goes to",
    approved=_approved,
    first_step="New Version Created",
)
