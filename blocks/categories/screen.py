"""The screen of a category: the inputs of its form and the sentences it says in its own way."""

from collections.abc import Callable
from dataclasses import dataclass

from blocks.categories.inputs import FEATURE
from blocks.request_form.field import FormField
from store.domain.request import Environment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Screen:
    """One category. Sentences are finished mrkdwn of our own words."""

    form: tuple[FormField, ...]
    """The inputs of its details, in the order people think."""
    asked_of_known: frozenset[str] = frozenset()
    """The paths that are asked for of a mini program whose last release is known: the rest is only
    shown. Empty for all of them."""
    feature: tuple[FormField, ...] = FEATURE
    """The inputs of one of its features."""
    effect: str
    """What an approval does, asked before it is done: "It goes to", and the place follows."""
    approved: Callable[[Environment], str]
    """What follows the approval, for the submitter."""
    first_step: str = "Submitted"
    """The step that is done when it is submitted, in the Release Process Overview."""
    at_released: str = ""
    """Heads what the card says it carries, and the version before that, where a release stands on
    its target; empty for "What changes" without a version."""
