"""The doctor: all is well, or what to do about each thing that is not, and what comes first."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from sqlmodel import delete

from bot.audit_key import AuditKey
from bot.cli.doctor import EXAMPLE_IDS, State
from bot.sandbox.state.ids import BOT_USER_ID
from store import groups, replicas
from store.audit import checkpoints
from store.domain.checkpoint import Checkpoint
from store.domain.clock import utc_now
from store.engine import migrate
from store.engine.database import Database
from store.replicas import Replica
from store.tables import CheckpointRow, SlotRow
from tests.bot.installation import Installation, Typed
from tests.harness_slack import Team
from tests.harness_store import submit

Spoil = Callable[[Installation], object]
ROOT = Path(__file__).parents[2]
EXAMPLE, README = ROOT / "policy.example.toml", ROOT / "README.md"


def found(typed: Typed) -> dict[str, str]:
    """The state of each thing that was looked at."""
    lines = [line for line in typed.words.splitlines()[:-1] if not line.startswith(" ")]
    return {line[15:]: line[:15].strip() for line in lines}


def remedy(typed: Typed, state: State, what: str) -> str:
    """What is to be done about this; it stands below the thing."""
    lines = typed.words.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.startswith(f"{state:<13}  {what}")]
    assert lines[at + 1].startswith(" " * 15), f"no remedy for {what}"
    return lines[at + 1].strip()


async def test_the_readme_shows_what_it_prints(installed: Installation) -> None:
    _outside_the_channel(installed)
    typed = await installed.types("doctor")

    text = README.read_text("utf-8")
    shown = next(part for part in text.split("```") if "thing to do" in part).strip()
    assert set(shown.splitlines()) <= set(typed.words.splitlines())


async def test_a_whole_installation_is_well(installed: Installation) -> None:
    typed = await installed.types("doctor")

    assert typed.code == 0
    states = found(typed)
    assert states.pop("SLACK_SIGNING_SECRET") == "not set", "Socket Mode needs none"
    assert states.pop("AUDIT_KEY_FILE") == "not set", "checkpoints are for who wants them"
    assert set(states.values()) == {"ok"}
    for looked_at in ("SLACK_BOT_TOKEN", "the database", "scopes", "channel #reviews"):
        assert looked_at in states
    assert typed.words.endswith("\nNothing to do: all is well.\n")


def _set(name: str, value: str) -> Spoil:
    return lambda installed: installed.environment.update({name: value})


def _policy(**unlike: str) -> Spoil:
    return lambda installed: installed.policy(**unlike)


def _lacking_a_scope(installed: Installation) -> None:
    installed.workspace.scopes.discard("users:read.email")


def _with_ada_gone(installed: Installation) -> None:
    installed.workspace.deactivate(installed.people["ada"])


def _outside_the_channel(installed: Installation) -> None:
    installed.reviews.members.remove(BOT_USER_ID)


def _channel_archived(installed: Installation) -> None:
    installed.reviews.is_archived = True


def _group_empty(installed: Installation) -> None:
    installed.workspace.change_usergroup(installed.group, members=[])


def _bot_in_the_group(installed: Installation) -> None:
    installed.group.members.append(BOT_USER_ID)


TOKEN = "Slack answered invalid_auth. Copy the Bot User OAuth Token again."
NO_GROUP = "Slack answered no_such_subteam. Check its id in the policy file."
NO_USER = "Slack answered user_not_found. Check the id in the policy file."
NO_CHANNEL = "Slack answered channel_not_found. Check the id; in a private channel, type /invite"
NO_HOST = "The host is not found: check the network, its DNS and SLACK_API_URL."
BOT = f'["{BOT_USER_ID}"]'
UNSET, WRONG, AWAY = State.UNSET, State.WRONG, State.AWAY


@pytest.mark.parametrize(
    ("spoil", "state", "what", "said"),
    [
        (_set("SLACK_BOT_TOKEN", ""), UNSET, "SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is missing"),
        (_set("SLACK_BOT_TOKEN", "xoxp-1"), WRONG, "SLACK_BOT_TOKEN", "starts with xoxb-"),
        (_set("SLACK_BOT_TOKEN", "xoxb-1"), WRONG, "the bot token", TOKEN),
        (_set("SLACK_APP_TOKEN", "xapp-1"), WRONG, "the app-level token", "connections:write"),
        (_set("SLACK_APP_TOKEN", ""), UNSET, "a way in for Slack", "Set SLACK_APP_TOKEN (Socket"),
        (_set("SLACK_API_URL", "http://127.0.0.1:9/"), AWAY, "the bot token", "No answer (Client"),
        (_set("SLACK_API_URL", "https://no.invalid/"), AWAY, "the bot token", NO_HOST),
        (
            _set("DATABASE_URL", "postgresql://u@127.0.0.1:9/x"),
            AWAY,
            "the database",
            "that it is up",
        ),
        (_set("POLICY_FILE", "none.toml"), UNSET, "the policy file", "there is no none.toml"),
        (_policy(timezone='"Mars"'), WRONG, "the policy file", "'Mars' is not the name of"),
        (_policy(reviewers="[]", admins="[]"), UNSET, "reviewers", "Name reviewers under"),
        (_policy(reviewers='["S0"]'), WRONG, "user group S0", NO_GROUP),
        (_policy(admins='["U0"]'), WRONG, "member U0", NO_USER),
        (_policy(reviewers=BOT), WRONG, f"member {BOT_USER_ID}", "This is a bot, and bots"),
        (_policy(channel='"C0"'), WRONG, "channel C0", NO_CHANNEL),
        (_lacking_a_scope, WRONG, "scopes", "Add users:read.email under OAuth & Permissions, then"),
        (_with_ada_gone, WRONG, "member U", "This person has left Slack: take them out"),
        (_outside_the_channel, WRONG, "channel #reviews", "type /invite @Mini Program Approvals"),
        (_channel_archived, WRONG, "channel #reviews", "It is archived: unarchive it"),
        (_group_empty, WRONG, "user group S", "It is empty, so nobody can decide"),
        (_bot_in_the_group, WRONG, "user group S", f"take {BOT_USER_ID} out of the group"),
    ],
)
async def test_what_is_not_well_comes_with_what_to_do(
    installed: Installation, spoil: Spoil, state: State, what: str, said: str
) -> None:
    spoil(installed)
    typed = await installed.types("doctor")

    assert typed.code == 1
    to_do, last = remedy(typed, state, what), typed.words.splitlines()[-1]
    assert said in to_do
    assert last.startswith("1 thing to do: ")
    assert last.endswith(to_do)


async def test_the_last_line_says_how_much_there_is_to_do_and_what_comes_first(
    installed: Installation,
) -> None:
    installed.policy(channel='"C0"', reviewers='["S0"]')
    typed = await installed.types("doctor")
    assert typed.words.splitlines()[-1] == f"2 things to do, first user group S0. {NO_GROUP}"


async def test_an_app_token_that_is_not_set_is_not_called_well(installed: Installation) -> None:
    secret = installed.workspace.signing_secret
    installed.environment |= {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": secret}
    typed = await installed.types("doctor")

    assert typed.code == 0
    assert found(typed)["SLACK_APP_TOKEN"] == "not set"


async def test_the_ids_of_the_example_do_not_pass(installed: Installation) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert all(f'"{each}"' in text for each in EXAMPLE_IDS)
    (installed.folder / "policy.toml").write_text(text, "utf-8")
    typed = await installed.types("doctor")

    to_do = remedy(typed, WRONG, "the policy file")
    assert "S0REVIEWERS, U0ADMIN0001, U0REVIEWER1 are the example's." in to_do


async def test_a_postgresql_that_is_not_migrated_is_named(
    installed: Installation, empty_postgres: str
) -> None:
    installed.environment["DATABASE_URL"] = empty_postgres
    typed = await installed.types("doctor")

    assert typed.code == 1
    assert remedy(typed, WRONG, "the database") == "Run `mp-approvals migrate`."


async def test_a_postgresql_that_refuses_us_is_not_called_away(
    installed: Installation, empty_postgres: str
) -> None:
    installed.environment["DATABASE_URL"] = empty_postgres.replace("empty", "nowhere")
    typed = await installed.types("doctor")
    assert "refuses DATABASE_URL: check its user" in remedy(typed, WRONG, "the database")


@asynccontextmanager
async def slack_that_says(status: int, body: str, kind: str) -> AsyncIterator[str]:
    """A server with one answer to everything; its address."""

    async def say(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    site = web.Application()
    site.router.add_route("*", "/{any:.*}", say)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


JSON, PAGE = "application/json", "text/html"


@pytest.mark.parametrize(
    ("status", "body", "kind", "state", "said"),
    [
        (200, "<html>Log in</html>", PAGE, AWAY, "a web page came instead of Slack's answer"),
        (404, "<html>", PAGE, AWAY, "HTTP 404 came instead of Slack's answer"),
        (503, "busy", "text/plain", AWAY, "HTTP 503 came instead of Slack's answer"),
        (429, '{"ok": false, "error": "ratelimited"}', JSON, AWAY, "asked too often"),
        (200, '{"ok": false, "error": "accesslimited"}', JSON, WRONG, "answered accesslimited"),
    ],
)
async def test_what_is_no_answer_of_slack_says_nothing_of_the_token(
    installed: Installation, status: int, body: str, kind: str, state: State, said: str
) -> None:
    async with slack_that_says(status, body, kind) as address:
        installed.environment["SLACK_API_URL"] = address
        typed = await installed.types("doctor")

    assert said in remedy(typed, state, "the bot token")
    assert "Copy the Bot User OAuth Token" not in typed.words


async def test_without_tls_on_the_other_side_the_token_is_not_blamed(
    installed: Installation,
) -> None:
    async with slack_that_says(200, "", JSON) as address:
        installed.environment["SLACK_API_URL"] = address.replace("http:", "https:")
        typed = await installed.types("doctor")
    assert "The certificate is not trusted" in remedy(typed, AWAY, "the bot token")


async def test_scopes_that_slack_does_not_name_are_not_called_missing(
    installed: Installation,
) -> None:
    installed.policy(reviewers="[]", admins="[]")
    known = '"channel": {"name": "reviews", "is_member": true}'
    hello = f'{{"ok": true, "user": "bot", "team": "Sandbox", {known}}}'
    async with slack_that_says(200, hello, JSON) as address:
        installed.environment["SLACK_API_URL"] = address
        typed = await installed.types("doctor")

    assert found(typed)["the scopes: Slack does not say which the token has"] == "not reachable"
    assert "OAuth & Permissions" not in typed.words


async def test_slack_is_asked_of_every_surface(installed: Installation) -> None:
    typed = await installed.types("doctor", "--blocks")

    states = found(typed)
    assert (typed.code, set(states.values())) == (0, {"ok"})
    assert len(states) > 60
    for surface in ("card, Mini Program Release, Rejected", "Home, My Approvals", "digest", "help"):
        assert surface in states
    asked = [call for call in installed.workspace.calls if call.method == "blocks.validate"]
    assert len(asked) == len(states)
    assert {kind for call in asked for kind in call.args} == {"message", "view"}


async def test_what_slack_would_refuse_is_named_with_its_place(installed: Installation) -> None:
    faults = installed.workspace.faults
    faults.add("blocks.validate", "status", status=429, retry_after=1)  # waited for
    faults.add("blocks.validate", "status", error="invalid_message")
    typed = await installed.types("doctor", "--blocks")

    assert typed.code == 1
    assert remedy(typed, WRONG, "card, Mini Program Release, Under") == "message"
    assert typed.words.splitlines()[-1].startswith("1 thing to do: card, ")


async def test_without_slack_no_surface_is_judged(installed: Installation) -> None:
    installed.environment["SLACK_API_URL"] = "http://127.0.0.1:9/"
    typed = await installed.types("doctor", "--blocks")
    assert (typed.code, typed.words.startswith("Slack does not answer")) == (1, True)


async def test_the_sandbox_validates_with_pointers(team_once: Team) -> None:
    drawn = {"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]}
    with pytest.raises(SlackApiError) as refused:
        await team_once.bot.client.api_call("blocks.validate", data={"message": json.dumps(drawn)})
    (problem,) = refused.value.response["errors"]
    assert (refused.value.response["error"], problem["pointer"]) == (
        "invalid_message",
        "/blocks/0/text/text",
    )
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await team_once.bot.client.api_call("blocks.validate", data={})


async def test_an_installation_of_a_whole_organisation_is_said_by_doctor_and_at_start(
    installed: Installation,
) -> None:
    installed.workspace.installed_org_wide = True
    examined, started = await installed.types("doctor"), await installed.types("run")

    assert (examined.code, started.code) == (1, 1)
    for said in (examined.words, started.words):
        assert "Install the app in one workspace" in said


async def test_the_policy_is_named_and_how_old_many_groups_may_be(installed: Installation) -> None:
    members = [installed.people["bob"]]
    many = [installed.workspace.add_usergroup(f"g{n}", members=members).id for n in range(20)]
    installed.policy(reviewers=str(many).replace("'", '"'))
    typed = await installed.types("doctor")

    assert typed.code == 0
    assert re.search(r"\nok +the policy of 20\d\d-\d\d-\d\d \d\d:\d\d UTC\n", typed.words)
    said = "20 user groups: without Slack's events, read every 84 s"
    assert found(typed)[said] == "ok"


async def test_what_roles_rest_on_in_the_store_is_named(installed: Installation) -> None:
    db = Database(installed.environment["DATABASE_URL"])
    read = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    async with db.transaction() as session:
        await groups.set_members(session, installed.group.id, ["UBOB"], now=read)
        await groups.note_silence(session, installed.group.id, why="missing_scope")
        await replicas.beat(session, Replica("another", utc_now(), "5f" * 32))
    await db.dispose()
    typed = await installed.types("doctor")

    assert typed.code == 1
    assert (
        f"user group {installed.group.id} was last read 2026-11-20 03:00 UTC (missing_scope): "
        "its members keep their role until 2026-11-21 03:00 UTC at most."
    ) in typed.words
    assert "goes by another policy than this file" in typed.words


@pytest.fixture
def audited(installed: Installation) -> Installation:
    """With a key, a file and a channel for checkpoints, all of them right."""
    key = installed.folder / "audit.key"
    AuditKey.create(key)
    installed.environment |= {
        "AUDIT_KEY_FILE": str(key),
        "AUDIT_FILE": str(installed.folder / "checkpoints.jsonl"),
        "AUDIT_CHANNEL": installed.reviews.id,
    }
    return installed


async def test_key_and_places_of_checkpoints_are_well(audited: Installation) -> None:
    typed = await audited.types("doctor")
    states = found(typed)
    assert (typed.code, states["AUDIT_KEY_FILE"]) == (0, "ok")
    assert states[f"AUDIT_FILE {audited.environment['AUDIT_FILE']}"] == "ok"
    assert typed.words.count("ok             channel #reviews") == 2


def _key_for_all(audited: Installation) -> None:
    Path(audited.environment["AUDIT_KEY_FILE"]).chmod(0o644)


def _key_is_a_text(audited: Installation) -> None:
    Path(audited.environment["AUDIT_KEY_FILE"]).write_text("no key", "utf-8")


def _no_place(audited: Installation) -> None:
    del audited.environment["AUDIT_FILE"], audited.environment["AUDIT_CHANNEL"]


def _no_key(audited: Installation) -> None:
    del audited.environment["AUDIT_KEY_FILE"]


def _another_keys_file(audited: Installation) -> None:
    other = AuditKey.create(audited.folder / "other.key")
    unsigned = Checkpoint(at=utc_now(), size=1, root="00", previous=None)
    key, signature = other.sign(unsigned.signed_text())
    signed = unsigned.model_copy(update={"key": key, "signature": signature})
    Path(audited.environment["AUDIT_FILE"]).write_text(f"{signed.line()}\n", "utf-8")


def _nowhere(audited: Installation) -> None:
    audited.environment["AUDIT_FILE"] = str(audited.folder / "nowhere" / "checkpoints.jsonl")


@pytest.mark.parametrize(
    ("spoil", "state", "what", "to_do"),
    [
        (_key_for_all, State.WRONG, "AUDIT_KEY_FILE", "Others can read it, and sign with it"),
        (_key_is_a_text, State.WRONG, "AUDIT_KEY_FILE", "holds no Ed25519 key."),
        (_no_place, State.UNSET, "a place for checkpoints", "Set AUDIT_FILE, AUDIT_CHANNEL or"),
        (_no_key, State.UNSET, "AUDIT_KEY_FILE", "`mp-approvals audit init` makes one."),
        (_another_keys_file, State.WRONG, "AUDIT_FILE", "signed by another key"),
        (_nowhere, State.WRONG, "AUDIT_FILE", "The bot cannot write to it"),
        (_set("AUDIT_CHANNEL", "C0NOWHERE"), State.WRONG, "channel C0NOWHERE", "Check the id"),
    ],
)
async def test_what_is_wrong_with_checkpoints_comes_with_what_to_do(
    audited: Installation, spoil: Spoil, state: State, what: str, to_do: str
) -> None:
    spoil(audited)
    typed = await audited.types("doctor")
    assert typed.code == 1
    assert to_do in remedy(typed, state, what)


async def test_a_webhook_that_takes_no_checkpoints_is_named(audited: Installation) -> None:
    audited.environment["AUDIT_WEBHOOK_URL"] = "https://audit.example/checkpoints"
    db = Database(audited.environment["DATABASE_URL"])
    await migrate.upgrade(db)
    await submit(db)
    key = AuditKey.read(Path(audited.environment["AUDIT_KEY_FILE"]))
    for hours, state in ((0, "ok"), (-2, "not reachable")):
        async with db.transaction() as session:
            await session.exec(delete(CheckpointRow))
            await session.exec(delete(SlotRow))
        await checkpoints.make(db, key.sign, now=utc_now() + timedelta(hours=hours))
        assert found(await audited.types("doctor"))["AUDIT_WEBHOOK_URL"] == state
        await submit(db)
    await db.dispose()
