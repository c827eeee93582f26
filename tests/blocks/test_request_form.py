"""Each step of the form asks in the platform's words, keeps what it shows, and fits into Slack."""

from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.models.views import View

from blocks.request_form import features, fields, steps
from blocks.request_form import field as form_field
from blocks.request_form.features import Choice
from blocks.request_form.field import Kind
from blocks.request_form.steps import Step
from bot.sandbox.limits import view_problems
from store.domain.draft import Draft, values_of
from store.domain.json_values import FieldProblem
from store.domain.request import Category, RejectionClass, Status
from store.domain.submission import read
from tests.cast import ALICE, NOW, request, sample_of
from tests.harness_blocks import HOSTILE, hostile, in_status, of_category, words

ASKED_IN_STEP_ONE = {"name", "version", "target_app"}
"""Keys of the details that the form takes from the step before."""


def draft(category: Category, **details: Any) -> Draft:
    """A draft with all of the sample's request of this category, as a form would have it."""
    found = sample_of(category)
    values = {k: found[k] for k in ("category", "environment", "mini_program", "version", "title")}
    filled = {k: v for k, v in found["details"].items() if v not in (None, [], "")}
    return Draft("d1", ALICE, values | {"details": filled | details})


def empty(category: Category | None = None) -> Draft:
    return Draft("d1", ALICE, {"category": category.value} if category else {})


