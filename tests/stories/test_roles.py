"""A role does not outlive its reason, and who has lost it learns nothing new.

Carol reviews as a member of the group; then she is in it no more.
"""

import asyncio
import csv
import io

import pytest

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import UserGroup
from bot.sandbox.state.faults import FaultKind
from bot.sandbox.state.ids import TEAM_ID
from store import people
from store.messages import cards
from tests.bot.sending import another_bot, send_all
from tests.harness_slack import Team

EVENTS = {"subteam_members_changed", "subteam_updated", "user_change"}
REASON = "The privacy text names no contact."


def group(team: Team) -> UserGroup:
    (found,) = team.workspace.usergroups.values()
    return found


async def deciding(team: Team) -> set[str]:
    """The handles of those who review now."""
    async with team.bot.db.snapshot() as session:
        roster = await people.roster(session, team.bot.policy)
    return {team.workspace.people[user].handle for user in roster.reviewers}


async def tick(team: Team) -> None:
    """What goes on by itself, until nothing more follows."""
    for _ in range(3):
        team.clock.move(seconds=12)
        await team.bot.jobs.refresh()
        await team.send_all()


async def without_carol(team: Team) -> None:
    """She leaves the group, and the bot has noticed."""
    team.workspace.change_usergroup(group(team), members=[team.bob])
    await tick(team)


async def says_no(team: Team, person: Person, number: int = 1) -> None:
    """They approve by the command, and are told that they cannot."""
    answer = await person.command(f"/mp-requests approve MP-{number}")
    assert "can" in team.said(answer)
    assert "approved" not in team.said(answer)


@pytest.mark.parametrize("gone", ["deleted", "disabled"])
async def test_a_group_that_is_not_there_any_more_has_no_reviewers(team: Team, gone: str) -> None:
    await team.submit()
    if gone == "deleted":
        team.workspace.usergroups.clear()
    else:
        team.workspace.disable_usergroup(group(team))
    await tick(team)

    assert await deciding(team) == set()
    await says_no(team, team.carol)
    async with another_bot(team) as restarted:
        await restarted.profiles.prepare()
        assert await deciding(team) == set()
    await team.approve(team.ada, "MP-1")
    await team.send_all()
    assert "This request is approved." in team.last(team.alice)


@pytest.mark.parametrize(
    ("trouble", "answer"),
    [("status", {"error": "missing_scope"}), ("status", {"status": 503}), ("drop_before", {})],
)
async def test_silence_keeps_a_group_for_a_day(
    team_once: Team, trouble: FaultKind, answer: dict[str, object]
) -> None:
    team_once.workspace.faults.add("usergroups.users.list", trouble, times=99, **answer)
    for hours, members in ((23, {"bob", "carol"}), (2, set[str]())):
        team_once.clock.move(hours=hours)
        await team_once.bot.jobs.refresh()
        assert await deciding(team_once) == members


async def test_who_leaves_a_group_loses_the_right_by_the_event_alone(team: Team) -> None:
    team.workspace.bot_events |= EVENTS
    await team.submit()
    team.workspace.faults.add("usergroups.users.list", "drop_before", times=99)
    event = {"type": "subteam_members_changed", "subteam_id": group(team).id, "team_id": TEAM_ID}
    await team.workspace.emit(event | {"removed_users": [team.carol.id]})

    assert await deciding(team) == {"bob"}
    await says_no(team, team.carol)


async def test_what_was_drawn_while_a_member_was_out_names_them_again(team: Team) -> None:
    team.workspace.bot_events |= EVENTS
    request = await team.submit()
    await tick(team)
    # An event that comes late: she is back by now.
    event = {"type": "subteam_members_changed", "subteam_id": group(team).id}
    await team.workspace.emit(event | {"team_id": TEAM_ID, "removed_users": [team.carol.id]})
    async with team.bot.db.transaction() as session:
        await cards.owe(session, [request.id], now=team.clock())
    await team.send_all()
    assert "Carol" not in team.words(team.card(team.alice, request))
    await tick(team)

    assert "Carol" in team.words(team.card(team.alice, request))


async def test_a_machine_that_slept_for_days_takes_nobodys_role(team: Team) -> None:
    await team.submit()
    await tick(team)
    team.clock.move(days=2)
    team.workspace.faults.add("usergroups.users.list", "delay", seconds=0.3)
    waking = asyncio.create_task(team.bot.jobs.refresh())
    await team.workspace.until(lambda: not team.workspace.faults.planned())
    assert await deciding(team) == {"bob", "carol"}, "while Slack is asked"
    await waking
    assert await deciding(team) == {"bob", "carol"}


