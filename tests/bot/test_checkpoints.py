"""Checkpoints go where the database does not reach, and what an auditor does with them."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import slack_client
from bot.audit_key import AuditKey
from bot.checkpoints import Checkpoints, last_in
from bot.cli import checkpoint_places
from bot.settings import SettingsError
from store.audit import checkpoints
from store.domain.checkpoint import Checkpoint
from store.engine.database import Database
from tests.audit.manipulations import delete_request, lived_in
from tests.bot.installation import Installation
from tests.cast import NOW
from tests.clock import MovedClock
from tests.harness_slack import Team
from tests.harness_store import submit


@pytest.fixture
async def store(installed: Installation) -> Database:
    """The operator's database, with three requests."""
    db = Database(installed.environment["DATABASE_URL"])
    await lived_in(db)
    return db


@pytest.fixture
async def key(installed: Installation) -> AuditKey:
    """The operator's key, made as the README says."""
    installed.environment["AUDIT_KEY_FILE"] = "audit.pem"
    made = await installed.types("audit", "init")
    found = AuditKey.read(installed.folder / "audit.pem")
    assert found.public in made.words
    return found


async def test_a_key_is_made_once_and_for_its_owner_alone(
    installed: Installation, key: AuditKey
) -> None:
    again = await installed.types("audit", "init")
    assert (again.code, "was left as it is" in again.words) == (1, True)
    assert (installed.folder / "audit.pem").stat().st_mode & 0o077 == 0
    (installed.folder / "audit.pem").write_text("nonsense")
    with pytest.raises(SettingsError, match="holds no Ed25519 key"):
        AuditKey.read(installed.folder / "audit.pem")
    installed.environment["AUDIT_KEY_FILE"] = "none.pem"
    refused = await installed.types("run")
    assert "`mp-approvals audit init` makes it" in refused.words


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AUDIT_CHANNEL", "#audit", "AUDIT_CHANNEL is not a channel id (C…)"),
        ("AUDIT_WEBHOOK_URL", "example.com", "AUDIT_WEBHOOK_URL is not a web address"),
    ],
)
async def test_a_place_that_is_none_is_refused(
    installed: Installation, name: str, value: str, said: str
) -> None:
    installed.environment[name] = value
    assert said in (await installed.types("run")).words


async def test_a_cut_record_is_found_against_the_file(
    installed: Installation, store: Database, key: AuditKey
) -> None:
    file = installed.folder / "checkpoints.jsonl"
    clock = MovedClock(NOW)
    async with slack_client.session() as http:
        await Checkpoints(store, http, clock, key, file=file).make()
    whole = await installed.types("audit", "verify", "--against", "checkpoints.jsonl")
    async with store.transaction() as session:
        await delete_request(session)
    cut = await installed.types("audit", "verify", "--against", str(file))
    other = await installed.types("audit", "verify", "--against", str(file), "--key", "0" * 64)
    none = await installed.types("audit", "verify", "--against", "policy.toml")
    await store.dispose()

    assert (whole.code, whole.words.splitlines()[-1]) == (
        0, "All that 1 checkpoint sealed is there.",
    )  # fmt: skip
    assert cut.code == 1
    assert "MP-2, revision 2: was sealed by a checkpoint, and is gone" in cut.words
    assert "is signed by the key 0000" in other.words
    assert none.words == "policy.toml, line 1 is not a checkpoint."


async def test_a_proof_is_checked_without_a_database(
    installed: Installation, store: Database, key: AuditKey
) -> None:
    early = await installed.types("audit", "prove", "MP-2")
    await checkpoints.make(store, key.sign, now=NOW)
    proof = await installed.types("audit", "prove", "MP-2")
    await store.dispose()
    (installed.folder / "proof.json").write_text(proof.words)
    (installed.folder / "forged.json").write_text(proof.words.replace("rejected", "approved"))
    installed.environment.clear()
    holds = await installed.types("audit", "check", "proof.json", "--key", key.public)
    forged = await installed.types("audit", "check", "forged.json", "--key", key.public)

    assert early.words == "MP-2 cannot be proved: there is no checkpoint yet."
    assert holds.code == 0
    assert "MP-2, revision 2: rejected by" in holds.words
    assert forged.code == 1
    assert "MP-2, revision 2 was changed after it was sealed" in forged.words


async def test_a_file_gets_what_it_does_not_have(store: Database, tmp_path: Path) -> None:
    key = AuditKey.create(tmp_path / "key")
    file, clock = tmp_path / "to" / "checkpoints.jsonl", MovedClock(NOW)
    async with slack_client.session() as http:
        places = Checkpoints(store, http, clock, key, file=file)
        await places.make()  # there is no such folder yet
        file.parent.mkdir()
        for _ in range(2):
            clock.move(minutes=10)
            await submit(store)
            await places.make()
        clock.move(minutes=10)
        await places.make()
    await store.dispose()

    sizes = [json.loads(line)["size"] for line in file.read_text().splitlines()]
    assert sizes == [6, 7, 8]
    last = last_in(file)
    assert last
    assert (last.size, last.key) == (8, key.public)


async def test_a_webhook_gets_each_once_and_in_order(store: Database, tmp_path: Path) -> None:
    taken: list[dict[str, Any]] = []
    answers = [500, 200, 200]

    async def take(request: web.Request) -> web.Response:
        status = answers.pop(0)
        if status == 200:
            taken.append(await request.json())
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    key, clock = AuditKey.create(tmp_path / "key"), MovedClock(NOW)
    async with aiohttp.ClientSession() as http:
        host, port = runner.addresses[0][:2]
        places = Checkpoints(store, http, clock, key, webhook=f"http://{host}:{port}/")
        await places.make()
        clock.move(minutes=10)
        await submit(store)
        await places.make()
        clock.move(minutes=10)
        await places.make()
    await runner.cleanup()
    await store.dispose()

    assert [each["size"] for each in taken] == [6, 7]
    assert answers == []


async def test_a_channel_gets_it_and_it_is_read_back_from_there(team_once: Team) -> None:
    team = team_once
    await team.submit()
    key = AuditKey.create(Path(str(team.bot.settings.policy_file)).parent / "audit.pem")
    channel = team.reviews
    made = await checkpoints.make(team.bot.db, key.sign, now=team.clock(), channel=channel.id)
    await team.send_all()

    for place in (channel.id, f"#{channel.name}"):
        assert await checkpoint_places.read(team.bot.settings, place) == [made]
    with pytest.raises(SettingsError, match="no channel #nowhere"):
        await checkpoint_places.read(team.bot.settings, "#nowhere")
    assert isinstance(made, Checkpoint)
