"""What changed is said once, shortly, and of whatever was stored."""

from typing import Any

import pytest

from store.domain.categories.changes import Change, between, summary
from store.domain.request import Category
from tests.cast import request, sample

BEFORE = dict(request().details)
SIZES = {
    "subpackage_enabled": True,
    "whole_package_size": 4_000_000,
    "main_package_size": 1_000_000,
    "sub_package_size": 3_000_000,
}


def release(**changed: Any) -> tuple[Change, ...]:
    return between(Category.RELEASE.spec, BEFORE, BEFORE | changed)


def sizes(**changed: Any) -> tuple[Change, ...]:
    return between(Category.OPTIMIZATION.spec, SIZES, SIZES | changed)


def test_the_card_gets_phrases() -> None:
    scan, pay = {"name": "Scan", "version": "1.9"}, {"name": "Pay", "version": "1.0"}
    found = release(tagline="New", features=[scan, pay], whitelist=["api.example.com", "b.example"])
    assert summary(found) == (
        "tagline “Pay 300+ billers in one tap” → New",
        "whitelist +1",
        "feature Scan 1.8 → 1.9",
        "feature Pay 1.0 added",
    )


def test_the_details_get_the_old_and_the_new_in_full() -> None:
    long = "words " * 500
    (found,) = release(tagline=long)
    assert found == Change("Tagline", "Pay 300+ billers in one tap", long, "tagline")


def test_the_same_details_have_no_changes() -> None:
    assert release() == ()


def test_a_new_version_is_no_phrase_of_its_own() -> None:
    (found,) = release(version="3.2.5")
    assert (found.old, found.new) == ("3.2.4", "3.2.5")
    assert summary([found]) == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tagline": None}, "tagline removed"),
        ({"tagline": "Pay"}, "tagline “Pay 300+ billers in one tap” → Pay"),
        ({"tagline": "Pay\nnow"}, "tagline"),  # a card has one line for all of it
        ({"type": "H5+"}, "type DSL → H5+"),
        ({"description": "About"}, "description"),
        ({"whitelist": []}, "whitelist -1"),
        ({"whitelist": ["a.example", "b.example"]}, "whitelist +2/-1"),
        ({"features": []}, "feature Scan 1.8 removed"),
        ({"features": [{"name": "Scan", "version": "1.8"}]}, "feature Scan changed"),
        ({"keywords": ["bills"]}, "keywords +1"),
        ({"sdk": "2.47"}, "sdk"),
    ],
)
def test_each_kind_of_change_has_its_phrase(changed: dict[str, Any], said: str) -> None:
    assert summary(release(**changed)) == (said,)


def test_a_reordered_list_is_no_change() -> None:
    old, new = ({"whitelist": list(domains)} for domains in ("ab", "ba"))
    assert between(Category.RELEASE.spec, old, new) == ()


def test_sizes_say_their_share_and_growth() -> None:
    (found,) = sizes(main_package_size=1_200_000)
    assert (found.old, found.new) == ("976.6 KB", "1.1 MB (30% of the whole, +20%)")
    assert summary([found]) == ("main package 1.1 MB (30% of the whole, +20%)",)


def test_sub_packages_switched_off_are_a_change() -> None:
    (found,) = sizes(subpackage_enabled=False)
    assert (found.label, found.old, found.new) == ("Sub-packaging enabled", "Yes", "No")


@pytest.mark.parametrize("odd", [None, "text", 7, [], {}, [[[]]], {"a": [1]}, [None]])
@pytest.mark.parametrize("category", Category)
def test_odd_records_are_read_all_the_same(category: Category, odd: object) -> None:
    details = next(r["details"] for r in sample() if r["category"] == category.value)
    broken = dict.fromkeys(details, odd)
    assert between(category.spec, details, broken)
    assert isinstance(summary(between(category.spec, broken, details)), tuple)
