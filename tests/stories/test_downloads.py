"""A list as a file: asked for in Slack, made elsewhere, sent to who asked and to nobody else."""

import csv
import io
import json
import shutil
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from bot.cli.import_file import Importer
from bot.profiles import Profiles
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from store import exports, people
from store.domain import submission
from store.domain.export import Entry, Format
from store.domain.lists.query import ListQuery, Scope, Sort
from store.domain.request import Category
from store.engine.database import Database
from tests.cast import NOW, profile, sample
from tests.harness_slack import Team

pytestmark = pytest.mark.slow


async def downloaded(team: Team) -> None:
    """Make and send every download that is asked for."""
    await team.send_all()
    while await team.bot.export_loop.run_once():
        await team.send_all()


def files(person: Person) -> list[Message]:
    """The messages with a file that this person has from the bot."""
    return [message for message in person.sees() if message.files]


def messages(person: Person) -> list[str]:
    """What the bot has posted to this person of downloads."""
    return [m.text for m in person.sees() if "download" in m.text and not m.ephemeral_to]


def content(team: Team, person: Person) -> tuple[str, bytes]:
    """The name and the bytes of the one file this person was sent."""
    (message,) = files(person)
    (file,) = message.files
    return file["name"], team.workspace.files.content(file["id"])


def rows(team: Team, person: Person) -> list[dict[str, str]]:
    """The CSV this person was sent, as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(content(team, person)[1].decode("utf-8-sig"))))


async def test_a_list_comes_as_a_file_by_direct_message(team: Team) -> None:
    await team.submit(title="发布 Bills Pay إصدار", version="3.2.4")
    await team.submit(category=Category.OFFLINE, external_id="two")

    answer = await team.bob.command("/mp-requests export category:release xlsx")
    await team.send_all()
    assert messages(team.bob) == []  # what is there soon is not announced
    team.clock.move(seconds=3)
    await team.send_all()
    waiting = team.last(team.bob)
    await downloaded(team)

    command = "All requests as XLSX · /mp-requests list category:release"
    assert team.said(answer).startswith(f"Preparing your download: {command}")
    assert waiting == f"⏳ Preparing your download: {command}"
    name, raw = content(team, team.bob)
    header, row = openpyxl.load_workbook(io.BytesIO(raw)).active.values
    assert (name, header[7], row[1], row[6]) == (
        "requests-release-2026-11-20.xlsx",
        "Created At (Asia/Manila)",
        "发布 Bills Pay إصدار",
        "Alice Santos",
    )
    assert row[7] == datetime(2026, 11, 20, 10, 14)  # noqa: DTZ001 - Excel knows no zone
    told = messages(team.bob)  # the file has taken the place of the message
    assert told == [f"✅ Your download is here · 1 request\n{command.replace('/mp', '`/mp')}`"]
    assert files(team.bob)[0].text == told[0]


async def test_the_name_of_a_file_says_what_is_in_it(team_once: Team) -> None:
    team = team_once
    old = await team.submit()
    team.clock.move(days=20)
    await team.submit(external_id="later", version="3.2.5")

    typed = "export stage:compliance-team,legal sent:refused created:2026-11 xlsx"
    await team.bob.command(f"/mp-requests {typed}")
    await team.bob.command("/mp-requests export created:<2026-12-01 completed:2026-11..")
    query = "list created:<2026-12-01"
    shown = (await team.bob.command(f"/mp-requests {query}")).message
    assert shown is not None
    await team.bob.click(shown, "list.menu", value="Download")
    await downloaded(team)

    assert content(team, team.bob)[0] == "requests-created-before-2026-12-01-2026-12-10.csv"
    assert [row["Request"] for row in rows(team, team.bob)] == [old.ref]
    async with team.bot.db.snapshot() as session:
        named = [(await exports.find(session, n)).file_name(ZoneInfo("UTC")) for n in (1, 2)]
    assert named == [
        "requests-sent-refused-stage-compliance-team-stage-legal-created-2026-11-2026-12-10.xlsx",
        "requests-created-before-2026-12-01-completed-after-2026-10-31-2026-12-10.csv",
    ]


async def test_the_button_of_a_list_gives_that_list(team_once: Team) -> None:
    team = team_once
    mine = await team.submit()
    await team.submit(by=team.bob, external_id="bobs", mini_program={"id": "1", "name": "X"})
    shown = (await team.alice.command("/mp-requests mine status:under_review")).message
    assert shown is not None

    answer = await team.alice.click(shown, "list.menu", value="Download")
    await downloaded(team)
    team.clock.move(seconds=3)
    await team.send_all()

    assert answer.acked
    assert len(messages(team.alice)) == 1
    assert [row["Request"] for row in rows(team, team.alice)] == [mine.ref]
    assert content(team, team.alice)[0] == "my-requests-under-review-2026-11-20.csv"
    assert "Preparing your download: My Requests as CSV" in "".join(
        team.words(m) for m in team.alice.sees() if m.ephemeral_to
    )


async def test_a_decision_is_in_the_file_with_who_and_why(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    card = team.card(team.carol, request)
    await team.reject(team.carol, card, "=cmd|'/C calc'!A0", "personal_data_and_privacy")
    await team.alice.command("/mp-requests export mine")
    await downloaded(team)

    (row,) = rows(team, team.alice)
    assert row["Status"] == "Rejected"
    assert row["Decision"] == "Rejected: Personal data and privacy violations"
    assert row["Reason"] == "'=cmd|'/C calc'!A0"
    assert row["Decided By"] == "Carol Tan"
    assert row["Completed On (Asia/Manila)"] == "2026-11-20 10:14:00"


@pytest.mark.parametrize(
    ("typed", "scope", "format"),
    [
        ("export", "list", "CSV"),
        ("export json", "list", "JSON"),
        ("export Mine EXCEL", "mine", "XLSX"),
        ("export approvals xlsx status:approved", "approvals status:approved", "XLSX"),
        ("export bills csv", "list bills", "CSV"),
        ('export "csv"', "list csv", "CSV"),  # in quotes it is a word to search for
        ("export sort:created", "list sort:created", "CSV"),
    ],
)
async def test_the_words_say_which_list_and_which_format(
    team_once: Team, typed: str, scope: str, format: str
) -> None:
    said = team_once.said(await team_once.bob.command(f"/mp-requests {typed}"))
    assert f" as {format} · /mp-requests {scope}\n" in said


async def test_a_wrong_word_is_named_and_nothing_is_made(team_once: Team) -> None:
    said = team_once.said(await team_once.bob.command("/mp-requests export statsu:approved csv"))
    assert "Did you mean status:?" in said
    assert await team_once.bot.export_loop.run_once() == 0


async def test_who_lost_the_role_gets_nothing_of_what_was_asked_for(team_once: Team) -> None:
    team = team_once
    await team.submit()
    (group,) = team.workspace.usergroups.values()
    team.workspace.change_usergroup(group, members=[team.bob, team.mallory])
    await team.bot.jobs.refresh()
    seen = team.said(await team.mallory.command("/mp-requests list"))
    await team.mallory.command("/mp-requests export")

    team.workspace.change_usergroup(group, members=[team.bob])
    await team.bot.jobs.refresh()
    await downloaded(team)

    assert "MP-1" in seen
    assert files(team.mallory) == []
    assert team.last(team.mallory).startswith("Nothing to export: no request matches.")


async def test_the_same_download_asked_twice_at_once_is_one_file(team_once: Team) -> None:
    await team_once.submit()
    for _ in range(2):
        await team_once.bob.command("/mp-requests export")
    await downloaded(team_once)

    assert len(files(team_once.bob)) == 1


async def test_what_was_imported_comes_out_and_goes_in_elsewhere(
    team_once: Team, sqlite_template: Path, tmp_path: Path
) -> None:
    team = team_once
    for handle in ("dan", "erin"):
        team.workspace.add_person(**profile(handle))
    lines = [json.dumps(each).encode() for each in sample()]
    await imported(team, team.bot.db, lines)
    await team.ada.command("/mp-requests export sort:created json")
    await team.bot.export_loop.run_once()
    name, raw = content(team, team.ada)
    elsewhere = shutil.copy(sqlite_template, tmp_path / "elsewhere.db")
    db = Database(f"sqlite:///{elsewhere}")
    await imported(team, db, raw.splitlines())
    again = await stored(team, db)
    await db.dispose()

    assert name == "requests-2026-11-20.json"
    assert in_order(raw.splitlines()) == in_order(lines)
    assert again == await stored(team, team.bot.db)
    assert len(again) == len(lines)


async def imported(team: Team, db: Database, lines: list[bytes]) -> None:
    """Every line becomes a new request of this database."""
    profiles = Profiles(db, team.bot.client, team.bot.in_force, team.clock)
    importer = Importer(db, profiles, team.bot.policy, team.clock)
    assert {line.outcome async for line in importer.run(lines)} == {"new"}


async def stored(team: Team, db: Database) -> list[Entry]:
    """All requests of a database, as far as they do not depend on where they were stored."""
    query = ListQuery(Scope.ALL, sort=Sort.OLDEST)
    asked = await exports.ask(db, query, Format.JSON, asker=team.ada.id, now=team.clock())
    async with db.snapshot() as session:
        roster = await people.roster(session, team.bot.policy)
        given = exports.contents(session, asked.export, roster, ZoneInfo("UTC"))
        portions = [part async for part in given]
    return [entry._replace(id=0) for part in portions for entry in part]


def in_order(lines: list[bytes]) -> list[submission.Submission]:
    """What an import reads in these lines."""
    read = [submission.read(json.loads(line), now=NOW) for line in lines]
    return sorted(read, key=lambda each: each.external_id)
