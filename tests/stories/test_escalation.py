"""Escalation, as those see it who are called and those who review."""

from store.domain.request import Request
from tests.harness_slack import Team


async def escalated(team: Team, to: str | None = None) -> Request:
    """A request that nobody has decided for four working hours."""
    named = team.bot.in_force.policy
    hours = {"escalate_after_hours": 4, "escalate_to": (to,) if to else None}
    team.bot.in_force.policy = named.model_copy(update=hours)
    request = await team.submit()
    team.clock.move(hours=4)
    assert await team.bot.jobs.escalate() == 1
    assert await team.bot.jobs.escalate() == 0
    await team.send_all()
    return request


async def test_who_is_called_gets_a_card_and_the_reviewers_see_who_was(team: Team) -> None:
    request = await escalated(team, team.mallory.id)

    card = team.mallory.sees()[-1]
    said = team.words(card)
    assert said.startswith("📣 You are called: nobody has decided this in 4 working hours.")
    assert "It is waiting for Bob Reyes or Carol Tan. Only they can decide it" in said
    assert "Created · Alice Santos · Nov 20, 2026" in said
    assert "[ Details ]" in said
    assert "Approve" not in said
    for reviewer in (team.bob, team.carol):
        shown = team.words(team.card(reviewer, request))
        assert "was called Nov 20, 2026" in shown
        assert "since nobody had decided it." in shown
        assert "Approve" in shown
    details = (await team.mallory.command(f"/mp-requests show {request.ref}")).view
    assert "Called" in team.words(details)
    assert "Release Bills Pay 3.2.4" in team.said(await team.mallory.command("/mp-requests list"))
    await team.mallory.open_home()
    team.clock.move(days=3)
    await team.bot.jobs.digest()
    await team.send_all()
    for shown in (team.last(team.mallory), team.words(team.mallory.home)):
        assert "You are called: nobody has decided these for long\n🟠 Release Bills Pay" in shown
    refused = team.said(await team.mallory.command(f"/mp-requests approve {request.ref}"))
    assert "can decide MP-1" in refused
    told = team.said(await team.bob.command(f"/mp-requests why {request.ref}"))
    assert " (called)" in told

    await team.approve(team.bob, request.ref)
    await team.send_all()
    assert "This request is approved." in team.words(card)
    assert "called" not in team.words(card)


async def test_an_admin_who_is_called_may_decide_from_that_card(team_once: Team) -> None:
    await escalated(team_once)
    card = team_once.ada.sees()[-1]
    assert "You can decide it too." in team_once.words(card)
    await team_once.ada.click(card, "request.approve")
    await team_once.send_all()
    assert "This request is approved. Ada Cruz" in team_once.words(card)


async def test_when_others_are_called_is_told_before(team_once: Team) -> None:
    named = team_once.bot.in_force.policy
    hours = {"escalate_after_hours": 4}
    team_once.bot.in_force.policy = named.model_copy(update=hours)
    request = await team_once.submit()
    told = team_once.said(await team_once.bob.command(f"/mp-requests why {request.ref}"))
    assert "If nobody has decided it by Nov 20, 2026" in told
