"""What each category's details accept."""

import pytest
from pydantic import ValidationError

from store.domain.categories.details import SIZE_LIMIT, TEXT_LIMIT
from store.domain.categories.optimization import Optimization
from store.domain.categories.release import Release
from store.domain.request import Category
from tests.cast import sample, sample_of

SIZES = {"whole_package_size": 3, "main_package_size": 2, "sub_package_size": 1}


@pytest.mark.parametrize("found", sample(), ids=lambda found: found["external_id"])
def test_every_sample_is_accepted(found: dict) -> None:
    model = Category(found["category"]).spec.model.model_validate(found["details"])
    assert model.more == {}


@pytest.mark.parametrize("category", list(Category))
def test_unknown_keys_are_kept(category: Category) -> None:
    details = sample_of(category)["details"] | {"loyalty_tier": "gold", "": 1}
    assert category.spec.model.model_validate(details).more == {"loyalty_tier": "gold", "": 1}


def test_an_empty_optional_value_counts_as_none() -> None:
    details = sample_of(Category.RELEASE)["details"] | {"tagline": " ", "keywords": None}
    release = Release.model_validate(details)
    assert (release.tagline, release.keywords) == (None, ())


@pytest.mark.parametrize(
    ("category", "change"),
    [
        (Category.RELEASE, {"name": "  "}),  # required
        (Category.RELEASE, {"type": "H5"}),  # DSL or H5+
        (Category.RELEASE, {"version": 3.2}),  # text: 3.20 is another one
        (Category.RELEASE, {"description": "x" * (TEXT_LIMIT + 1)}),
        (Category.RELEASE, {"whitelist": ["a.example"] * 201}),
        (Category.RELEASE, {"features": [{"name": "Scan"}]}),  # without a version
        (Category.OFFLINE, {"reason_for_taking_offline": None}),
        (Category.LAUNCH, {"features": [{"name": "Scan", "version": "1"}] * 101}),
        (Category.FEATURES, {"features": []}),  # what should be reviewed then?
        (Category.FEATURES, {"features": [{"name": "Scan", "version": "1", "apis": []}]}),
        (Category.OPTIMIZATION, {"main_package_size": -1}),
        (Category.OPTIMIZATION, {"main_package_size": SIZE_LIMIT + 1}),
        (Category.OPTIMIZATION, {"main_package_size": "12"}),  # a number
        (Category.OPTIMIZATION, {"subpackage_enabled": "yes"}),
    ],
)
def test_wrong_details_are_refused(category: Category, change: dict) -> None:
    with pytest.raises(ValidationError):
        category.spec.model.model_validate(sample_of(category)["details"] | change)


def test_the_limits_themselves_are_accepted() -> None:
    Optimization.model_validate({"subpackage_enabled": False, **SIZES, "sub_package_size": 0})
    Release.model_validate(
        sample_of(Category.RELEASE)["details"] | {"description": "x" * TEXT_LIMIT}
    )
