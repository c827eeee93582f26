"""Modals: opening, filling in, what the app's answer does, closing."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from bot.sandbox.workspace import Workspace
from tests.sandbox.pieces import Json, actions, button, field, line, modal, options


async def opened(app: AsyncApp, person: Person, view: Json) -> View:
    """The view, opened by a command."""

    @app.command("/open")
    async def open_it(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    answer = await person.command("/open")
    assert answer.view is not None
    return answer.view


def answering(app: AsyncApp, **answer: Any) -> list[Json]:
    """Answer every submission so; the submitted bodies."""
    bodies: list[Json] = []

    @app.view("form")
    async def submitted(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack(**answer)

    return bodies


async def test_submit_sends_the_values_and_closes(app: AsyncApp, bob: Person) -> None:
    bodies = answering(app)
    view = await opened(app, bob, modal(line("name"), private_metadata="MP-1"))
    answer = await bob.submit(view, {"name": "Bills Pay"})
    assert answer.acked
    assert bob.views == []
    sent = bodies[0]["view"]
    assert sent["state"]["values"]["name"]["name_value"]["value"] == "Bills Pay"
    assert (sent["private_metadata"], sent["callback_id"]) == ("MP-1", "form")


async def test_errors_keep_the_view_open(app: AsyncApp, bob: Person) -> None:
    answering(app, response_action="errors", errors={"name": "Too short"})
    view = await opened(app, bob, modal())
    answer = await bob.submit(view, {"name": "B"})
    assert answer.errors == {"name": "Too short"}
    assert bob.views == [view]


async def test_error_for_an_unknown_field_is_no_answer_slack_can_use(
    app: AsyncApp, bob: Person
) -> None:
    answering(app, response_action="errors", errors={"nmae": "Too short"})
    answer = await bob.submit(await opened(app, bob, modal()), {"name": "B"})
    assert answer.errors == {}
    assert "invalid_errors" in (answer.warning or "")


async def test_update_changes_the_view_and_keeps_what_was_typed(app: AsyncApp, bob: Person) -> None:
    answering(app, response_action="update", view=modal(line("name"), line("why"), title="More"))
    view = await opened(app, bob, modal())
    before = view.hash
    answer = await bob.submit(view, {"name": "Bills Pay"})
    assert answer.view is view
    assert (view.title, view.hash != before) == ("More", True)
    assert view.state["name"]["name_value"]["value"] == "Bills Pay"
    assert view.state["why"]["why_value"]["value"] is None


async def test_push_puts_a_view_on_top_and_submitting_it_goes_back(
    app: AsyncApp, bob: Person
) -> None:
    answering(app, response_action="push", view=modal(title="Second", callback_id="second"))

    @app.view("second")
    async def second(ack: AsyncAck) -> None:
        await ack()

    first = await opened(app, bob, modal())
    answer = await bob.submit(first, {"name": "x"})
    assert answer.view is not None
    assert (answer.view.title, answer.view.previous_id) == ("Second", first.id)
    answer = await bob.submit(answer.view, {"name": "y"})
    assert answer.view is first


async def test_clear_closes_everything(app: AsyncApp, bob: Person) -> None:
    answering(app, response_action="clear")
    view = await opened(app, bob, modal())
    await bob.submit(view, {"name": "x"})
    assert bob.views == []


async def test_fourth_view_is_one_too_many(app: AsyncApp, bob: Person) -> None:
    answering(app, response_action="push", view=modal(title="Next"))
    view = await opened(app, bob, modal())
    for _ in range(2):
        await bob.submit(bob.views[-1], {"name": "x"})
    answer = await bob.submit(bob.views[-1], {"name": "x"})
    assert "push_limit_reached" in (answer.warning or "")
    assert (len(bob.views), bob.views[0]) == (3, view)


@pytest.mark.parametrize(
    ("element", "value", "problem"),
    [
        ({"type": "plain_text_input", "max_length": 3}, "four", "at most 3"),
        ({"type": "plain_text_input", "min_length": 3}, "no", "at least 3"),
        ({"type": "plain_text_input"}, "a\nb", "one line"),
        ({"type": "plain_text_input"}, "", "must be filled in"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole number"),
        (
            {"type": "number_input", "is_decimal_allowed": True, "max_value": "9"},
            10,
            "from 10 to 9",
        ),
        ({"type": "url_text_input"}, "example", "full address"),
        ({"type": "email_text_input"}, "bob@", "e-mail address"),
        ({"type": "datepicker"}, "2026-02-30", "day is out of range"),
        ({"type": "checkboxes", "options": options("a")}, "a", "takes a list"),
        ({"type": "static_select", "options": options("a", "b")}, "c", "offers 'a', 'b'"),
        ({"type": "users_select"}, "U404", "nobody and nothing called 'U404'"),
    ],
)
async def test_form_refuses_what_slacks_form_refuses(
    workspace: Workspace, bob: Person, element: Json, value: object, problem: str
) -> None:
    view = workspace.views.open(bob.id, modal(field("it", element)))
    with pytest.raises((ValueError, LookupError), match=problem):
        await bob.submit(view, {"it": value})


async def test_every_kind_of_field_has_slacks_state(
    app: AsyncApp, bob: Person, carol: Person
) -> None:
    bodies = answering(app)
    blocks = [
        field("select", {"type": "static_select", "options": options("a", "b")}),
        field("many", {"type": "multi_static_select", "options": options("a", "b")}),
        field("checks", {"type": "checkboxes", "options": options("a", "b")}, optional=True),
        field("day", {"type": "datepicker", "initial_date": "2026-11-20"}),
        field("who", {"type": "users_select"}),
        field("number", {"type": "number_input", "is_decimal_allowed": False}),
    ]
    view = await opened(app, bob, modal(*blocks))
    filled = {"select": "a", "many": ["A", "b"], "who": carol, "number": 7}
    await bob.submit(view, filled)
    values = bodies[0]["view"]["state"]["values"]
    assert values["select"]["select_value"]["selected_option"]["value"] == "a"
    assert [o["value"] for o in values["many"]["many_value"]["selected_options"]] == ["a", "b"]
    assert values["checks"]["checks_value"]["selected_options"] == []
    assert values["day"]["day_value"]["selected_date"] == "2026-11-20"
    assert values["who"]["who_value"]["selected_user"] == carol.id
    assert values["number"]["number_value"]["value"] == "7"


async def test_choice_that_dispatches_tells_the_app_at_once(app: AsyncApp, bob: Person) -> None:
    menu = {"type": "static_select", "options": options("release", "unpublish")}
    quiet, loud = field("quiet", menu), field("loud", menu, dispatch_action=True)
    view = await opened(app, bob, modal(quiet, loud))
    heard = []

    @app.action("loud_value")
    async def changed(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        heard.append(body["view"]["state"]["values"])
        await client.views_update(view_id=view.id, hash=view.hash, view=modal(quiet, line("why")))
        await ack()

    await bob.choose(view, "quiet_value", "unpublish")
    assert heard == []
    await bob.choose(view, "loud_value", "release")
    assert heard[0]["quiet"]["quiet_value"]["selected_option"]["value"] == "unpublish"
    assert list(view.state) == ["quiet", "why"]
    assert view.state["quiet"]["quiet_value"]["selected_option"]["value"] == "unpublish"


async def test_button_in_a_modal_may_push(app: AsyncApp, bob: Person) -> None:
    @app.action("more")
    async def more(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await client.views_push(trigger_id=body["trigger_id"], view=modal(title="Deeper"))
        await ack()

    view = await opened(app, bob, modal(line("name"), *actions(button("more"))))
    answer = await bob.click(view, "more")
    assert answer.view is not None
    assert (answer.view.title, answer.view.root_id) == ("Deeper", view.id)
    with pytest.raises(LookupError, match="in front"):
        await bob.click(view, "more")


async def test_external_select_asks_the_app_for_options(app: AsyncApp, bob: Person) -> None:
    @app.options("program_value")
    async def offer(ack: AsyncAck, payload: Json) -> None:
        await ack(options=options(f"{payload['value']}-1", f"{payload['value']}-2"))

    bodies = answering(app)
    programs = {"type": "external_select", "min_query_length": 2}
    view = await opened(app, bob, modal(field("program", programs)))
    assert await bob.type_options(view, "program_value", "b") == []
    offered = await bob.type_options(view, "program_value", "bills")
    assert [option["value"] for option in offered] == ["bills-1", "bills-2"]
    with pytest.raises(LookupError, match="no option 'kape-1'"):
        await bob.submit(view, {"program": "kape-1"})
    await bob.submit(view, {"program": "bills-2"})
    chosen = bodies[0]["view"]["state"]["values"]["program"]["program_value"]
    assert chosen["selected_option"]["value"] == "bills-2"


@pytest.mark.parametrize(("asked", "told"), [(False, []), (True, [False])])
async def test_closing_is_told_only_if_asked_for(
    app: AsyncApp, bob: Person, asked: bool, told: list[bool]
) -> None:
    heard = []

    @app.view_closed("form")
    async def closed(ack: AsyncAck, body: Json) -> None:
        heard.append(body["is_cleared"])
        await ack()

    await bob.close(await opened(app, bob, modal(notify_on_close=asked)))
    assert heard == told
    assert bob.views == []
