"""What waits too long: reminders on working days, and the digest each reviewer's own morning.

The stories begin on Friday, 20 November 2026, at 10:14 in Manila.
"""

from datetime import UTC, datetime, timedelta

from bot import app
from store.domain.request import Category
from tests.harness_slack import Team


def monday(hour: int, minute: int = 0) -> datetime:
    """The Monday after, by UTC; Manila is 8 hours ahead, Berlin one."""
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


async def remind(team: Team, at: datetime) -> int:
    """The tick of that moment, and what it owes sent; how many were newly owed."""
    team.clock.set(at)
    owed = await team.bot.jobs.remind()
    await team.send_all()
    return owed


async def digest(team: Team, at: datetime) -> int:
    """The same for the digest."""
    team.clock.set(at)
    owed = await team.bot.jobs.digest()
    await team.send_all()
    return owed


async def test_after_a_working_day_each_reviewer_is_reminded_once_of_all(team: Team) -> None:
    first = await team.submit()
    await team.submit(category=Category.LAUNCH)

    assert await remind(team, monday(2, 13)) == 0
    assert await remind(team, monday(2, 14)) == 2
    for later in range(3, 9):
        assert await remind(team, monday(later)) == 0

    for reviewer in (team.bob, team.carol):
        *_, reminder = reviewer.sees()
        shown = team.words(reminder)
        assert shown.startswith(f"⏰ {reviewer.real_name}, a reminder: 2 requests wait for you")
        assert "the oldest for 3 days" in shown
        assert f"🟠 {first.ref} Release Bills Pay 3.2.4" in shown
        assert "MP-2" in shown
        assert len(reviewer.sees()) == 3
    assert await remind(team, monday(2, 14) + timedelta(days=1)) == 2


async def test_nobody_is_reminded_at_night_on_a_weekend_or_of_what_is_decided(
    team_once: Team,
) -> None:
    request = await team_once.submit()

    assert await remind(team_once, monday(2, 14) - timedelta(days=1)) == 0
    assert await remind(team_once, monday(14)) == 0
    await team_once.bob.command(f"/mp-requests approve {request.ref}")
    assert await remind(team_once, monday(2, 14) + timedelta(days=1)) == 0


async def test_what_is_decided_before_the_reminder_goes_out_is_not_in_it(team_once: Team) -> None:
    first = await team_once.submit()
    second = await team_once.submit(category=Category.LAUNCH)
    team_once.clock.set(monday(2, 30))
    await team_once.bot.jobs.remind()
    await team_once.bot.jobs.digest()

    await team_once.bob.command(f"/mp-requests approve {first.ref}")
    await team_once.send_all()

    *_, reminder, greeting = team_once.bob.sees()
    for team_at_slack in map(team_once.words, (reminder, greeting)):
        assert second.ref in team_at_slack
        assert first.ref not in team_at_slack


async def test_the_policy_says_after_how_many_hours(team_once: Team) -> None:
    hours = team_once.bot.policy.remind_after_hours
    await team_once.submit(created_at=(team_once.clock() - timedelta(hours=hours)).isoformat())

    assert await remind(team_once, team_once.clock()) == 2


async def test_the_digest_comes_in_each_reviewers_own_morning(team_once: Team) -> None:
    team_once.carol.tz = "Europe/Berlin"
    request = await team_once.submit()
    team_once.clock.set(monday(0, 30))
    await team_once.bot.jobs.refresh()

    assert await digest(team_once, monday(0, 59)) == 0
    assert await digest(team_once, monday(1)) == 1
    assert team_once.last(team_once.bob).startswith(
        "Good morning, Bob Reyes. 1 request has waited for you for 2 days."
    )
    assert f"🟠 {request.ref} Release Bills Pay 3.2.4" in team_once.last(team_once.bob)
    assert len(team_once.carol.sees()) == 1

    assert await digest(team_once, monday(7, 59)) == 0
    assert await digest(team_once, monday(8)) == 1
    assert team_once.last(team_once.carol).startswith("Good morning, Carol Tan.")
    assert len(team_once.bob.sees()) == 2


async def test_one_digest_a_day_whatever_restarts_and_replicas_do(team: Team) -> None:
    await team.submit()
    team.clock.set(monday(1))

    replica = app.build(team.bot.settings, clock=team.clock, post_interval=timedelta())
    async with replica as other:
        owed = [await bot.jobs.digest() for bot in (team.bot, other, team.bot, other)]
        while await other.dispatcher.run_once():
            pass
        await team.send_all()

    assert owed == [2, 0, 0, 0]
    for reviewer in (team.bob, team.carol):
        assert len([m for m in reviewer.sees() if m.text.startswith("Good morning")]) == 1


async def test_the_digest_is_silent_when_nothing_waits(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.alice.command(f"/mp-requests withdraw {request.ref}")

    assert await digest(team_once, monday(1)) == 0
    assert await digest(team_once, monday(1) - timedelta(days=1)) == 0


async def test_the_oldest_comes_first_and_the_buttons_of_a_digest_work(team_once: Team) -> None:
    young = await team_once.submit()
    team_once.clock.move(minutes=1)
    old = await team_once.submit(category=Category.LAUNCH, created_at="2026-11-17T08:00:00+08:00")
    done = await team_once.submit(category=Category.OFFLINE)
    await team_once.carol.command(f"/mp-requests approve {done.ref}")
    await digest(team_once, monday(1))
    greeting = team_once.bob.sees()[-1]
    shown = team_once.words(greeting)
    assert shown.index(old.ref) < shown.index(young.ref)
    assert "6 days" in shown

    opened = await team_once.bob.click(greeting, "request.details", value=f"{old.id}:1")
    assert opened.view is not None
    assert opened.view.title == old.ref
    await team_once.bob.close(opened.view)

    await team_once.bob.click(greeting, "list.approvals")
    await team_once.send_all()
    answer = team_once.last(team_once.bob)
    assert answer.startswith("My Approvals · 2 requests, 2 Under Review")
    assert "Good morning" in team_once.words(greeting)
