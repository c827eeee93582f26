"""The policy file is read again while the bot runs: whole or not at all, and everybody hears."""

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from sqlmodel import col, select

from bot import app, http, policy_file
from store import replicas
from store.replicas import Replica
from store.tables import EventRow
from tests.harness_slack import Team

WRONG = "[workspace]\ntimezone = 'Mars'\n"


def file(team: Team) -> Path:
    return team.bot.settings.policy_file


async def changed(team: Team, text: str, looks: int = 2) -> None:
    """Somebody writes this into the file, and the bot looks so often."""
    file(team).write_text(text, encoding="utf-8")
    for _ in range(looks):
        await team.bot.policy_file.check()
    await team.bot.jobs.refresh()
    await team.send_all()


def only(team: Team, *names: str, more: str = "") -> str:
    """A policy by which these people review, and ada administers."""
    named = [team.workspace.person(name).id for name in names]
    return f'[workspace]\nadmins = ["{team.ada.id}"]\nreviewers = {named}\n{more}'


async def readyz(team: Team) -> dict[str, object]:
    transport = httpx.ASGITransport(http.build(team.bot))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


async def test_a_changed_policy_comes_into_force_everywhere(team: Team) -> None:
    request = await team.submit()
    await changed(team, only(team, "bob", more="own_requests = true\n"))

    assert team.bot.policy.own_requests
    said = team.said(await team.carol.command("/mp-requests approve MP-1"))
    assert said.startswith("Only Bob Reyes or Ada Cruz can decide MP-1.")
    assert "Carol" not in team.words(team.card(team.alice, request))
    assert (await team.submit(external_id="b", version="9.9.9")).reviewers == (team.bob.id,)
    await team.approve(team.bob, "MP-1")
    await team.send_all()
    assert "This request is approved." in team.words(team.card(team.alice, request))


async def test_a_file_that_is_still_being_written_is_left_alone(team_once: Team) -> None:
    before = team_once.bot.policy
    await changed(team_once, only(team_once, "bob"), looks=1)
    assert team_once.bot.policy == before
    await team_once.bot.policy_file.check(settled=True)  # SIGHUP says that it is whole
    assert team_once.bot.policy.reviewers == (team_once.bob.id,)


@pytest.mark.parametrize("spoil", ["wrong", "missing"])
async def test_a_wrong_policy_is_refused_and_the_admins_hear_it_once(
    team: Team, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    await changed(team, only(team, "bob"))
    before, had = team.bot.policy, len(team.ada.sees())
    file(team).write_text(WRONG, encoding="utf-8")
    if spoil == "missing":
        file(team).unlink()
    for _ in range(5):
        await team.bot.policy_file.check()
        await team.send_all()

    assert team.bot.policy == before
    assert len(team.ada.sees()) == had + 1
    problem = "'Mars' is not the name" if spoil == "wrong" else "POLICY_FILE: there is no"
    assert "stays in force" in team.last(team.ada)
    for said in (team.last(team.ada), str((await readyz(team))["remarks"]), caplog.text):
        assert problem in said
    assert not any(problem in team.words(message) for message in team.bob.sees())

    await changed(team, only(team, "carol"))
    assert team.bot.policy.reviewers == (team.carol.id,)
    assert "remarks" not in await readyz(team)


async def test_new_groups_are_read_before_the_policy_that_names_them_is_in_force(
    team_once: Team,
) -> None:
    before = team_once.bot.policy
    others = team_once.workspace.add_usergroup("others", members=[team_once.mallory])
    team_once.workspace.faults.add("usergroups.users.list", "drop_before", times=99)
    text = f'[workspace]\nreviewers = ["{others.id}"]\n'
    await changed(team_once, text)
    assert team_once.bot.policy == before

    team_once.workspace.faults.clear()
    await team_once.bot.policy_file.check()
    assert team_once.bot.policy.reviewers == (others.id,)
    request = await team_once.submit()
    assert request.reviewers == (team_once.mallory.id,)


async def test_who_is_taken_out_does_not_stay_for_slacks_silence(team_once: Team) -> None:
    others = team_once.workspace.add_usergroup("others", members=[team_once.mallory])
    team_once.workspace.faults.add("usergroups.users.list", "drop_before", times=99)
    await changed(team_once, f'[workspace]\nreviewers = ["{others.id}"]\n')
    team_once.clock.move(minutes=1)
    await team_once.bot.policy_file.check()
    assert team_once.bot.policy.reviewers == (others.id,)
    remarks = str((await readyz(team_once))["remarks"])
    assert f"user group {others.id} was not read (" in remarks


async def test_a_decision_names_the_policy_it_was_judged_by(team: Team) -> None:
    await team.submit()
    await team.submit(external_id="b", version="9.9.9")
    hashes = []
    for number, more in ((1, ""), (2, "remind_after_hours = 5\n")):
        await changed(team, only(team, "bob", "carol", more=more))
        await team.approve(team.bob, f"MP-{number}")
        hashes.append(team.bot.policy.sha256)
    async with team.bot.db.snapshot() as session:
        approved = select(EventRow).where(EventRow.kind == "approved")
        events = (await session.exec(approved.order_by(col(EventRow.request_id)))).all()
    assert [event.data["policy"] for event in events] == hashes
    assert len(set(hashes)) == 2


async def test_why_names_the_time_of_the_policy(team_once: Team) -> None:
    await team_once.submit()
    said = team_once.said(await team_once.alice.command("/mp-requests why MP-1"))
    assert "By the policy of " in said


async def test_replicas_whose_files_differ_are_told_to_the_admins(team: Team) -> None:
    await team.bot.heartbeat.beat()
    for minute in range(6):
        async with team.bot.db.transaction() as session:
            await replicas.beat(session, Replica("other", team.clock(), "5f" * 32))
        await team.bot.heartbeat.beat()
        assert await team.bot.jobs.compare_policies() == (minute == 5)
        assert ("remarks" in await readyz(team)) == (minute == 5)
        team.clock.move(minutes=1)
    await team.send_all()
    assert "Replicas of this app go by different policies" in team.last(team.ada)

    team.clock.move(minutes=1)
    await team.bot.heartbeat.beat()  # the other is not heard of any more
    assert await team.bot.jobs.compare_policies() == 0
    assert "remarks" not in await readyz(team)


async def test_sighup_reads_it_at_once(team_once: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_file, "CHECK_SECONDS", 3600.0)
    file(team_once).write_text(only(team_once, "bob"), encoding="utf-8")
    async with app.running(team_once.bot), asyncio.timeout(30):
        team_once.bot.policy_file.reread()
        await team_once.bot.policy_file.looked.wait()
    assert team_once.bot.policy.reviewers == (team_once.bob.id,)
