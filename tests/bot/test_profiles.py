"""Who people are and who holds a role: Slack's word, kept while Slack is away."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import UserGroup
from bot.sandbox.state.faults import FaultKind
from store import people
from store.requests import erase
from tests.harness_slack import Team

# More than once each: the HTTP client itself asks again where a GET was cut off.
TROUBLES: tuple[FaultKind, ...] = ("drop_before", "status")


def reviewers(team: Team) -> UserGroup:
    (group,) = team.workspace.usergroups.values()
    return group


async def deciding(team: Team) -> set[str]:
    """Who may review now, as the store has it."""
    async with team.bot.db.snapshot() as session:
        return set((await people.roster(session, team.bot.policy)).reviewers)


def ids(*found: Person) -> set[str]:
    return {person.id for person in found}


async def names(team: Team, of: Iterable[Person]) -> list[str]:
    known = await team.bot.profiles.people(ids(*of))
    return sorted(person.name for person in known.values())


def asked(team: Team, method: str) -> int:
    return sum(call.method == method for call in team.workspace.calls)


async def test_a_group_stands_for_its_members(team: Team) -> None:
    assert await deciding(team) == ids(team.bob, team.carol)


async def test_who_leaves_the_group_loses_the_role_at_the_next_refresh(team: Team) -> None:
    request = await team.submit()
    card = team.card(team.carol, request)
    team.workspace.change_usergroup(reviewers(team), members=[team.bob])
    await team.bot.jobs.refresh()
    await team.carol.click(card, "request.approve")
    await team.send_all()

    assert await deciding(team) == ids(team.bob)
    assert "Under Review" in team.words(team.card(team.alice, request))
    assert "can decide MP-1" in team.last(team.carol)


async def test_who_joins_the_group_gains_it(team_once: Team) -> None:
    everybody = (team_once.bob, team_once.carol, team_once.mallory)
    team_once.workspace.change_usergroup(reviewers(team_once), members=everybody)
    await team_once.bot.jobs.refresh()
    assert await deciding(team_once) == ids(*everybody)


async def test_a_group_that_cannot_be_read_keeps_its_members(team_once: Team) -> None:
    team_once.workspace.change_usergroup(reviewers(team_once), members=[])
    for trouble in TROUBLES:
        team_once.workspace.faults.add("usergroups.users.list", trouble, times=9)
        await team_once.bot.jobs.refresh()
        team_once.workspace.faults.clear()
        assert await deciding(team_once) == ids(team_once.bob, team_once.carol)

    await team_once.bot.jobs.refresh()
    assert await deciding(team_once) == set()


async def test_a_profile_is_believed_for_a_day(team_once: Team) -> None:
    assert await names(team_once, [team_once.alice]) == ["Alice Santos"]
    team_once.alice.real_name = "Alice Santos-Reyes"
    before = asked(team_once, "users.info")
    team_once.clock.move(hours=23)
    assert await names(team_once, [team_once.alice]) == ["Alice Santos"]
    assert asked(team_once, "users.info") == before

    team_once.clock.move(hours=2)
    assert await names(team_once, [team_once.alice]) == ["Alice Santos-Reyes"]


async def test_an_old_profile_is_better_than_none(team_once: Team) -> None:
    await names(team_once, [team_once.alice])
    team_once.clock.move(days=3)
    for trouble in TROUBLES:
        team_once.workspace.faults.add("users.info", trouble, times=9)
        assert await names(team_once, [team_once.alice]) == ["Alice Santos"]
        team_once.workspace.faults.clear()


async def test_whom_slack_does_not_tell_of_is_mentioned_by_id(team_once: Team) -> None:
    team_once.workspace.faults.add("users.info", "status", error="user_not_visible", times=9)
    request = await team_once.submit(by=team_once.mallory)

    assert f"<@{team_once.mallory.id}>" in team_once.card(team_once.bob, request).plain()


async def test_a_silent_slack_is_not_asked_for_everybody(team_once: Team) -> None:
    team_once.clock.move(days=2)
    team_once.workspace.faults.add("users.info", "drop_before", times=40)
    before = asked(team_once, "users.info")
    everybody = (team_once.alice, team_once.bob, team_once.carol, team_once.ada, team_once.mallory)
    await names(team_once, everybody)
    once = asked(team_once, "users.info") - before

    await team_once.bot.profiles.people(ids(team_once.alice))
    assert asked(team_once, "users.info") - before == 2 * once


async def test_an_address_is_asked_of_slack_once(team_once: Team) -> None:
    for _ in range(2):
        found = await team_once.bot.profiles.by_email("Mallory@Example.com")
        assert found is not None
        assert found.user_id == team_once.mallory.id
    assert asked(team_once, "users.lookupByEmail") == 1
    assert await team_once.bot.profiles.by_email("zoe@example.com") is None


async def test_an_address_is_asked_again_once_the_profile_is_a_day_old(team_once: Team) -> None:
    profiles, workspace = team_once.bot.profiles, team_once.workspace
    await profiles.by_email("bob@example.com")
    team_once.clock.move(hours=25)
    team_once.bob.email = "bob.reyes@example.com"
    team_once.mallory.email = "bob@example.com"

    found = await profiles.by_email("bob@example.com")

    assert found is not None
    assert found.user_id == team_once.mallory.id
    team_once.clock.move(hours=25)
    workspace.deactivate(team_once.mallory)
    assert await profiles.by_email("bob@example.com") is None


async def test_an_old_address_is_better_than_none_while_slack_is_silent(team_once: Team) -> None:
    await team_once.bot.profiles.by_email("bob@example.com")
    team_once.clock.move(days=2)
    for trouble in TROUBLES:
        team_once.workspace.faults.add("users.lookupByEmail", trouble, times=9)
        found = await team_once.bot.profiles.by_email("bob@example.com")
        assert found is not None
        assert found.user_id == team_once.bob.id
        team_once.workspace.faults.clear()
    team_once.workspace.faults.add("users.lookupByEmail", "status", status=429)
    with pytest.raises(SlackApiError):  # whoever asked may ask again
        await team_once.bot.profiles.by_email("bob@example.com")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus"])
async def test_who_names_no_time_zone_lives_in_the_teams(
    team_once: Team, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """`tz` is null in profiles that never set one; the digest came at night by UTC."""
    asked = Person.to_slack
    monkeypatch.setattr(Person, "to_slack", lambda self: asked(self) | {"tz": zone or None})
    team_once.clock.move(days=2)
    await team_once.bot.jobs.refresh()
    await team_once.submit()
    team_once.clock.set(datetime(2026, 11, 23, 0, 59, 59, tzinfo=UTC))  # 8:59:59 in Manila
    assert await team_once.bot.jobs.digest() == 0

    team_once.clock.move(seconds=1)
    assert await team_once.bot.jobs.digest() > 0
    await team_once.send_all()

    assert "Good morning" in team_once.last(team_once.bob)
    assert (await team_once.bot.profiles.zone(team_once.bob.id)).key == "Asia/Manila"


async def test_who_is_forgotten_is_never_asked_for_again(team_once: Team) -> None:
    team, dan = team_once, team_once.mallory
    assert await names(team, [dan])
    await erase.forget(team.bot.db, dan.id, now=team.clock())
    before = asked(team, "users.info")
    assert await names(team, [dan]) == []
    assert asked(team, "users.info") == before
