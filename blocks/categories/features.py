"""Mini Program Features on screen."""

from blocks.categories.inputs import ADMIN_HINT, FEATURE, detail
from blocks.categories.screen import Screen
from blocks.request_form.field import Kind
from store.domain.categories.features import ActivationFeature, FeatureActivation
from store.domain.request import Environment


def _approved(environment: Environment) -> str:
    return f"The features may be used in {environment.label}. Continue on the platform."


_NAME, _VERSION, _DESCRIPTION = FEATURE

SCREEN = Screen(
    form=(
        detail(FeatureActivation, "admin", limit=300, hint=ADMIN_HINT),
        detail(FeatureActivation, "description", Kind.LONG),
        detail(FeatureActivation, "features", Kind.FEATURES),
    ),
    feature=(
        _NAME,
        _VERSION,
        detail(ActivationFeature, "status", limit=300, placeholder="Activation needed"),
        _DESCRIPTION,
        detail(
            ActivationFeature,
            "apis",
            Kind.COMMAS,
            placeholder="my.scan, my.tradePay",
            hint="The JSAPIs it bundles, separated by commas.",
        ),
    ),
    effect="The features become active in",
    approved=_approved,
)
