"""Every control a modal or message can have, used in a real browser and heard by a real app."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.sandbox.page import server
from bot.sandbox.page.site import Site
from bot.sandbox.workspace import Workspace
from tests.browser.desk import Desk, expect, opened_browser
from tests.sandbox.block_kit import option
from tests.sandbox.installed import new_app, over_socket_mode

pytestmark = pytest.mark.browser

Json = dict[str, Any]


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def named(*names: str) -> list[Json]:
    return [{"text": words(name), "value": name.lower()} for name in names]


def asked(label: str, kind: str, **more: Any) -> Json:
    block_id = label.lower()
    element = {"type": kind, "action_id": block_id, **more}
    optional = bool(more.pop("optional", False))
    return {
        "type": "input",
        "block_id": block_id,
        "label": words(label),
        "element": element,
        "optional": optional,
    }


FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": words("Everything"),
    "submit": words("Send"),
    "blocks": [
        asked("Colours", "multi_static_select", options=named("Red", "Green", "Blue")),
        asked("People", "multi_users_select"),
        asked("Program", "external_select", min_query_length=2),
        asked("Day", "datepicker"),
        asked("Hour", "timepicker"),
        asked("Moment", "datetimepicker"),
        asked("Kinds", "checkboxes", options=named("Big", "Small")),
        asked("Count", "number_input", is_decimal_allowed=False),
    ],
}


@dataclass
class Heard:
    """What reached the app."""

    values: Json = field(default_factory=dict)
    actions: list[Json] = field(default_factory=list)

    def of(self, name: str) -> Json:
        """What a field held, without its type."""
        entry: Json = self.values[name][name]
        return {key: value for key, value in entry.items() if key != "type"}


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as running:
        running.add_person("alice", real_name="Alice Santos")
        running.add_person("bob", real_name="Bob Reyes")
        yield running


@pytest.fixture
async def heard(workspace: Workspace) -> AsyncIterator[Heard]:
    app, heard = new_app(workspace), Heard()
    _listen(app, heard)
    async with over_socket_mode(workspace, app):
        yield heard


def _listen(app: AsyncApp, heard: Heard) -> None:
    @app.command("/form")
    async def open_form(ack: Any, body: Json, client: Any) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)
        await ack()

    @app.options("program")
    async def offer(ack: Any, payload: Json) -> None:
        fitting = [o for o in named("Bills Pay", "Kape") if payload["value"] in o["value"]]
        await ack(options=fitting)

    @app.view("form")
    async def submitted(ack: Any, body: Json) -> None:
        heard.values = body["view"]["state"]["values"]
        await ack()

    @app.action("more")
    async def chosen(ack: Any, action: Json) -> None:
        heard.actions.append(action)
        await ack()


@pytest.fixture
async def alice(workspace: Workspace, heard: Heard) -> AsyncIterator[Desk]:
    features = {
        "bot_user": {"display_name": "Gatekeeper"},
        "slash_commands": [{"command": "/form", "description": "asks everything"}],
    }
    site = Site(workspace, {"features": features})
    async with server.serving(site) as address, opened_browser() as browser:
        yield await Desk.open(browser, address, workspace.person("alice"))


async def test_a_form_with_everything(alice: Desk, heard: Heard, workspace: Workspace) -> None:
    await alice.write("/form")
    form = alice.modal
    colours = form.get_by_role("combobox", name="Colours")
    await colours.click()
    await form.get_by_role("option", name="Red").click()
    await colours.fill("bl")
    await colours.press("Enter")
    await form.get_by_role("button", name="Remove Red").click()
    await expect(form.locator(".chip")).to_have_count(1)
    await colours.press("Escape")
    people = form.get_by_role("combobox", name="People")
    await people.click()
    await form.get_by_role("option", name="Bob Reyes").click()
    await people.press("Escape")
    program = form.get_by_role("combobox", name="Program")
    await program.click()
    await program.press_sequentially("bills")
    await form.get_by_role("option", name="Bills Pay").click()
    await form.get_by_label("Day").fill("2026-11-20")
    await form.get_by_label("Hour").fill("09:30")
    await form.get_by_label("Moment").fill("2026-11-20T10:14")
    await form.get_by_role("checkbox", name="Small").check()
    await form.get_by_label("Count").fill("12")
    await alice.press("Send", form)
    await expect(form).to_have_count(0)
    assert heard.of("colours") == {"selected_options": named("Blue")}
    assert heard.of("people") == {"selected_users": [workspace.person("bob").id]}
    assert heard.of("program") == {"selected_option": named("Bills Pay")[0]}
    assert heard.of("day") == {"selected_date": "2026-11-20"}
    assert heard.of("hour") == {"selected_time": "09:30"}
    assert heard.of("moment") == {"selected_date_time": 1795140840}
    assert heard.of("kinds") == {"selected_options": named("Small")}
    assert heard.of("count") == {"value": "12"}
    assert not alice.faults


async def test_typed_text_stays_while_the_window_is_redrawn(alice: Desk) -> None:
    await alice.write("/form")
    count = alice.modal.get_by_label("Count")
    await count.fill("12 and a half")
    await alice.modal.get_by_role("checkbox", name="Big").check()
    await alice.press("Send", alice.modal)
    await expect(alice.modal).to_contain_text("Needs a number")
    await expect(count).to_have_value("12 and a half")
    await expect(alice.modal.get_by_role("checkbox", name="Big")).to_be_checked()


async def test_escape_closes_a_list_first_and_then_the_window(alice: Desk) -> None:
    await alice.write("/form")
    colours = alice.modal.get_by_role("combobox", name="Colours")
    await colours.click()
    await colours.press("Escape")
    await expect(alice.modal.get_by_role("option", name="Red")).to_be_hidden()
    await expect(alice.modal).to_be_visible()
    await alice.page.keyboard.press("Escape")
    await expect(alice.modal).to_have_count(0)


async def test_an_overflow_menu_in_a_message(
    alice: Desk, heard: Heard, workspace: Workspace
) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": [option(1), *named("Remove")]}
    section = {"type": "section", "text": words("A feature"), "accessory": menu}
    workspace.post(alice.person.dm, {"text": "feature", "blocks": [section]})
    await alice.message("A feature").get_by_label("More actions").click()
    await alice.page.get_by_role("menuitem", name="Remove").click()
    await workspace.until(lambda: heard.actions)
    assert heard.actions[0]["selected_option"]["value"] == "remove"


async def test_a_file_can_be_downloaded(alice: Desk, workspace: Workspace) -> None:
    stored = workspace.files.expect("requests.csv", 5)
    workspace.files.receive(stored.key, b"a,b\n1")
    workspace.files.complete(stored.id, "Requests")
    workspace.post(alice.person.dm, {"text": "here"}, files=[stored.to_slack("elsewhere")])
    async with alice.page.expect_download() as started:
        await alice.page.get_by_role("link", name="Requests").click()
    download = await started.value
    assert download.suggested_filename == "requests.csv"
    assert (await download.path()).read_bytes() == b"a,b\n1"
