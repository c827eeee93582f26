"""How each category's details read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.categories.phrases import PHRASE_LIMIT
from store.domain.categories.spec import Section
from store.domain.categories.stored import size
from store.domain.request import Category
from tests.cast import sample, sample_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


def shown(category: Category, **changes: Any) -> dict[str, Section]:
    details = sample_of(category)["details"] | changes
    return {section.name: section for section in category.spec.sections_of(details)}


@pytest.mark.parametrize(
    ("category", "names"),
    [
        (Category.RELEASE, ["Basic Information", "Additional details"]),
        (Category.OFFLINE, ["Basic Information", "Offline details"]),
        (Category.LAUNCH, ["Basic Information", "Features"]),
        (Category.FEATURES, ["Basic Information", "Feature information"]),
        (Category.OPTIMIZATION, ["SubPackage Setting"]),
    ],
)
def test_sections_have_the_platforms_names(category: Category, names: list[str]) -> None:
    assert list(shown(category)) == names


def test_a_release_shows_the_platforms_fields_in_its_order() -> None:
    basic = shown(Category.RELEASE)["Basic Information"]
    assert [label for label, _ in basic.rows] == [
        *("Name", "Tagline", "Description", "Logo", "Keywords", "Type", "Version"),
        *("Target App", "Language"),
    ]


def test_a_release_shows_tags_whitelist_and_rectification_beside_its_features() -> None:
    additional = shown(Category.RELEASE, rectification="New font")["Additional details"]
    assert additional.rows == (
        ("Tags", "kyc, campus"),
        ("Whitelist", "api.example.com"),
        ("Rectification information", "New font"),
    )
    assert [str(feature) for feature in additional.features] == [
        *("Location 1.8", "Scan 1.8", "Location 1.0")
    ]


def test_an_offline_request_shows_its_reason() -> None:
    offline = shown(Category.OFFLINE)["Offline details"]
    assert offline.rows == (("Reason for Taking Offline", "The merchant closed this branch"),)


def test_the_industry_category_of_a_launch_is_labelled_as_on_the_platform() -> None:
    assert ("Category", "Retail") in shown(Category.LAUNCH)["Basic Information"].rows


def test_a_feature_activation_shows_status_and_apis() -> None:
    bluetooth = shown(Category.FEATURES)["Feature information"].features[1]
    assert bluetooth.status == "Activated"
    assert bluetooth.apis == ("my.openBluetoothAdapter", "my.connectBLEDevice")


def test_sub_packages_show_yes_and_sizes_for_people() -> None:
    assert shown(Category.OPTIMIZATION)["SubPackage Setting"].rows == (
        ("Sub-packaging enabled", "Yes"),
        ("Whole Package Size", "3.6 MB"),
        ("Main Package Size", "1.1 MB (31%)"),
        ("Sub Package Size", "2.5 MB (69%)"),
    )


def test_unknown_keys_come_under_more() -> None:
    more = shown(Category.RELEASE, tier={"name": "gold", "levels": [1, 2]}, beta=True)["More"]
    assert more.rows == (("tier", "name: gold, levels: 1, 2"), ("beta", "Yes"))


def test_unknown_keys_of_a_feature_are_kept_with_it() -> None:
    feature = {"name": "Scan", "version": "1.8", "risk": "low"}
    shown_feature = shown(Category.LAUNCH, features=[feature])["Features"].features[0]
    assert shown_feature.more == (("risk", "low"),)


def test_what_is_empty_is_left_out() -> None:
    assert Category.RELEASE.spec.sections_of({}) == ()
    labels = dict(shown(Category.RELEASE, tagline=None)["Basic Information"].rows)
    assert "Tagline" not in labels


@given(st.sampled_from(Category), st.data())
def test_whatever_is_stored_can_be_shown(category: Category, data: st.DataObject) -> None:
    keys = st.sampled_from(sorted(category.spec.model.model_fields)) | st.text(max_size=5)
    details = data.draw(st.dictionaries(keys, JSON, max_size=6))
    for section in category.spec.sections_of(details):
        assert all(isinstance(text, str) for row in section.rows for text in row)
    assert all(len(phrase) < PHRASE_LIMIT * 7 for phrase in category.spec.what_changes(details))


def test_endless_nesting_ends_in_an_ellipsis() -> None:
    deep = json.loads("[" * 500 + "]" * 500)
    assert dict(Category.RELEASE.spec.sections_of({"deep": deep})[0].rows) == {"deep": "…"}


def changes(category: Category, **more: Any) -> tuple[str, ...]:
    return category.spec.what_changes(sample_of(category)["details"] | more)


def test_a_release_says_its_target_features_whitelist_and_rectification() -> None:
    assert changes(Category.RELEASE, rectification="Removed\nthe font") == (
        "language fil",
        "3 features: Location 1.8, Scan 1.8, Location 1.0",
        "whitelist 1 domain",
        "rectification: Removed the font",
    )


def test_an_offline_request_says_where_and_why() -> None:
    assert changes(Category.OFFLINE) == (
        "offline in Wallet PH",
        "reason: The merchant closed this branch",
    )


def test_a_launch_says_its_release_note_and_features() -> None:
    assert changes(Category.LAUNCH) == (
        "release note: First public version",
        "2 features: Notifications 1.6, Bluetooth 1.3",
    )


def test_a_feature_activation_says_what_to_activate() -> None:
    asked = {"name": "Scan", "version": "1.5", "status": "Activation needed", "apis": ["my.scan"]}
    active = asked | {"status": "Activated"}
    assert changes(Category.FEATURES, features=[asked, active]) == (
        "activate Scan 1.5 (my.scan)",
        "Scan 1.5 (my.scan): Activated",
    )


def test_sub_packages_say_their_sizes() -> None:
    assert changes(Category.OPTIMIZATION) == (
        *("sub-packages enabled", "whole 3.6 MB", "main 1.1 MB", "sub 2.5 MB"),
    )
    assert changes(Category.OPTIMIZATION, subpackage_enabled=False)[0] == "sub-packages disabled"


def test_many_features_are_counted_after_five() -> None:
    many = [{"name": "Scan", "version": str(n)} for n in range(7)]
    assert changes(Category.LAUNCH, features=many)[1].endswith("Scan 4 and 2 more")
    assert changes(Category.FEATURES, features=many)[5:] == ("2 more",)


def test_a_long_reason_is_shortened_for_the_card() -> None:
    reason = changes(Category.OFFLINE, reason_for_taking_offline="word " * 900)[1]
    assert reason.endswith("word…")
    assert len(reason) <= PHRASE_LIMIT + len("reason: ")


@pytest.mark.parametrize("found", sample(), ids=lambda found: found["external_id"])
def test_every_sample_says_something_on_its_card(found: dict) -> None:
    assert Category(found["category"]).spec.what_changes(found["details"])


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (1024 * 1024 - 1, "1.0 MB"),
        (3824640, "3.6 MB"),
        (5 * 1024**3, "5.0 GB"),
        (2000 * 1024**3, "2,000.0 GB"),
    ],
)
def test_sizes_read_in_the_nearest_unit(count: int, text: str) -> None:
    assert size(count) == text
