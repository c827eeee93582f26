"""The form collects a release in the interchange format and puts problems under their inputs."""

from typing import Any

import pytest
from slack_sdk.models.views import View

from blocks import request_form
from bot.sandbox.limits import view_problems
from store.domain.request import Category
from store.domain.storable import FieldProblem
from store.domain.submission import SubmissionError, read
from tests.blocks.surfaces import words
from tests.cast import ALICE, sample_of

LEFT_OUT = {"external_id", "submitted_by", "created_at"}


def submitted(view: View) -> dict[str, Any]:
    """What Slack sends when a person submits the form as it stands."""
    values = {}
    for block in view.to_dict()["blocks"]:
        element = block["element"]
        state = {
            "value": element.get("initial_value"),
            "selected_option": element.get("initial_option"),
        }
        values[block["block_id"]] = {element["action_id"]: state}
    return {"state": {"values": values}}


def parsed(view: View) -> dict[str, Any]:
    return request_form.parse(submitted(view), submitted_by=ALICE, external_id="slack-1")


def release() -> dict[str, Any]:
    """The sample's release without what a form does not ask for."""
    found = {k: v for k, v in sample_of(Category.RELEASE).items() if k not in LEFT_OUT}
    return found | {"details": {k: v for k, v in found["details"].items() if v}}


def test_a_request_given_to_the_form_comes_back_the_same() -> None:
    meta = {"external_id": "slack-1", "submitted_by": ALICE}
    assert parsed(request_form.build(release())) == release() | meta


def test_what_the_form_gives_is_accepted() -> None:
    found = read(parsed(request_form.build(release())))
    assert found.title == "Release Bills Pay 3.2.4"
    assert found.details["features"][1]["name"] == "Scan"


def test_without_a_title_the_request_is_named_after_what_is_released() -> None:
    untitled = {k: v for k, v in release().items() if k != "title"}
    assert parsed(request_form.build(untitled))["title"] == "Release Bills Pay 3.2.4"


def test_lists_are_read_as_people_write_them() -> None:
    view = submitted(request_form.build(release()))
    values = view["state"]["values"]
    values["details.keywords"]["details.keywords"]["value"] = " qr,, pay ,\nfood "
    values["details.whitelist"]["details.whitelist"]["value"] = "a.example.com\r\n\n b.example.com"
    values["details.features"]["details.features"]["value"] = "Scan|1.8\nMap | 2 | a | b"
    details = request_form.parse(view, submitted_by=ALICE, external_id="x")["details"]
    assert details["keywords"] == ["qr", "pay", "food"]
    assert details["whitelist"] == ["a.example.com", "b.example.com"]
    assert details["features"] == [
        {"name": "Scan", "version": "1.8"},
        {"name": "Map", "version": "2", "description": "a | b"},
    ]


def test_an_empty_form_is_refused_at_the_inputs_that_are_missing() -> None:
    with pytest.raises(SubmissionError) as refused:
        read(parsed(request_form.build()))
    assert {"environment", "mini_program.id", "version"} <= set(
        request_form.errors(refused.value.problems)
    )


@pytest.mark.parametrize(
    ("field", "block", "sentence"),
    [
        ("mini_program.id", "mini_program.id", "No."),
        ("details.name", "mini_program.name", "No."),
        ("details.version", "version", "No."),
        ("details.features.0.version", "details.features", "Line 1, version: No."),
        ("details.whitelist.2", "details.whitelist", "Line 3: No."),
        ("submitted_by", "category", "submitted_by: No."),
        ("", "category", "No."),
        ("details", "category", "details: No."),
    ],
)
def test_a_problem_stands_under_its_input(field: str, block: str, sentence: str) -> None:
    assert request_form.errors([FieldProblem(field, "No.")]) == {block: sentence}


def test_the_same_problem_is_said_once() -> None:
    twice = [FieldProblem("version", "No."), FieldProblem("details.version", "No.")]
    assert request_form.errors(twice) == {"version": "No."}


def test_the_form_asks_in_the_platforms_words() -> None:
    view = request_form.build()
    said = words(view).splitlines()
    for label in ("Mini Program Name", "Type", "Target App", "Language", "Logo (optional)"):
        assert label in said
    assert "Rectification information (optional)" in said
    assert view_problems(view.to_dict()) == []
