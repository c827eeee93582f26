"""Every category is whole: spec, screen, sample line, names and the database's CHECK.

Whoever adds one learns here, by name, what it still lacks.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest

from blocks import notices
from blocks.categories import SCREENS
from blocks.categories.screen import Screen
from blocks.request_form.fields import REQUEST
from store.domain import submission
from store.domain.categories.spec import Spec
from store.domain.categories.stored import is_size
from store.domain.lists import filter_text
from store.domain.lists.query import Scope
from store.domain.request import SPECS, Category, Environment
from store.engine.database import Database
from tests.cast import ALICE, NOW, sample
from tests.harness_blocks import words
from tests.harness_store import submit

SAMPLE = {found["category"]: found for found in reversed(sample())}
ASKED_FIRST = {path for field in REQUEST for path in field.paths}


def missing_in_spec(spec: Spec) -> Iterator[str]:
    """What the spec does not say, or says in two ways."""
    fields = spec.model.model_fields
    placed = [key for keys in spec.sections.values() for key in keys]
    for text in ("label", "filter_name", "default_title"):
        if not getattr(spec, text):
            yield f"{text} is empty"
    for key, field in fields.items():
        if placed.count(key) != 1:
            yield f"sections name {key} {placed.count(key)} times"
        if not field.title:
            yield f"model: {key} has no title"
        if counts_bytes(field.annotation) != is_size(key):
            yield f"model: {key} has to be Bytes and to end in _size, or neither"
    yield from (f"sections name {key}, which the model lacks" for key in set(placed) - set(fields))
    if spec.has_target_app != ("target_app" in fields):
        yield "has_target_app and the model differ on target_app"
    if spec.has_release_stages and not spec.has_target_app:
        yield "has_release_stages without has_target_app: a release is compared on its target"
    if spec.whole_size and spec.whole_size not in fields:
        yield f"whole_size is {spec.whole_size}, which the model lacks"


def counts_bytes(annotation: Any) -> bool:
    """Whether a field is Bytes, or Bytes or none."""
    kinds = (annotation, *get_args(annotation))
    return any(getattr(kind, "__origin__", kind) is int for kind in kinds)


def missing_in_screen(spec: Spec, screen: Screen) -> Iterator[str]:
    """What the form does not ask for, and the sentences that are not there."""
    fields = spec.model.model_fields
    asked = ASKED_FIRST | {path for field in screen.form for path in field.paths}
    yield from (f"form does not ask for {key}" for key in fields if f"details.{key}" not in asked)
    if "features" in fields:
        (feature, *_) = get_args(fields["features"].annotation)
        inputs = {field.path for field in screen.feature}
        needed = {key for key, field in feature.model_fields.items() if field.is_required()}
        yield from (f"feature does not ask for {key}" for key in sorted(needed - inputs))
    if not screen.effect:
        yield "effect is empty"
    for environment in Environment:
        if not screen.approved(environment):
            yield f"approved says nothing for {environment.label}"


def missing_in_sample(spec: Spec, found: dict[str, Any] | None) -> Iterator[str]:
    """What the sample's first request of the category does not show."""
    if found is None:
        yield "bot/sandbox/sample.jsonl has no line of it"
    elif not spec.what_changes(submission.read(found, now=NOW).details):
        yield "phrases: the card of the sample's first line says nothing"


def missing(category: Category) -> list[str]:
    """All that this category lacks."""
    if category not in SPECS:
        return ["store.domain.request.SPECS"]
    if category not in SCREENS:
        return ["blocks.categories.SCREENS"]
    spec, screen = SPECS[category], SCREENS[category]
    return [
        *missing_in_spec(spec),
        *missing_in_screen(spec, screen),
        *missing_in_sample(spec, SAMPLE.get(category.value)),
    ]


@pytest.mark.parametrize("category", Category)
def test_a_category_lacks_nothing(category: Category) -> None:
    assert missing(category) == []


@pytest.mark.parametrize("name", ["label", "filter_name", "default_title", "model"])
def test_no_two_categories_share_a_name(name: str) -> None:
    named = [getattr(spec, name) for spec in SPECS.values()]
    assert len(set(named)) == len(Category)


@pytest.mark.parametrize("category", Category)
def test_a_list_is_filtered_by_each_of_its_names(category: Category) -> None:
    for name in (category.spec.filter_name, category.value, category.label.lower()):
        query = filter_text.parse(f"category:{name}", Scope.ALL, ALICE)
        assert query.filter.categories == (category,)
    assert category.spec.filter_name in words(notices.help([]))


@pytest.mark.parametrize("category", Category)
async def test_the_database_takes_it(category: Category, db: Database) -> None:
    """The CHECK is in the migrations, and alembic compares none."""
    found = SAMPLE[category.value]
    given = {key: found.get(key) for key in ("category", "version", "details", "mini_program")}
    assert (await submit(db, **given)).category is category


def test_what_is_missing_is_named() -> None:
    spec, screen = SPECS[Category.OFFLINE], SCREENS[Category.OFFLINE]
    bare = replace(
        spec,
        label="",
        sections={"Offline details": ("reason",)},
        has_target_app=False,
        has_release_stages=True,
        whole_size="whole_package_size",
        phrases=lambda _details: [""],
    )
    assert set(missing_in_spec(bare)) == {
        "label is empty",
        *(f"sections name {key} 0 times" for key in spec.model.model_fields),
        "sections name reason, which the model lacks",
        "has_target_app and the model differ on target_app",
        "has_release_stages without has_target_app: a release is compared on its target",
        "whole_size is whole_package_size, which the model lacks",
    }
    silent = replace(screen, form=screen.form[1:], effect="", approved=lambda _environment: "")
    assert list(missing_in_screen(spec, silent)) == [
        "form does not ask for reason_for_taking_offline",
        "effect is empty",
        "approved says nothing for Production",
        "approved says nothing for Sandbox",
    ]
    activation, inputs = SPECS[Category.FEATURES], SCREENS[Category.LAUNCH].feature
    few = replace(SCREENS[Category.FEATURES], feature=inputs)
    assert list(missing_in_screen(activation, few)) == [
        "feature does not ask for apis",
        "feature does not ask for status",
    ]
    assert list(missing_in_sample(bare, None)) == ["bot/sandbox/sample.jsonl has no line of it"]
    assert list(missing_in_sample(bare, SAMPLE["mini_program_offline"])) == [
        "phrases: the card of the sample's first line says nothing"
    ]