def state(view: View) -> dict[str, Any]:
    """What Slack sends for the inputs when a person submits the view as it stands."""
    values = {}
    for block in view.to_dict()["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            chosen = element.get("initial_option")
            entry = {"selected_option": chosen, "value": element.get("initial_value")}
            values[block["block_id"]] = {element["action_id"]: entry}
    return values


def typed(path: str, value: str) -> dict[str, Any]:
    return {path: {path: {"value": value}}}


@pytest.mark.parametrize("category", Category)
def test_every_key_of_a_category_is_asked_for_under_the_platforms_name(category: Category) -> None:
    asked = {field.path: field for field in fields.details(category)}
    for key, known in category.spec.model.model_fields.items():
        if key not in ASKED_IN_STEP_ONE:
            assert asked[f"details.{key}"].label == known.title
            assert asked[f"details.{key}"].required == known.is_required()


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("step", [Step.REQUEST, Step.DETAILS])
def test_a_step_left_as_it_is_changes_nothing(category: Category, step: Step) -> None:
    begun = draft(category, extra={"kept": 1})
    asked = steps.fields(begun, step)
    shown = state(steps.build(begun, step))
    filled = replace(begun, values=form_field.fill(begun.values, asked, shown))
    assert read(filled.interchange(), now=NOW) == read(begun.interchange(), now=NOW)


@pytest.mark.parametrize("category", Category)
def test_typed_into_an_empty_form_the_sample_comes_out_the_same(category: Category) -> None:
    whole, values = draft(category), empty(category)
    for step in (Step.REQUEST, Step.DETAILS):
        shown = state(steps.build(whole, step))
        filled = form_field.fill(values.values, steps.fields(whole, step), shown)
        values = replace(values, values=filled)
    for number, feature in enumerate(whole.features):
        values = replace(values, values=values.with_feature(number, feature))
    assert read(values.interchange(), now=NOW) == read(whole.interchange(), now=NOW)


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("step", Step)
def test_every_step_fits_into_slack(category: Category, step: Step) -> None:
    for shown in (empty(), empty(category), draft(category)):
        assert view_problems(steps.build(shown, step).to_dict()) == []


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("category", Category)
def test_hostile_drafts_fit_with_a_remark_at_every_input(category: Category, kind: str) -> None:
    values = values_of(request(**hostile(category, HOSTILE[kind])))
    shown = Draft("d1", ALICE, values, repeats=request())
    for step in Step:
        asked = steps.fields(shown, step)
        remarks = {field.path: "<!channel> " * 20 for field in asked}
        view = steps.build(shown, step, remarks=remarks, notice="n" * 1000)
        assert view_problems(view.to_dict()) == []
    assert view_problems(features.build(shown, 0).to_dict()) == []


def test_a_new_form_asks_for_the_request_first() -> None:
    said = words(steps.build(empty(), Step.REQUEST)).splitlines()
    assert "Step 1 of 3" in said
    for label in ("Category", "Environment", "Mini Program Name", "Version", "Title (optional)"):
        assert label in said


@pytest.mark.parametrize(
    ("category", "title"),
    [
        (Category.RELEASE, "Release {B} 1.2"),
        (Category.OFFLINE, "Take {B} offline"),
        (Category.LAUNCH, "Launch {B}"),
        (Category.FEATURES, "Activate features for {B}"),
        (Category.OPTIMIZATION, "Change sub-packages of {B}"),
    ],
)
def test_without_a_title_it_is_named_after_what_is_asked(category: Category, title: str) -> None:
    values = {"category": category.value, "mini_program": {"name": "{B}"}, "version": "1.2"}
    assert Draft("d1", ALICE, values).interchange()["title"] == title


def again(**changes: Any) -> Draft:
    """A rejected release, submitted again."""
    before = in_status(Status.REJECTED, **of_category(Category.RELEASE), **changes)
    return Draft("d1", ALICE, values_of(before), before)


def test_inputs_that_the_kind_of_rejection_is_about_are_marked() -> None:
    shown = again(rejection_class=RejectionClass.PRIVACY)
    labels = {
        block["block_id"]: block["label"]["text"]
        for block in steps.build(shown, Step.DETAILS).to_dict()["blocks"]
        if block["type"] == "input"
    }
    marked = {path for path, label in labels.items() if label.startswith("👉")}
    assert marked == {"details.description", "details.whitelist", "details.rectification"}
    assert "👉 Features" in words(steps.build(shown, Step.DETAILS))


@pytest.mark.parametrize("step", Step)
def test_why_it_was_rejected_stands_on_top_of_every_step(step: Step) -> None:
    said = words(steps.build(again(decision_reason="No contact."), step)).splitlines()
    assert said[1] == "🔁 MP-128: ⛔ Rejected · Personal data and privacy violations"
    assert said[2] == "┃ No contact."


def test_what_is_empty_or_only_says_what_changed_is_no_change() -> None:
    draft = again()
    details = draft.values["details"]
    for same in ({"rectification": None, "more": []}, {"what_changed": "The contract is signed."}):
        assert replace(draft, values={**draft.values, "details": details | same}).unchanged
    other = {**draft.values, "details": details | {"tagline": "Other"}}
    assert not replace(draft, values=other).unchanged


def test_a_category_chosen_before_leaves_nothing_in_the_request() -> None:
    release = draft(Category.RELEASE, extra="kept")
    changed = replace(release, values={**release.values, "category": "optimization_modify"})
    assert changed.interchange()["details"] == {"extra": "kept"}
    assert changed.values["details"]["target_app"] == "Wallet PH"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3824640", 3824640),
        ("3,824,640 bytes", 3824640),
        ("3.6 MB", 3774874),
        ("3.6mb", 3774874),
        ("12 KB", 12288),  # units are powers of 1024
        ("1 GiB", 1073741824),
        ("0", 0),
        ("3,6 MB", "3,6 MB"),  # what is not understood is kept, to be refused by name
        ("3.6", "3.6"),  # bytes are whole
        ("-1", "-1"),
        ("big", "big"),
    ],
)
def test_a_size_is_understood_in_bytes_or_with_a_unit(text: str, value: object) -> None:
    asked = fields.details(Category.OPTIMIZATION)
    path = "details.whole_package_size"
    filled = form_field.fill({}, asked, typed(path, text))
    assert filled["details"]["whole_package_size"] == value
    (field,) = [field for field in asked if field.path == path]
    assert form_field.written(field, value) == str(value)


def test_the_form_says_how_a_size_was_understood() -> None:
    shown = words(steps.build(draft(Category.OPTIMIZATION), Step.DETAILS))
    assert "Understood as 3.6 MB (3,824,640 bytes)." in shown


def test_lists_are_read_as_people_write_them() -> None:
    asked = fields.details(Category.RELEASE)
    keywords = typed("details.keywords", " qr,, pay ,\nfood ")
    domains = typed("details.whitelist", "a.example.com\r\n\n b.example.com")
    assert form_field.fill({}, asked, keywords | domains)["details"] == {
        "keywords": ["qr", "pay", "food"],
        "whitelist": ["a.example.com", "b.example.com"],
    }


