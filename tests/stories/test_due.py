"""What is due: on the card, in the details, in lists that are asked for it, in exports."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.exports.columns import columns
from store.domain.request import Category
from tests.harness_slack import Team


def in_hours(team: Team, hours: int) -> None:
    """Decisions are to be made within so many hours."""
    named = team.bot.in_force.policy
    team.bot.in_force.policy = named.model_copy(update={"target_hours": hours})


async def listed(team: Team, words: str) -> str:
    """What bob is answered."""
    answer = team.said(await team.bob.command(f"/mp-requests {words}"))
    await team.send_all()
    return answer


async def test_when_it_is_due_stands_on_the_card_in_lists_and_in_the_details(team: Team) -> None:
    plain = await team.submit()
    in_hours(team, 4)
    request = await team.submit(category=Category.LAUNCH)
    assert plain.due_at
    assert request.due_at == request.created_at + timedelta(hours=4)
    said = team.words({"text": f"<!date^{int(request.due_at.timestamp())}^{{time}}|?>"})

    assert f"due Nov 20, 2026 at {said}" in team.last(team.bob)
    assert "due" not in team.words(team.card(team.bob, plain))
    assert f"due Nov 20, 2026 at {said}" in await listed(team, "approvals")
    details = (await team.bob.command(f"/mp-requests show {request.ref}")).view
    assert "Due" in team.words(details)
    await team.approve(team.bob, request.ref)
    await team.send_all()
    assert not any("due" in shown for shown in team.copies(request))


async def test_within_a_week_it_is_said_with_its_weekday(team_once: Team) -> None:
    """From a Friday afternoon until Monday; what stays has the date too."""
    in_hours(team_once, 24)
    request = await team_once.submit()
    assert request.due_at
    said = team_once.words({"text": f"<!date^{int(request.due_at.timestamp())}^{{time}}|?>"})
    assert f"due Mon, Nov 23, 2026 at {said}" in team_once.last(team_once.bob)
    assert f"due Mon {said}" in await listed(team_once, "approvals")
    details = (await team_once.bob.command(f"/mp-requests show {request.ref}")).view
    assert f"Due\nMon {said}" in team_once.words(details)
    team_once.clock.move(days=3)
    assert f"due Mon {said}" not in await listed(team_once, "approvals")


async def test_what_is_overdue_is_asked_for_by_typing(team_once: Team) -> None:
    late = await team_once.submit()
    in_hours(team_once, 4)
    soon = await team_once.submit(category=Category.LAUNCH)
    assert "All requests · 0 overdue" not in await listed(team_once, "list due:overdue")
    assert "No request matches." in await listed(team_once, "list due:overdue")
    team_once.clock.move(hours=5)
    shown = await listed(team_once, "list due:overdue")
    assert "All requests · 1 overdue" in shown
    assert soon.ref in shown
    assert f"{late.ref} " not in shown
    assert "/mp-requests list status:under_review due:overdue" in shown
    ordered = await listed(team_once, "list sort:due")
    assert ordered.index(soon.ref) < ordered.index(f"{late.ref} ")
    assert "Only what is Under Review can be due." in await listed(
        team_once, "list sort:due status:approved"
    )


def test_an_export_says_when_it_was_due() -> None:
    assert "Due At (Asia/Manila)" in [each.title for each in columns(ZoneInfo("Asia/Manila"))]
