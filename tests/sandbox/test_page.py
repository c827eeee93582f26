"""The page without a browser: what is drawn, what is refused, what an act answers."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from bot.sandbox.actions.people import Person
from bot.sandbox.page import server
from bot.sandbox.page.site import Site
from bot.sandbox.workspace import Workspace
from tests.sandbox.block_kit import (
    actions,
    asking,
    button,
    card,
    container,
    modal,
    option,
    picture,
    plain,
    section,
    table,
)

MANIFEST: dict[str, Any] = {
    "features": {
        "bot_user": {"display_name": "Gatekeeper"},
        "slash_commands": [{"command": "/gate", "description": "opens it", "usage_hint": "[now]"}],
        "shortcuts": [],
    }
}


class Visitor:
    """A browser without a screen."""

    def __init__(self, session: aiohttp.ClientSession, address: str, person: Person) -> None:
        self.session, self.address, self.person = session, address, person

    async def page(self) -> str:
        """The direct messages with the bot, as HTML."""
        async with self.session.get(f"{self._place()}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def act(self, name: str, **given: Any) -> str | None:
        """The sentence an act is answered with."""
        origin = {"Origin": self.address}
        async with self.session.post(
            f"{self._place()}/{name}", json=given, headers=origin
        ) as answer:
            assert answer.status == 200, await answer.text()
            said: str | None = (await answer.json())["warning"]
            return said

    def _place(self) -> str:
        return f"{self.address}/as/{self.person.handle}/{self.person.dm.id}"


@pytest.fixture
async def visitor(workspace: Workspace, bob: Person) -> AsyncIterator[Visitor]:
    async with (
        server.serving(Site(workspace, MANIFEST)) as address,
        aiohttp.ClientSession() as session,
    ):
        yield Visitor(session, address, bob)


async def test_every_block_of_a_message_is_drawn(
    visitor: Visitor, workspace: Workspace, bob: Person
) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": [option(1), option(2)]}
    blocks = [
        section(fields=[plain(3)], accessory=picture()),
        actions(button(), menu),
        {"type": "context", "elements": [picture(), plain(5)]},
        {"type": "header", "text": plain(7)},
        {"type": "alert", "text": plain(9), "level": "success"},
        table(2, 2, caption="Numbers"),
        card(subtitle=plain(4)),
        container(),
        {"type": "divider"},
    ]
    workspace.post(bob.dm, {"text": "all", "blocks": blocks})
    shown = await visitor.page()
    assert "cannot draw it" not in shown
    assert "Gatekeeper" in shown
    assert "xxxxxxxxx" in shown
    assert "example.com" not in shown


async def test_what_cannot_be_drawn_says_so(
    visitor: Visitor, workspace: Workspace, bob: Person
) -> None:
    workspace.post(bob.dm, {"text": "new", "blocks": [{"type": "hologram"}]})
    assert "A block of type <code>hologram</code> is here" in await visitor.page()


async def test_words_of_the_app_are_never_html(
    visitor: Visitor, workspace: Workspace, bob: Person
) -> None:
    workspace.post(bob.dm, {"text": "<b onclick=x>hello</b>"})
    assert "<b onclick" not in await visitor.page()


async def test_a_click_means_the_message_as_it_was_shown(
    visitor: Visitor, workspace: Workspace, bob: Person, app: AsyncApp
) -> None:
    clicked: list[str] = []

    @app.action("b0")
    async def note(ack: Any, action: dict[str, Any]) -> None:
        clicked.append(action["value"])
        await ack()

    message = workspace.post(bob.dm, {"blocks": [actions(button(value="old"))]})
    mark = (await visitor.page()).split('data-mark="')[1].partition('"')[0]
    workspace.fill(message, {"blocks": [section()]})
    where = {"channel": bob.dm.id, "ts": message.ts, "mark": mark}
    assert await visitor.act("click", action_id="b0", value="old", **where) is None
    assert clicked == ["old"]
    gone = await visitor.act("click", action_id="b0", **{**where, "mark": "00000000"})
    assert gone == "This message is no longer there."


async def test_a_required_field_is_asked_for_before_the_app_is(
    visitor: Visitor, workspace: Workspace, bob: Person
) -> None:
    number = asking({"type": "number_input", "is_decimal_allowed": False, "action_id": "n"})
    view = workspace.views.open(bob.id, modal({**number, "block_id": "many"}))
    for typed, said in (("", "Please complete this required field."), ("1.5", "a whole number")):
        await visitor.act("submit", view=view.id, values={"many": typed})
        assert said in await visitor.page()
    assert not workspace.exchanges.latest


async def test_strangers_are_refused(visitor: Visitor, bob: Person) -> None:
    address = f"{visitor.address}/as/bob/{bob.dm.id}"
    for headers in ({"Origin": "https://example.com"}, {}, {"Origin": "null"}):
        async with visitor.session.post(f"{address}/read", json={}, headers=headers) as answer:
            assert answer.status == 403
    for host in ("example.com", "127.0.0.1.example.com"):
        async with visitor.session.get(address, headers={"Host": host}) as answer:
            assert answer.status == 403


async def test_nothing_is_loaded_from_elsewhere(visitor: Visitor) -> None:
    async with visitor.session.get(f"{visitor.address}/static/page.js") as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    shown = await visitor.page()
    assert 'src="http' not in shown
    assert "<style" not in shown


@pytest.mark.parametrize("place", ["C0SBX999999", "nowhere"])
async def test_a_place_one_is_not_in_is_not_there(visitor: Visitor, place: str) -> None:
    async with visitor.session.get(f"{visitor.address}/as/bob/{place}") as answer:
        assert answer.status == 404


async def test_the_last_payloads_can_be_read(
    visitor: Visitor, workspace: Workspace, bob: Person
) -> None:
    args = {"channel": bob.dm.id, "blocks": json.dumps([section()])}
    workspace.record("chat.postMessage", args, {"ok": True})
    async with visitor.session.get(f"{visitor.address}/payloads/call-0") as answer:
        assert await answer.json(content_type=None) == {"blocks": [section()]}
    async with visitor.session.get(f"{visitor.address}/payloads/call-7") as answer:
        assert answer.status == 404
