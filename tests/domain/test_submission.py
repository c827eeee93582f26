"""The interchange format: what is read, and what is refused in which words."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain import submission
from store.domain.json_values import FieldProblem
from store.domain.request import Category
from store.domain.submission import Submission, SubmissionError, differing
from tests.cast import ALICE, BOB, NOW, request, sample, sample_of

CATEGORIES = [category.value for category in Category]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


read = partial(submission.read, now=NOW)


def release(**changes: Any) -> dict[str, Any]:
    return sample_of(Category.RELEASE) | changes


def problems(obj: object) -> dict[str, str]:
    with pytest.raises(SubmissionError) as refused:
        read(obj)
    return {problem.field: problem.sentence for problem in refused.value.problems}


@pytest.mark.parametrize("found", sample(), ids=lambda found: found["external_id"])
def test_every_sample_is_read_whole(found: dict) -> None:
    accepted = read(found)
    assert accepted.model_dump(mode="json", exclude={"created_at"}, exclude_unset=True) == {
        key: value for key, value in found.items() if key != "created_at"
    }
    assert accepted.created_at == datetime.fromisoformat(found["created_at"])


def test_white_space_around_texts_goes() -> None:
    found = read(release(title="  Release\n Bills  Pay ", external_id=" a-1 "))
    assert (found.title, found.external_id) == ("Release Bills Pay", "a-1")


def test_control_characters_and_half_emoji_go() -> None:
    details = release()["details"] | {"description": "a\x00b\r\nc\td\x1b\ud83d \u0085"}
    found = read(release(title="Re\x00lease\ud800", details=details))
    assert found.title == "Release"
    assert found.details["description"] == "ab\nc\td"


def test_unknown_details_are_kept() -> None:
    details = release()["details"] | {"tier": {"levels": [1, 2.5, None]}}
    assert read(release(details=details)).details["tier"] == {"levels": [1, 2.5, None]}


def test_a_time_with_an_offset_becomes_utc() -> None:
    found = read(release(created_at="2026-11-20T10:14:00+08:00"))
    assert found.created_at == datetime(2026, 11, 20, 2, 14, tzinfo=UTC)
    assert found.created_at.tzinfo is UTC


def test_a_day_ahead_is_a_matter_of_clocks() -> None:
    assert read(release(created_at="2026-11-21T03:00:00Z")).created_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("ahead", ["2026-11-21T03:00:01Z", "2062-11-20T10:14:00+08:00"])
def test_more_than_a_day_ahead_is_refused(ahead: str) -> None:
    """It would stand first in every list, and be reminded of then."""
    with pytest.raises(SubmissionError) as refused:
        read(release(created_at=ahead))
    (problem,) = refused.value.problems
    said = f"'{ahead}' is more than a day ahead; check the year."
    assert (problem.field, problem.sentence) == ("created_at", said)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01 07:59:60.250+08:00", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("\u200b２０２６-11-20t02:14:00z\u200e", datetime(2026, 11, 20, 2, 14, tzinfo=UTC)),
    ],
)
def test_a_leap_second_and_a_pasted_time_are_read(written: str, moment: datetime) -> None:
    assert read(release(created_at=written)).created_at == moment


def test_what_names_something_is_read_without_invisible_marks() -> None:
    program = {"id": "\u200e２171020092715498", "name": "Bills Pay"}
    found = read(release(mini_program=program, version="3.2.4\u200b", submitted_by="\ufeffa@b.co"))
    assert (found.mini_program.id, found.version) == ("2171020092715498", "3.2.4")
    assert found.submitted_by == "a@b.co"


def test_only_what_is_other_is_named() -> None:
    stored = request(details={"type": "DSL", "old": [1], "note": "\u200b"})
    handed = {
        "external_id": stored.external_id,
        "title": stored.title,
        "category": stored.category,
        "environment": stored.environment,
        "mini_program": {"id": stored.mini_program_id, "name": stored.mini_program_name},
        "version": f"{stored.version}\u200b",
        "submitted_by": ALICE,
        "details": dict(stored.details),
    }

    def unlike_stored(submitter: str = ALICE, **changes: Any) -> tuple[str, ...]:
        other = Submission.model_validate({**handed, **changes}, context={"now": NOW})
        return differing(other, submitter, stored)

    assert unlike_stored(details={"type": "DSL", "old": [1], "note": ""}) == ()
    assert unlike_stored(created_at="2026-11-20T10:14:00+08:00", details=stored.details) == (
        "details.note",
    )
    assert unlike_stored(BOB, version="4", created_at="2026-11-20T10:15:00Z", details={}) == (
        *("version", "submitted_by", "created_at"),
        *("details.note", "details.old", "details.type"),
    )


@pytest.mark.parametrize("gone", ["created_at", "version"])
def test_what_is_optional_may_be_missing_null_or_empty(gone: str) -> None:
    offline = sample_of(Category.OFFLINE)
    for empty in ({gone: None}, {gone: " "}):
        assert getattr(read(offline | empty), gone) is None
    del offline[gone]
    assert getattr(read(offline), gone) is None


@pytest.mark.parametrize(
    "person", ["UALICE", "W012A3CDE", "erin@example.com", "e.rin+x@mail.example.co"]
)
def test_a_submitter_is_an_address_or_a_slack_user_id(person: str) -> None:
    assert read(release(submitted_by=person)).submitted_by == person


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"title": " \x00"}, "title", "This is required."),
        ({"title": None}, "title", "This is required."),
        ({"title": "\u3164"}, "title", "This is required."),
        ({"version": "\u200b"}, "version", "Mini Program Release needs a version."),
        ({"external_id": "\u202e \u200b"}, "external_id", "This is required."),
        ({"title": 7}, "title", "This must be text, in quotes."),
        ({"title": "x" * 151}, "title", "This has 151 characters; at most 150 fit."),
        ({"external_id": "x" * 65}, "external_id", "This has 65 characters; at most 64 fit."),
        ({"version": "9" * 65}, "version", "This has 65 characters; at most 64 fit."),
        ({"version": None}, "version", "Mini Program Release needs a version."),
        (
            {"environment": "staging"},
            "environment",
            "'staging' is not known; use production or sandbox.",
        ),
        (
            {"category": "coupon"},
            "category",
            f"'coupon' is not known; use {', '.join(CATEGORIES[:-1])} or {CATEGORIES[-1]}.",
        ),
        ({"mini_program": None}, "mini_program", "This is required."),
        ({"mini_program": "Bills"}, "mini_program", "This must be an object."),
        (
            {"mini_program": {"id": "21 71", "name": "B"}},
            "mini_program.id",
            "'21 71' is not a mini program id; use the digits the platform shows.",
        ),
        (
            {"mini_program": {"id": 2171, "name": "B"}},
            "mini_program.id",
            "This must be text, in quotes.",
        ),
        ({"mini_program": {"id": "2171", "name": ""}}, "mini_program.name", "This is required."),
        (
            {"submitted_by": "erin {x}"},
            "submitted_by",
            "'erin {x}' is neither an e-mail address nor a Slack user id (U…).",
        ),
        (
            {"created_at": "2026-11-16T01:37:00"},
            "created_at",
            "'2026-11-16T01:37:00' is not a time with an offset; use 2026-11-20T10:14:00+08:00.",
        ),
        (
            {"created_at": "0001-01-01T00:00:00+23:00"},
            "created_at",
            "'0001-01-01T00:00:00+23:00' is outside the years 2000 to 2099.",
        ),
        (
            {"priority": 1},
            "priority",
            "This is no field of a request; put anything extra inside details.",
        ),
        ({"details": []}, "details", "This must be an object."),
        (
            {"details": {"x": "é" * 300_000}},
            "details",
            "These are over 500,000 bytes; shorten them.",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_name(change: dict, field: str, sentence: str) -> None:
    assert problems(release(**change)) == {field: sentence}


@pytest.mark.parametrize(
    ("category", "change", "field", "sentence"),
    [
        (Category.RELEASE, {"name": ""}, "name", "This is required."),
        (Category.RELEASE, {"target_app": "\u2060\ufe0f"}, "target_app", "This is required."),
        (Category.RELEASE, {"keywords": ["\u3164"]}, "keywords.0", "This is required."),
        (Category.RELEASE, {"x\x00": 1, "x": 2}, "x", "This key stands here twice."),
        (Category.RELEASE, {"type": "H5"}, "type", "'H5' is not known; use DSL or H5+."),
        (Category.RELEASE, {"type": [1]}, "type", "A list is not known; use DSL or H5+."),
        (Category.RELEASE, {"keywords": "pay"}, "keywords", "This must be a list."),
        (Category.RELEASE, {"whitelist": ["a"] * 201}, "whitelist", "At most 200 fit here."),
        (
            Category.RELEASE,
            {"features": [{"version": "1"}]},
            "features.0.name",
            "This is required.",
        ),
        (Category.RELEASE, {"features": ["Scan"]}, "features.0", "This must be an object."),
        (Category.RELEASE, {"x": float("nan")}, "x", "This is not a number JSON can hold."),
        (Category.RELEASE, {"x": 2**64}, "x", "This number is too large; write it as text."),
        (
            Category.RELEASE,
            {"tagline": "x" * 5001},
            "tagline",
            "This has 5,001 characters; at most 5,000 fit.",
        ),
        (Category.FEATURES, {"features": []}, "features", "At least one is needed."),
        (
            Category.OPTIMIZATION,
            {"subpackage_enabled": "y"},
            "subpackage_enabled",
            "Use true or false.",
        ),
        (
            Category.OPTIMIZATION,
            {"whole_package_size": -1},
            "whole_package_size",
            "This cannot be less than 0 bytes.",
        ),
        (
            Category.OPTIMIZATION,
            {"whole_package_size": 1.5},
            "whole_package_size",
            "This must be a whole number of bytes.",
        ),
    ],
)
def test_wrong_details_are_refused_by_path(
    category: Category, change: dict, field: str, sentence: str
) -> None:
    found = sample_of(category)
    found["details"] |= change
    assert problems(found) == {f"details.{field}": sentence}


def test_all_problems_come_at_once() -> None:
    wrong = release(title="", environment="test", details={"type": "DSL", "features": [{}]})
    assert set(problems(wrong)) == {
        *("title", "environment", "details.name", "details.version", "details.target_app"),
        *("details.language", "details.features.0.name", "details.features.0.version"),
    }


def test_an_empty_object_hears_everything_that_is_required() -> None:
    assert set(problems({})) == {
        *("external_id", "title", "category", "environment", "mini_program"),
        *("submitted_by", "details"),
    }


@pytest.mark.parametrize("obj", [None, 1, "text", [], True, object()])
def test_anything_but_an_object_is_refused(obj: object) -> None:
    assert problems(obj) == {"": "A request is a JSON object, one per line."}


def test_endless_nesting_is_refused() -> None:
    deep: list = []
    for _ in range(200):
        deep = [deep]
    details = release()["details"] | {"deep": deep}
    assert list(problems(release(details=details))) == ["details.deep"]


def test_a_problem_reads_with_its_field() -> None:
    with pytest.raises(SubmissionError, match=r"^environment: 'staging' is not known"):
        read(release(environment="staging"))
    assert str(FieldProblem("", "A sentence.")) == "A sentence."


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    assert len(problems(release(environment="x" * 9_000))["environment"]) < 100


def refusal(obj: object) -> SubmissionError | None:
    try:
        read(obj).model_dump_json()
    except SubmissionError as error:
        return error
    return None


@given(st.sampled_from(sorted(Submission.model_fields)), JSON)
def test_whatever_a_field_holds_is_read_or_refused_kindly(field: str, value: Any) -> None:
    error = refusal(release(**{field: value}))
    assert error is None or error.problems
    assert not any(word in str(error) for word in ("Input should", "pydantic", "_type"))


@given(st.sampled_from(Category), st.data())
def test_whatever_details_hold_is_kept_or_refused_kindly(
    category: Category, data: st.DataObject
) -> None:
    found = sample_of(category)
    key = data.draw(st.sampled_from(sorted(category.spec.model.model_fields)) | st.text(max_size=5))
    found["details"][key] = data.draw(JSON)
    error = refusal(found)
    assert error is None or all(wrong.field.startswith("details") for wrong in error.problems)
    assert "This value is not accepted." not in str(error)