@pytest.mark.parametrize(("count", "left"), [(1, {"bob"}), (501, {"bob", "carol"})])
async def test_a_list_that_slack_has_cut_takes_nobody_out(
    team_once: Team, count: int, left: set[str]
) -> None:
    team_once.workspace.bot_events |= EVENTS
    subteam = {"id": group(team_once).id, "date_delete": 0}
    subteam |= {"users": [team_once.bob.id], "user_count": count}
    await team_once.workspace.emit({"type": "subteam_updated", "subteam": subteam})
    assert await deciding(team_once) == left


async def test_who_leaves_slack_is_neither_reviewer_nor_waited_for(team: Team) -> None:
    team.workspace.bot_events |= EVENTS
    request = await team.submit()
    await team.bot.profiles.meet_deciders()
    team.carol.deleted = True
    await team.workspace.emit({"type": "user_change", "user": team.carol.to_slack()})
    await tick(team)

    assert await deciding(team) == {"bob"}
    receipt = team.words(team.card(team.alice, request))
    assert "is waiting for Bob Reyes." in receipt
    why = team.said(await team.alice.command("/mp-requests why MP-1"))
    assert "Who may decide\nBob Reyes, Ada Cruz" in why
    second = await team.submit(external_id="second", version="9.9.9")
    assert second.reviewers == (team.bob.id,)


async def test_of_whom_slack_knows_nothing_nobody_waits(team_once: Team) -> None:
    team_once.clock.move(days=2)
    del team_once.workspace.people[team_once.carol.id]
    await team_once.bot.jobs.refresh()
    async with team_once.bot.db.snapshot() as session:
        roster = await people.roster(session, team_once.bot.policy)
    assert roster.reviewers == {team_once.bob.id}


async def test_the_cards_of_a_former_reviewer_lose_their_buttons_and_learn_nothing_new(
    team: Team,
) -> None:
    request = await team.submit()
    card = team.card(team.carol, request)
    await without_carol(team)

    assert "Approve" not in team.words(card)
    assert "You are no longer a reviewer" in team.words(card)
    assert "Under Review" in team.words(card)
    for reader in (team.alice, team.bob):
        assert "Carol" not in team.words(team.card(reader, request))
    await team.reject(team.bob, team.card(team.bob, request), REASON)
    await team.send_all()

    assert REASON in team.words(team.card(team.alice, request))
    assert not any(REASON in team.words(message) for message in team.carol.sees())
    assert "MP-1" not in team.said(await team.carol.command("/mp-requests approvals"))
    assert "MP-1" not in team.said(await team.carol.command("/mp-requests list"))
    shown = team.said(await team.carol.command("/mp-requests show MP-1"))
    assert shown.startswith("There is no request MP-1 that you can open.")


async def test_a_former_reviewer_who_is_back_has_the_buttons_again(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.carol, request)
    await without_carol(team_once)
    both = [team_once.bob, team_once.carol]
    team_once.workspace.change_usergroup(group(team_once), members=both)
    await tick(team_once)

    assert "Approve" in team_once.words(card)
    assert "Carol" in team_once.words(team_once.card(team_once.alice, request))
    await team_once.carol.click(card, "request.approve")
    await team_once.send_all()
    assert "This request is approved." in team_once.words(card)


async def test_who_is_back_reads_how_it_ended_meanwhile(team: Team) -> None:
    request = await team.submit()
    card = team.card(team.carol, request)
    await without_carol(team)
    await team.reject(team.bob, team.card(team.bob, request), REASON)
    await team.send_all()
    assert "You are no longer a reviewer" in team.words(card)

    both = [team.bob, team.carol]
    team.workspace.change_usergroup(group(team), members=both)
    await tick(team)
    assert "Rejected by Bob Reyes" in team.words(card)
    assert REASON in team.words(card)


async def test_a_former_reviewer_sees_what_they_decided_and_no_more(team: Team) -> None:
    decided = await team.submit()
    await team.submit(external_id="other", version="9.9.9")
    await team.approve(team.carol, f"{decided.ref}")
    await team.send_all()
    await without_carol(team)

    for words in ("approvals status:approved", "list"):
        listed = team.said(await team.carol.command(f"/mp-requests {words}"))
        assert "Release Bills Pay 3.2.4" in listed
        assert "MP-2" not in listed
    assert (await team.carol.command("/mp-requests show MP-1")).view is not None


