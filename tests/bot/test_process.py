"""The bot as a process of its own: started, asked, stopped, killed, and started again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select

from bot import app
from bot.incoming import signed_requests
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from bot.sandbox.workspace import Workspace
from bot.settings import Settings
from store.domain.clock import utc_now
from store.domain.request import Category
from store.engine.database import Database
from store.messages.outbox import LEASE
from store.tables import OutboxRow
from tests import form_filling
from tests.bot.installation import Installation, Running, installation
from tests.cast import sample_of

pytestmark = pytest.mark.slow

POST, EDIT = "chat.postMessage", "chat.update"


@pytest.fixture
async def on_each(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """An operator's own on both databases."""
    async with Workspace() as workspace:
        yield installation(workspace, tmp_path, database_url)


async def submitted(installed: Installation, category: Category = Category.RELEASE) -> None:
    """Alice's request by the form, acknowledged."""
    alice = installed.people["alice"]
    form = await form_filling.open_form(alice)
    answer = await form_filling.submit_form(alice, form, sample_of(category))
    assert (answer.acked, answer.errors, answer.view) == (True, {}, None)


def by_http(installed: Installation) -> None:
    """Signed HTTP in place of Socket Mode."""
    installed.environment.pop("SLACK_APP_TOKEN")
    installed.environment["SLACK_SIGNING_SECRET"] = installed.workspace.signing_secret


async def send_what_is_owed(installed: Installation) -> None:
    """The bot started again after a kill, when the leases of the dead one have run out."""
    known: dict[str, Any] = {k.lower(): v for k, v in installed.environment.items()}
    secret = {k: SecretStr(v) for k, v in known.items() if k.startswith("slack") and "url" not in k}
    policy = installed.folder / "policy.toml"
    settings = Settings.read(_env_file=None, **known | secret, policy_file=policy)

    def later() -> Any:
        return utc_now() + LEASE + timedelta(seconds=1)

    async with app.build(settings, clock=later, post_interval=timedelta()) as bot:
        while await bot.dispatcher.run_once():
            pass


@asynccontextmanager
async def nothing_settled(installed: Installation) -> AsyncIterator[None]:
    """From when all cards are on their way: what becomes of them cannot be written down."""
    db = Database(installed.environment["DATABASE_URL"])
    states = {"pending"}
    try:
        while "pending" in states:
            async with db.snapshot() as session:
                states = set(await session.exec(select(OutboxRow.state)))
        async with db.transaction() as session:
            held = await session.exec(select(OutboxRow.state).with_for_update())
            assert "sending" in set(held)
            yield
    finally:
        await db.dispose()


async def stopped(bot: Running) -> tuple[int | None, str]:
    bot.process.send_signal(signal.SIGTERM)
    return await bot.ended()


async def test_a_bot_by_socket_mode_works_and_stops_in_order(installed: Installation) -> None:
    bob = installed.people["bob"]
    async with installed.running() as bot:
        assert (await bob.command("/mp-requests help")).acked
        installed.workspace.faults.add(POST, "delay", seconds=0.3, times=3)
        await submitted(installed)
        code, words = await stopped(bot)

    assert code == 0
    assert "Stopping: finishing what is being sent." in words
    assert "Traceback" not in words
    assert installed.workspace.connections == 0


async def test_a_bot_by_http_works_and_tells_of_its_health(installed: Installation) -> None:
    by_http(installed)
    async with installed.running() as bot, httpx.AsyncClient(base_url=bot.address) as client:
        installed.workspace.request_url = f"{bot.address}/slack/events"
        health = [(await client.get(path)).status_code for path in ("/healthz", "/readyz")]
        unsigned = await client.post("/slack/events", content=b"{}")
        await submitted(installed)
        await installed.workspace.until(lambda: installed.people["bob"].sees())
        code, _ = await stopped(bot)

    assert (health, unsigned.status_code, code) == ([200, 200], 401, 0)


