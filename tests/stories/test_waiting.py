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


async def test_what_has_waited_long_by_day_is_reminded_of_once(team: Team) -> None:
    await team.submit()
    await team.submit(category=Category.LAUNCH)

    assert await remind(team, monday(2, 13)) == 0
    assert await remind(team, monday(2, 14)) == 2
    for later in range(3, 9):
        assert await remind(team, monday(later)) == 0

    for reviewer in (team.bob, team.carol):
        *_, reminder = reviewer.sees()
        shown = team.words(reminder)
        name = reviewer.real_name.split()[0]
        assert shown.startswith(f"⏰ {name}, 2 more requests are still waiting for you.")
        assert "🟠 Release Bills Pay 3.2.4 · Production · Alice Santos · 3 days" in shown
        assert "🟠 Launch Sari-Sari Stock" in shown
        assert len(reviewer.sees()) == 3
    assert await remind(team, monday(2, 14) + timedelta(days=1)) == 0, "the morning names it"


async def test_nobody_is_reminded_at_night_on_a_weekend_or_of_what_is_decided(
    team_once: Team,
) -> None:
    request = await team_once.submit()

    assert await remind(team_once, monday(2, 14) - timedelta(days=1)) == 0
    assert await remind(team_once, monday(14)) == 0
    await team_once.approve(team_once.bob, f"{request.ref}")
    assert await remind(team_once, monday(2, 14) + timedelta(days=1)) == 0


async def test_what_is_decided_before_the_reminder_goes_out_is_not_in_it(team_once: Team) -> None:
    first = await team_once.submit()
    second = await team_once.submit(category=Category.LAUNCH)
    team_once.clock.set(monday(2, 30))
    await team_once.bot.jobs.remind()
    await team_once.bot.jobs.digest()

    await team_once.approve(team_once.bob, f"{first.ref}")
    await team_once.send_all()

    *_, reminder, greeting = team_once.bob.sees()
    for team_at_slack in map(team_once.words, (reminder, greeting)):
        assert second.title in team_at_slack
        assert first.title not in team_at_slack


async def test_the_policy_says_after_how_many_hours(team_once: Team) -> None:
    hours = team_once.bot.policy.remind_after_hours
    await team_once.submit(created_at=(team_once.clock() - timedelta(hours=hours)).isoformat())

    assert await remind(team_once, team_once.clock()) == 2


async def test_the_digest_comes_in_each_reviewers_own_morning(team_once: Team) -> None:
    team_once.carol.tz = "Europe/Berlin"
    await team_once.submit()
    team_once.clock.set(monday(0, 30))
    await team_once.bot.jobs.refresh()

    assert await digest(team_once, monday(0, 59)) == 0
    assert await digest(team_once, monday(1)) == 1
    assert team_once.last(team_once.bob).startswith(
        "Good morning, Bob. 1 request is waiting for you\n"
    )
    assert "New since Friday\n🟠 Release Bills Pay 3.2.4" in team_once.last(team_once.bob)
    assert len(team_once.carol.sees()) == 1

    assert await digest(team_once, monday(7, 59)) == 0
    assert await digest(team_once, monday(8)) == 1
    assert team_once.last(team_once.carol).startswith("Good morning, Carol.")
    assert len(team_once.bob.sees()) == 2


async def strike(team: Team) -> None:
    """The tick that catches up on what was decided a while ago."""
    team.clock.move(minutes=2)
    await team.bot.jobs.redraw_neighbours()
    await team.send_all()


async def test_rows_of_todays_digest_that_were_decided_meanwhile_are_struck_through(
    team: Team,
) -> None:
    old = await team.submit(created_at="2026-11-17T08:00:00+08:00")
    young = await team.submit(category=Category.LAUNCH)
    other = await team.submit(category=Category.OFFLINE)
    await team.bot.jobs.redraw_neighbours()
    await digest(team, monday(1))
    await team.approve(team.carol, old.ref)
    await team.reject(team.bob, team.card(team.bob, young), "The privacy text names no contact.")
    await strike(team)
    for reviewer in (team.bob, team.carol):
        greeting = reviewer.message(containing="Good morning")
        shown = team.words(greeting)
        name = reviewer.real_name.split()[0]
        assert shown.startswith(f"Good morning, {name}. 1 request is waiting for you\n")
        assert f"🟠 {old.title} · approved by Carol Tan\n" in shown
        assert f"🟠 {young.title} · rejected by Bob Reyes\n" in shown
        assert all(f"|{each.title}>~" in f"{greeting.blocks}" for each in (old, young))
        assert f"{other.title} · Production · Alice Santos · 2 days" in shown
        assert shown.count("[ Review ]") == 1
        assert len([m for m in reviewer.sees() if "Good morning" in m.plain()]) == 1

    await team.alice.command(f"/mp-requests withdraw {other.ref}")
    await strike(team)
    shown = team.words(team.bob.message(containing="Good morning"))
    assert shown.startswith("Good morning, Bob. Nothing is waiting for your decision.")
    assert f"{other.title} · withdrawn by Alice Santos" in shown


async def test_yesterdays_digest_stays_as_it_was(team_once: Team) -> None:
    first = await team_once.submit()
    await team_once.bot.jobs.redraw_neighbours()
    await digest(team_once, monday(1))
    team_once.clock.set(monday(16, 1))  # a minute past midnight in Manila
    await team_once.approve(team_once.bob, first.ref)
    await strike(team_once)
    shown = team_once.words(team_once.bob.message(containing="Good morning"))
    assert f"🟠 {first.title} · Production" in shown


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


async def test_what_is_overdue_comes_first_and_the_buttons_of_a_digest_work(
    team_once: Team,
) -> None:
    young = await team_once.submit()
    team_once.clock.move(minutes=1)
    old = await team_once.submit(category=Category.LAUNCH, created_at="2026-11-17T08:00:00+08:00")
    done = await team_once.submit(category=Category.OFFLINE)
    await team_once.approve(team_once.carol, f"{done.ref}")
    await digest(team_once, monday(1))
    greeting = team_once.bob.sees()[-1]
    shown = team_once.words(greeting)
    assert "2 requests are waiting for you · 1 overdue" in shown
    overdue, new = shown.split("New since Friday")
    assert old.title in overdue
    assert "6 days" in overdue
    assert young.title in new

    for each in (old, young):
        card = team_once.card(team_once.bob, each)
        place = {"channel": card.channel, "message_ts": card.ts}
        link = (await team_once.bot.client.chat_getPermalink(**place))["permalink"]
        assert f"*<{link}|{each.title}>*" in str(greeting.blocks)

    opened = await team_once.bob.click(greeting, "request.review", value=f"{old.id}:1")
    assert opened.view is not None
    short = team_once.words(opened.view)
    assert old.title in short
    assert "▸[ Approve ]" in short
    await team_once.bob.close(opened.view)
    begun = await team_once.bob.click(greeting, "queue.start")
    assert begun.view is not None
    assert f"1 of 2\n{old.title}" in team_once.words(begun.view)
    await team_once.bob.close(begun.view)

    await team_once.bob.click(greeting, "list.approvals")
    await team_once.send_all()
    answer = team_once.last(team_once.bob)
    assert answer.startswith("My Approvals · 2 are waiting for you")
    assert "Good morning" in team_once.words(greeting)
