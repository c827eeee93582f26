"""What the form asks beyond what a request has to be: one sentence each, at its field."""

from typing import Any

import pytest

from store.domain import form_checks
from store.domain.draft import Draft
from store.domain.request import Category
from tests.cast import ALICE, sample_of

MB = 1 << 20


def draft(category: Category, **details: Any) -> Draft:
    """The sample's, with these details."""
    found = sample_of(category)
    return Draft("d1", ALICE, {**found, "details": found["details"] | details})


@pytest.mark.parametrize("category", Category)
def test_the_sample_is_fine(category: Category) -> None:
    assert form_checks.problems(draft(category), None) == ()


@pytest.mark.parametrize(
    ("category", "details", "field", "said"),
    [
        (Category.RELEASE, {"logo": "logo.png"}, "logo", "link to the image"),
        (Category.RELEASE, {"logo": "http://example.com/a.png"}, "logo", "https://"),
        (Category.RELEASE, {"logo": "https://[example/a.png"}, "logo", "https://"),
        (Category.RELEASE, {"whitelist": ["https://a.com"]}, "whitelist", "“https://a.com”"),
        (Category.RELEASE, {"whitelist": ["a.example.com", "x"]}, "whitelist", "“x” is not"),
        (Category.OPTIMIZATION, {"main_package_size": 9 * MB}, "main_package_size", "3.6 MB"),
        (Category.OPTIMIZATION, {"sub_package_size": 3 * MB}, "sub_package_size", "together"),
        (Category.OPTIMIZATION, {"subpackage_enabled": False}, "sub_package_size", "not enabled"),
    ],
)  # fmt: skip
def test_a_slip_has_its_sentence(
    category: Category, details: dict[str, Any], field: str, said: str
) -> None:
    (problem,) = form_checks.problems(draft(category, **details), None)
    assert problem.field == f"details.{field}"
    assert said in problem.sentence


@pytest.mark.parametrize(
    "domain", ["api.example.com", "*.example.com", "a-b.co:8443", "A.Example.COM"]
)
def test_a_domain_is_taken(domain: str) -> None:
    assert form_checks.problems(draft(Category.RELEASE, whitelist=[domain]), None) == ()


def test_without_an_id_or_ids_before_it_nothing_is_odd() -> None:
    values = {"mini_program": {"id": "12"}}
    assert form_checks.odd_id({}, {16}) == ""
    assert form_checks.odd_id(values, ()) == ""
    assert form_checks.odd_id(values, {2, 16}) == ""
    assert "have 15 or 16" in form_checks.odd_id(values, {16, 15})