async def test_a_bot_killed_after_an_ack_loses_nothing_and_repeats_nothing(
    on_each: Installation,
) -> None:
    bob, workspace = on_each.people["bob"], on_each.workspace
    async with on_each.running() as bot:
        await submitted(on_each)
        card = await workspace.until(lambda: bob.message(containing="MP-1"))
        await workspace.until(lambda: on_each.people["alice"].sees())
        workspace.faults.add(EDIT, "delay", seconds=5, times=3)
        answer = await bob.click(card, "request.approve")
        bot.process.kill()
        await bot.ended()
    assert answer.acked
    assert "This request is approved." not in card.plain()

    workspace.faults.clear()
    await send_what_is_owed(on_each)
    assert "This request is approved." in card.plain()
    assert len(bob.sees()) == 1
    assert len(on_each.people["alice"].sees()) == 2


async def test_a_bot_killed_after_slack_took_its_cards_does_not_post_them_again(
    on_each: Installation,
) -> None:
    places = (on_each.people["alice"].dm, on_each.people["bob"].dm, on_each.reviews)
    async with on_each.running() as bot:
        await submitted(on_each)  # once before, so that everybody's profile is known
        await on_each.workspace.until(lambda: all(len(place.messages) == 1 for place in places))
        on_each.workspace.faults.add(POST, "delay", seconds=2, times=3)
        await submitted(on_each, Category.OFFLINE)
        async with nothing_settled(on_each):
            await on_each.workspace.until(lambda: all(len(place.messages) == 2 for place in places))
            bot.process.kill()
            await bot.ended()

    await send_what_is_owed(on_each)
    assert [len(place.messages) for place in places] == [2, 2, 2]


async def test_a_bot_killed_as_it_asks_and_as_it_is_answered_does_each_once(
    on_each: Installation,
) -> None:
    alice, bob, workspace = on_each.people["alice"], on_each.people["bob"], on_each.workspace

    def told(person: Person, words: str) -> list[Message]:
        return [message for message in person.sees() if words in message.plain()]

    async with on_each.running() as bot:
        await submitted(on_each)
        card = await workspace.until(lambda: bob.message(containing="MP-1"))
        await workspace.until(alice.sees)
        form = (await bob.click(card, "request.ask")).view
        assert form is not None
        workspace.faults.add(POST, "delay", seconds=2)
        assert (await bob.submit(form, {"question": "Which agreement?"})).acked
        async with nothing_settled(on_each):  # so where the question stands is on no record
            await workspace.until(lambda: told(alice, "has a question"))
            bot.process.kill()
            await bot.ended()
    await send_what_is_owed(on_each)
    (question,) = told(alice, "has a question")

    assert not (await alice.reply("The one of 3 May.", question)).acked, "nobody was there"
    async with on_each.running() as bot:
        workspace.faults.add(POST, "delay", seconds=5)
        assert [ack.acked for ack in await workspace.events.retry_now()] == [True]
        bot.process.kill()
        await bot.ended()
    workspace.faults.clear()
    await send_what_is_owed(on_each)
    assert "You answered" in question.plain()
    assert "The one of 3 May." in card.plain()
    assert len(told(bob, "answered your question")) == 1
    assert len(told(alice, "has a question")) == 1


async def test_bodies_of_strangers_take_no_more_memory_than_is_said(
    installed: Installation,
) -> None:
    """They say nothing of their length, send four megabytes each, all at once, unsigned."""
    by_http(installed)
    async with installed.running() as bot:
        before = kilobytes(bot, "VmRSS")
        answers = await asyncio.gather(*(pour(bot.address) for _ in range(150)))
        grown = kilobytes(bot, "VmHWM") - before
        async with httpx.AsyncClient(base_url=bot.address) as client:
            assert (await client.get("/healthz")).status_code == 200
        await stopped(bot)

    assert set(answers) <= {b"HTTP/1.1 413", b"HTTP/1.1 408", b""}
    held = signed_requests.AT_ONCE * signed_requests.LONGEST
    assert grown * 1024 < 3 * held, f"{grown / 1024:.0f} MB"


async def pour(address: str) -> bytes:
    """The beginning of what is answered to such a body, or nothing where it was hung up on."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"x" * 2**16
    try:
        writer.write(head)
        for _ in range(64):
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        async with asyncio.timeout(60):
            return (await reader.read())[:12]
    except ConnectionError:
        return b""
    finally:
        writer.close()


def kilobytes(bot: Running, name: str) -> int:
    """Of its memory, as the system counts it."""
    lines = Path(f"/proc/{bot.process.pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
