"""Who watches a request hears its outcome once; nobody else learns that they do."""

from store.domain.policy import Policy
from tests.harness_slack import Team

WATCHED = "👀 You watched MP-1:"


async def test_who_watches_hears_the_outcome_once(team: Team) -> None:
    request = await team.submit()
    said = team.said(await team.ada.command("/mp-requests watch MP-1"))
    assert said == (
        "👀 You are watching MP-1: you get a message once it is decided or withdrawn. "
        "/mp-requests unwatch MP-1 ends that."
    )
    await team.ada.command("/mp-requests watch MP-1")
    await team.carol.command("/mp-requests watch MP-1")
    shown = team.words((await team.ada.command("/mp-requests show MP-1")).view)
    assert "You are watching it." in shown
    others = team.words((await team.bob.command("/mp-requests show MP-1")).view)
    assert "You are watching it" not in others
    assert team.said(await team.carol.command("/mp-requests unwatch MP-1")) == (
        "You are not watching MP-1."
    )

    await team.reject(team.bob, team.card(team.bob, request), "Name a contact.")
    await team.send_all()
    told = [team.words(each) for each in team.ada.sees() if WATCHED in team.words(each)]
    assert len(told) == 1
    assert "⛔ Rejected by Bob Reyes" in told[0]
    assert "┃ Name a contact." in told[0]
    assert not any(WATCHED in team.words(each) for each in team.carol.sees())
    again = team.said(await team.ada.command("/mp-requests watch MP-1"))
    assert again.startswith("MP-1 was rejected by Bob Reyes")


async def test_a_watcher_of_what_is_withdrawn_and_who_may_not_watch(team_once: Team) -> None:
    team = team_once
    await team.submit()
    assert "There is no request MP-1" in team.said(
        await team.mallory.command("/mp-requests watch MP-1")
    )
    assert team.said(await team.alice.command("/mp-requests watch MP-1")) == (
        "You submitted MP-1, so you hear how it ends anyway."
    )
    await team.carol.command("/mp-requests watch MP-1")
    await team.alice.command("/mp-requests withdraw MP-1")
    await team.send_all()
    assert WATCHED in team.last(team.carol)
    assert sum("Withdrawn" in team.words(each) for each in team.carol.sees()) == 2, "card, word"


async def test_who_may_not_see_it_any_more_hears_nothing(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await team.ada.command("/mp-requests watch MP-1")
    team.bot.in_force.policy = Policy(reviewers=(team.bob.id,), burst=0)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    assert not any(WATCHED in team.words(each) for each in team.ada.sees())
