"""Import: every line ends as new, known or bad with what is wrong; good ones are always kept."""

import asyncio
import gzip
import json
import os
import sys
from asyncio.subprocess import PIPE
from typing import Any

import pytest
from sqlmodel import select

from bot.cli.import_file import PATIENCE, Importer, Line
from bot.sandbox import SAMPLE
from store.domain.request import Audience, Category
from store.engine.database import Database
from store.tables import CardRow, EventRow, OutboxRow, RequestRow
from tests.bot.installation import Installation, Typed
from tests.cast import sample_of
from tests.harness_slack import Team
from tests.source_files import ROOT

LOOKUP = "users.lookupByEmail"


def line(**changes: Any) -> bytes:
    """Alice's release, with whatever the story changes."""
    given = {"external_id": "imported", "submitted_by": "alice@example.com", **changes}
    return json.dumps(sample_of(Category.RELEASE) | given).encode()


MALLORYS = line(submitted_by="mallory@example.com")
"""Of somebody the store has not met."""


async def imported(team: Team, *lines: bytes) -> list[Line]:
    """What became of each line, by a fresh run."""
    bot = team.bot
    importer = Importer(bot.db, bot.profiles, bot.policy, team.clock)
    return [found async for found in importer.run(lines)]


async def imported_by_a_patient_one(team: Team, *lines: bytes) -> tuple[list[Line], list[float]]:
    """What became of each line, and how long Slack was waited for each time."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    bot = team.bot
    importer = Importer(bot.db, bot.profiles, bot.policy, team.clock, sleep=wait)
    return [found async for found in importer.run(lines)], waits


async def problem(team: Team, text: bytes) -> str:
    """The one thing wrong with a line between two good ones, which are stored all the same."""
    before, bad, after = await imported(team, line(), text, line(external_id="after"))
    assert [found.outcome for found in (before, bad, after)] == ["new", "bad", "new"]
    assert bad.number == 2
    return "; ".join(bad.problems)


async def test_a_line_is_stored_once_whoever_imports_it_again(team: Team) -> None:
    (first,) = await imported(team, line())
    again, other = await imported(team, line(), line(external_id="other"))

    assert (first.outcome, again.outcome, other.outcome) == ("new", "known", "new")
    assert first.request_id == again.request_id != other.request_id


async def test_known_with_other_content_is_told_and_changes_nothing(team: Team) -> None:
    details = sample_of(Category.RELEASE)["details"]
    other = line(version="9.9.9", details=details | {"features": []})
    first, same, unlike, again = await imported(team, line(), line(), other, line())

    assert [one.outcome for one in (first, same, unlike, again)] == ["new", "known", "bad", "known"]
    assert unlike.problems == ("MP-1 was submitted with other content: version, details.features",)
    assert (await imported(team, other))[0].problems == unlike.problems


async def test_an_imported_request_asks_its_reviewers(team_once: Team) -> None:
    await imported(team_once, line())
    await team_once.send_all()

    assert "[ Approve ]" in team_once.last(team_once.bob)
    assert "Alice Santos" in team_once.last(team_once.bob)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{nonsense", "not a JSON object in UTF-8: Expecting property name"),
        (b"[1, 2]", "A request is a JSON object, one per line."),
        (b'{"title": "\xff"}', "not a JSON object in UTF-8: 'utf-8' codec can't decode"),
        (line().replace(b'"3.2.4"', b"NaN", 1), "not a JSON object in UTF-8: NaN is not JSON"),
        (b"[" * 100_000, "nested too deep; please make it flatter"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON object in UTF-8: Exceeds the limit"),
        (line(title=""), "title: This is required."),
        (
            line()[:-1] + b', "environment": "sandbox"}',
            "an object with 'environment' more than once; keep the one you mean",
        ),
        (
            line().replace(b'"details": {', b'"details": {"type": "DSL", ', 1),
            "an object with 'type' more than once",
        ),
        (line(created_at="2031-01-01T00:00:00Z"), "created_at: '2031-01-01T00:00:00Z' is more"),
        (line(submitted_by="zoe@example.com"), "nobody in the workspace is zoe@example.com"),
        (line(submitted_by="U0NOBODY"), "submitted_by: nobody in the workspace is U0NOBODY"),
        (line(submitted_by="somebody"), "submitted_by: 'somebody' is neither an e-mail address"),
    ],
)
async def test_a_bad_line_is_named_and_stops_no_other(
    team_once: Team, text: bytes, sentence: str
) -> None:
    assert sentence in await problem(team_once, text)


async def test_every_field_that_is_wrong_is_named(team_once: Team) -> None:
    said = await problem(team_once, line(title="", category="nonsense", version=7))
    assert [part.split(":")[0] for part in said.split("; ")[:1]] == ["title"]
    assert "category: 'nonsense' is not known" in said


async def test_who_has_left_slack_submits_nothing(team_once: Team) -> None:
    team_once.workspace.deactivate(team_once.mallory)
    said = await problem(team_once, line(submitted_by="mallory@example.com"))
    assert said == "submitted_by: nobody in the workspace is mallory@example.com"


async def test_nobody_who_could_decide_names_the_setting(team_once: Team) -> None:
    for group in team_once.workspace.usergroups.values():
        team_once.workspace.change_usergroup(group, members=[])
    await team_once.bot.jobs.refresh()
    (found,) = await imported(team_once, line(submitted_by=team_once.ada.id))
    assert "Ask an admin to set `reviewers`" in found.problems[0]


async def test_while_slack_is_away_a_line_waits_for_another_run(team_once: Team) -> None:
    team_once.workspace.faults.add("users.lookupByEmail", "status", status=503)
    (away,) = await imported(team_once, line(submitted_by="mallory@example.com"))
    (back,) = await imported(team_once, line(submitted_by="mallory@example.com"))

    assert away.problems == ("submitted_by: Slack could not be asked (no answer); import it again",)
    assert back.outcome == "new"


async def test_told_to_wait_the_import_waits_and_asks_again(team_once: Team) -> None:
    team_once.workspace.faults.add(LOOKUP, "status", times=2, status=429, retry_after=30)
    found, waits = await imported_by_a_patient_one(team_once, MALLORYS)
    assert ([one.outcome for one in found], waits) == (["new"], [30, 30])


@pytest.mark.parametrize(("seconds", "waited"), [(3600, 0), (1, PATIENCE - 1)])
async def test_the_import_does_not_wait_for_ever(
    team_once: Team, seconds: int, waited: int
) -> None:
    team_once.workspace.faults.add(LOOKUP, "status", times=9, status=429, retry_after=seconds)
    found, waits = await imported_by_a_patient_one(team_once, MALLORYS)
    said = "submitted_by: Slack could not be asked (ratelimited); import it again"
    assert ([one.problems for one in found], len(waits)) == ([(said,)], waited)


async def test_many_lines_come_back_in_their_order(team_once: Team) -> None:
    lines = [line(external_id=f"many-{n}", title="" if n % 7 == 0 else "Fit") for n in range(120)]
    found = await imported(team_once, *lines)
    assert [one.number for one in found] == [*range(1, 121)]
    assert [one.outcome for one in found] == ["bad" if n % 7 == 0 else "new" for n in range(120)]
    stored = [one.request_id for one in found if one.request_id]
    assert stored == [*range(stored[0], stored[0] + len(stored))]


async def test_blank_lines_and_a_byte_order_mark_are_no_requests(team_once: Team) -> None:
    found = await imported(team_once, b"\xef\xbb\xbf" + line(), b"\n", b"  \r\n", line(title=""))
    assert [(one.number, one.outcome) for one in found] == [(1, "new"), (4, "bad")]


async def import_of(installed: Installation, *lines: bytes) -> Typed:
    (installed.folder / "requests.jsonl").write_bytes(b"\n".join(lines))
    return await installed.types("import", "requests.jsonl")


async def test_the_sample_is_imported_once(installed: Installation) -> None:
    count = len(SAMPLE.read_bytes().splitlines())
    first = await import_of(installed, SAMPLE.read_bytes())
    again = await import_of(installed, SAMPLE.read_bytes())

    assert (first.code, again.code) == (0, 0)
    assert first.words.endswith(f"{count} requests: {count} new, 0 there already, 0 bad\n")
    assert again.words.endswith(f"{count} requests: 0 new, {count} there already, 0 bad\n")


async def test_bad_lines_are_told_by_number_and_exit_1(installed: Installation) -> None:
    typed = await import_of(installed, line(), b"", line(external_id="x", title="", version=None))

    assert typed.code == 1
    assert "line 3: title: This is required.\n" in typed.words
    assert "line 3: version: Mini Program Release needs a version.\n" in typed.words
    assert typed.words.endswith("2 requests: 1 new, 0 there already, 1 bad\n")


async def test_a_file_that_is_not_there_is_named(installed: Installation) -> None:
    typed = await installed.types("import", "none.jsonl")
    assert (typed.code, typed.words) == (1, "none.jsonl cannot be read: No such file or directory.")


async def test_what_is_not_lines_is_imported_or_named(installed: Installation) -> None:
    def file(content: bytes) -> str:
        (installed.folder / "requests").write_bytes(content)
        return "requests"

    array = b"[" + line(external_id="a", title="") + b",\n" + line(external_id="b") + b"]"
    typed = await installed.types("import", file(gzip.compress(array)))
    assert typed.words.startswith("request 1: title: This is required.\n")
    assert typed.words.endswith("2 requests: 1 new, 0 there already, 1 bad\n")
    typed = await installed.types("import", file(line().decode().encode("utf-16")))
    assert typed.code == 1
    assert typed.words == (
        "requests is UTF-16 text. Convert it: iconv -f UTF-16 -t UTF-8 requests > requests.jsonl\n"
        "0 requests: 0 new, 0 there already, 0 bad\n"
    )


@pytest.mark.slow
async def test_any_pipe_is_imported_and_whoever_reads_the_words(installed: Installation) -> None:
    """More lines than are stored at once, by `-` and by `<(...)`; each is bad in Chinese."""
    mine = b"\n".join(line(external_id=f"n-{n}", title="" if n % 2 else "t") for n in range(400))
    named = line(external_id="x", submitted_by="漢字").decode().encode()
    (installed.folder / "requests.jsonl").write_bytes(mine + b"\n" + named)
    command = f"{sys.executable} -m bot import"
    environment = {**os.environ, **installed.environment, "PYTHONPATH": str(ROOT)}
    for shell, last in (
        (f"cat requests.jsonl | {command} -", b"401 requests: 200 new, 0 there already, 201 bad"),
        (f"{command} <(cat requests.jsonl)", b"401 requests: 0 new, 200 there already, 201 bad"),
        (f"{command} requests.jsonl | head -1; exit ${{PIPESTATUS[0]}}", b"line 2: title:"),
    ):
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", shell), cwd=installed.folder, stdout=PIPE, stderr=PIPE,
            env={**environment, "PYTHONIOENCODING": "cp1252"},
        )  # fmt: skip
        said, wrong = await asyncio.wait_for(process.communicate(), 120)
        assert (process.returncode, wrong) == (1, b""), shell
        assert last in said.splitlines()[-1], shell
        assert b"head" in shell.encode() or b"'\\u6f22\\u5b57' is neither" in said


async def whole(db: Database) -> int:
    """How many requests there are; each has its history and copies, and the messages that tell of
    them are owed.
    """
    async with db.snapshot() as session:
        stored = set(await session.exec(select(RequestRow.id)))
        for column in (EventRow.request_id, CardRow.request_id):
            assert set(await session.exec(select(column))) == stored
        told = select(CardRow.burst_id).where(CardRow.audience != Audience.SUBMITTER.value)
        keys = set(await session.exec(select(OutboxRow.key)))
        assert {f"burst:{number}" for number in await session.exec(told)} == keys
    return len(stored)


@pytest.mark.slow
async def test_a_quiet_import_tells_nobody(installed: Installation) -> None:
    lines = b"\n".join(line(external_id=f"quiet-{number}") for number in range(7))
    (installed.folder / "requests.jsonl").write_bytes(lines)
    said = await installed.types("import", "--quiet", "requests.jsonl")
    assert said.words.endswith("7 requests: 7 new, 0 there already, 0 bad\n")
    db = Database(installed.environment["DATABASE_URL"])
    async with db.snapshot() as session:
        assert len((await session.exec(select(RequestRow.id))).all()) == 7
        assert (await session.exec(select(OutboxRow.key))).all() == []
    await db.dispose()


@pytest.mark.slow
async def test_killed_half_way_an_import_leaves_whole_requests(installed: Installation) -> None:
    lines = b"\n".join(line(external_id=f"killed-{number}") for number in range(2000))
    (installed.folder / "requests.jsonl").write_bytes(lines)
    db = Database(installed.environment["DATABASE_URL"])
    try:
        async with installed.starting("import", "requests.jsonl") as process:
            while not await whole(db):
                assert process.returncode is None
        left = await whole(db)
    finally:
        await db.dispose()
    again = await installed.types("import", "requests.jsonl")
    assert 0 < left < 2000
    assert again.words.endswith(f"2000 requests: {2000 - left} new, {left} there already, 0 bad\n")