def test_what_slack_cannot_show_whole_is_kept_unless_it_is_changed() -> None:
    long, odd = "word " * 900, ["a, b", "c"]
    begun = draft(Category.RELEASE, description=long.strip(), keywords=odd)
    view, asked = (
        steps.build(begun, Step.DETAILS),
        steps.fields(begun, Step.DETAILS),
    )
    assert "All of it is kept unless you change this text." in words(view)
    shown = state(view)
    assert form_field.fill(begun.values, asked, shown) == begun.values
    changed = form_field.fill(begun.values, asked, shown | typed("details.description", "short"))
    assert changed["details"]["description"] == "short"
    assert changed["details"]["keywords"] == odd


def test_an_emptied_input_takes_the_value_away() -> None:
    begun = draft(Category.RELEASE)
    asked = steps.fields(begun, Step.DETAILS)
    emptied = form_field.fill(begun.values, asked, typed("details.tagline", " "))
    assert "tagline" not in emptied["details"]


@pytest.mark.parametrize(
    ("field", "block", "sentence"),
    [
        ("mini_program.id", "mini_program.id", "No."),
        ("details.name", "mini_program.name", "No."),
        ("details.version", "version", "No."),
        ("details.features.0.version", "details.features", "Number 1, version: No."),
        ("details.whitelist.2", "details.whitelist", "Number 3: No."),
    ],
)
def test_a_problem_stands_under_its_input(field: str, block: str, sentence: str) -> None:
    begun, problem = draft(Category.RELEASE), [FieldProblem(field, "No.")]
    step = steps.where(begun, problem)
    assert steps.errors(problem, steps.fields(begun, step)) == {block: sentence}


@pytest.mark.parametrize("field", ["submitted_by", "", "details", "details.more"])
def test_a_problem_of_no_input_stands_on_the_last_step(field: str) -> None:
    assert steps.where(draft(Category.RELEASE), [FieldProblem(field, "No.")]) is Step.CHECK


def test_the_same_problem_is_said_once() -> None:
    twice = [FieldProblem("version", "No."), FieldProblem("details.version", "No.")]
    assert steps.errors(twice, fields.REQUEST) == {"version": "No."}


@pytest.mark.parametrize("category", Category)
def test_the_last_step_shows_everything_that_was_filled_in(category: Category) -> None:
    shown = words(steps.build(draft(category), Step.CHECK))
    for field in fields.details(category):
        value = form_field.at(draft(category).values, field.path)
        if value is not None and field.kind is not Kind.FEATURES:
            assert field.label in shown
            assert form_field.spoken(field, value).splitlines()[0] in shown
    assert all(feature["name"] in shown for feature in draft(category).features)


def test_many_features_are_listed_as_far_as_slack_has_room_and_the_rest_is_said() -> None:
    many = draft(Category.RELEASE, features=[{"name": f"F{n}", "version": "1"} for n in range(100)])
    shown = words(steps.build(many, Step.DETAILS))
    assert "40. F39 1" in shown
    assert "And 60 more features, submitted as they are." in shown


@pytest.mark.parametrize("value", ["", "edit:1", "edit:x:1", "drop:1:1", "edit:1:1:1", "e" * 4000])
def test_a_choice_we_did_not_write_is_none(value: str) -> None:
    assert Choice.parse(value) is None
    assert Choice.parse("remove:2:5") == Choice("remove", 2, 5)


def test_a_feature_modal_says_which_draft_and_number_it_is_about() -> None:
    view = features.build(draft(Category.LAUNCH), 1)
    assert features.place(str(view.private_metadata)) == ("d1", 1)
    assert features.place("<!channel>") == ("", 0)


def test_removing_twice_removes_one_feature() -> None:
    begun = draft(Category.RELEASE)
    once = replace(begun, values=begun.without_feature(0, of=3))
    assert len(replace(once, values=once.without_feature(0, of=3)).features) == 2


@pytest.mark.parametrize("step", Step)
def test_a_form_has_no_alert_since_an_ack_takes_none(step: Step) -> None:
    view = steps.build(draft(Category.RELEASE), step, notice="No reviewer is left.").to_dict()
    assert "alert" not in {block["type"] for block in view["blocks"]}
    first, second, *_ = view["blocks"]
    assert first["text"]["text"] == "⛔ *Not submitted yet.*"
    assert second["text"]["text"] == "No reviewer is left."
