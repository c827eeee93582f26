"""Walking through the request form as a person does, with a request in the interchange format."""

from typing import Any

from blocks.request_form import features
from blocks.request_form import field as form_field
from blocks.request_form import fields as request_form_fields
from blocks.request_form.field import FormField, Kind
from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.request import Category

Json = dict[str, Any]
SEARCHES = {"details.target_app", "details.language"}


async def open_form(person: Person) -> View:
    """An empty form in front of them."""
    return modal_of(await person.command("/mp-requests new"))


def modal_of(answer: Answer) -> View:
    """The modal the answer left in front."""
    assert answer.view is not None
    return answer.view


async def fill_in(person: Person, form: View, request: Json) -> View:
    """The form with both steps filled in, at its last step."""
    modal_of(await submit_step(person, form, first_step(request)))
    for feature in request["details"].get("features") or ():
        await add_feature(person, form, feature)
    return modal_of(await submit_step(person, form, second_step(request)))


async def submit_step(person: Person, form: View, values: Json) -> Answer:
    """A step filled in as a person does: the category first, and searches typed into."""
    if category := values.get("category"):
        await person.choose(form, "category", category)
    for path in SEARCHES & values.keys():
        await person.type_options(form, path, values[path])
    return await person.submit(form, values)


async def submit_form(person: Person, form: View, request: Json) -> Answer:
    """The form filled in and submitted."""
    return await person.submit(await fill_in(person, form, request))


async def add_feature(person: Person, form: View, feature: Json) -> Answer:
    """One more feature, by the button and its modal."""
    asked = modal_of(await person.click(form, "request.form.feature.add"))
    return await person.submit(asked, typed_feature(asked, feature))


def typed_feature(asked: View, feature: Json) -> Json:
    """What a person types into the modal of a feature."""
    there = {block["block_id"] for block in asked.blocks}
    fields = request_form_fields.feature(Category.FEATURES)
    return _typed(tuple(field for field in fields if field.path in there), feature)


def first_step(request: Json) -> Json:
    """What a person types into the first step."""
    return _typed(request_form_fields.REQUEST, request)


def second_step(request: Json) -> Json:
    """What a person types into the second."""
    return _typed(request_form_fields.details(Category(request["category"])), request)


def has_feature_modal(person: Person) -> bool:
    """Whether a feature is being asked for."""
    return person.views[-1].callback_id == features.CALLBACK_ID


def _typed(fields: tuple[FormField, ...], values: Json) -> Json:
    """Only what there is to type: a person leaves the other inputs alone."""
    given = {field: form_field.at(values, field.path) for field in fields}
    return {
        field.path: _answer(field, value)
        for field, value in given.items()
        if value not in (None, "", []) and field.kind is not Kind.FEATURES
    }


def _answer(field: FormField, value: Any) -> str:
    if field.kind is Kind.YES_NO:
        return "yes" if value else "no"
    return str(value) if field.kind.chosen else form_field.written(field, value)
