"""Optimization Modify on screen."""

from blocks.categories.inputs import detail
from blocks.categories.screen import Screen
from blocks.request_form.field import YES_NO, Kind
from store.domain.categories.optimization import Optimization
from store.domain.request import Environment

_SIZE_HINT = "In bytes, or with a unit: 3.6 MB."


def _approved(environment: Environment) -> str:
    return f"The sub-package setting is accepted for {environment.label}."


SCREEN = Screen(
    form=(
        detail(Optimization, "subpackage_enabled", Kind.YES_NO, options=YES_NO),
        detail(Optimization, "whole_package_size", Kind.SIZE, limit=40, hint=_SIZE_HINT),
        detail(Optimization, "main_package_size", Kind.SIZE, limit=40, hint=_SIZE_HINT),
        detail(Optimization, "sub_package_size", Kind.SIZE, limit=40, hint=_SIZE_HINT),
    ),
    effect="The packages change in",
    approved=_approved,
)