@pytest.mark.slow
async def test_a_former_reviewers_download_holds_what_they_decided(team: Team) -> None:
    decided = await team.submit()
    await team.submit(external_id="other", version="9.9.9")
    await team.approve(team.carol, f"{decided.ref}")
    await without_carol(team)

    assert await exported(team, team.carol) == ["MP-1"]
    assert await exported(team, team.bob) == ["MP-2", "MP-1"]


async def exported(team: Team, person: Person) -> list[str]:
    """The numbers in the file that this person asks for."""
    await person.command("/mp-requests export")
    await team.send_all()
    while await team.bot.export_loop.run_once():
        await team.send_all()
    *_, message = (message for message in person.sees() if message.files)
    raw = team.workspace.files.content(message.files[0]["id"])
    return [row["Request"] for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))]


async def test_who_lost_the_role_sees_it_in_home(team: Team) -> None:
    """Also who has no open request that they were asked about."""
    await team.submit()
    await team.carol.command("/mp-requests approve MP-1")
    await tick(team)
    await team.carol.open_home()
    await team.send_all()
    home = team.workspace.views.home(team.carol.id)
    assert home
    await team.carol.click(home, "home.tab.list")
    await team.send_all()
    assert "All requests" in at_home(team, team.carol)
    await without_carol(team)

    assert "All requests" not in at_home(team, team.carol)
    both = [team.bob, team.carol]
    team.workspace.change_usergroup(group(team), members=both)
    await tick(team)
    assert "All requests" in at_home(team, team.carol)


async def test_a_home_left_on_all_requests_is_redrawn_by_the_next_process(team_once: Team) -> None:
    await team_once.carol.open_home()
    await team_once.send_all()
    home = team_once.workspace.views.home(team_once.carol.id)
    assert home
    await team_once.carol.click(home, "home.tab.list")
    await team_once.send_all()
    team_once.workspace.change_usergroup(group(team_once), members=[team_once.bob])
    async with another_bot(team_once) as restarted:
        await restarted.profiles.refresh_groups()
        await restarted.jobs.follow_roles()
        await team_once.send_all()

    assert "All requests" not in at_home(team_once, team_once.carol)


def at_home(team: Team, person: Person) -> str:
    """What this person's Home shows."""
    return team.words(team.workspace.views.home(person.id))


async def test_a_channel_that_the_policy_names_no_more_learns_nothing_new(team: Team) -> None:
    request = await team.submit()
    card = team.card(team.ada, request, team.reviews)
    await tick(team)
    named = team.bot.policy
    team.bot.in_force.policy = named.model_copy(update={"channel": None})
    await tick(team)

    assert "Requests are no longer shown in this channel" in team.words(card)
    assert "Approve" not in team.words(card)
    team.bot.in_force.policy = named
    await tick(team)
    assert "Approve" in team.words(card)
    team.bot.in_force.policy = named.model_copy(update={"channel": "CELSEWHERE"})
    await team.reject(team.bob, team.card(team.bob, request), REASON)
    await tick(team)
    assert REASON in team.words(team.card(team.alice, request))
    assert not any(REASON in team.words(shown) for shown in team.ada.sees(team.reviews))


async def test_cards_in_a_channel_of_an_older_policy_are_redrawn_by_the_next_process(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are."""
    monkeypatch.setattr(cards, "_CHUNK", 1)
    team = team_once
    made = [await team.submit(external_id=name) for name in ("one", "two")]
    shown = [team.card(team.ada, request, team.reviews) for request in made]
    async with another_bot(team) as restarted:
        named = restarted.in_force.policy
        restarted.in_force.policy = named.model_copy(update={"channel": None})
        assert await restarted.jobs.follow_channels() == 2
        assert await restarted.jobs.follow_channels() == 0
        await send_all(restarted)

    assert all("no longer shown in this channel" in team.words(card) for card in shown)


async def test_a_reminder_that_was_owed_does_not_reach_a_former_reviewer(team_once: Team) -> None:
    await team_once.submit()
    team_once.clock.move(days=3)
    assert await team_once.bot.jobs.remind() == 2
    team_once.workspace.change_usergroup(group(team_once), members=[team_once.bob])
    await tick(team_once)

    assert "still waiting for you" in team_once.last(team_once.bob)
    assert "still waiting for you" not in team_once.last(team_once.carol)
