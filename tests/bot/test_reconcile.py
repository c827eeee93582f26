"""What nobody asks for is put right: cards left behind or deleted, reviewers who left."""

from sqlmodel import col, delete, update

from store.messages import cards
from store.tables import CardRow, OutboxRow
from tests.bot.sending import approve, calls, rows, seen
from tests.harness_slack import Team

EDIT = "chat.update"


async def forget_what_is_owed(team: Team) -> None:
    """As a restored backup or a mistake would."""
    async with team.bot.db.transaction() as session:
        await session.exec(delete(OutboxRow).where(col(OutboxRow.state) == "pending"))


async def test_a_card_left_behind_is_brought_up_to_date_once(team: Team) -> None:
    request = await team.submit()
    await approve(team, request.id)
    await forget_what_is_owed(team)

    assert [await cards.repair(team.bot.db, now=team.clock()) for _ in range(2)] == [4, 0]
    await team.send_all()
    assert all("This request is approved." in shown for shown in team.copies(request))
    assert await team.bot.jobs.reconcile_all() == 0


async def test_what_is_owed_already_or_was_given_up_is_left_alone(team: Team) -> None:
    request = await team.submit()
    await approve(team, request.id)
    async with team.bot.db.transaction() as session:
        mine = col(OutboxRow.recipient) == team.bob.id
        await session.exec(update(OutboxRow).where(mine).values(state="failed"))

    assert await team.bot.jobs.reconcile() == 0


async def test_only_the_newest_are_looked_at_every_few_minutes(team: Team) -> None:
    for name in ("first", "second", "third"):
        await team.store(external_id=name)
    await team.send_all()
    for request_id in (1, 2, 3):
        await approve(team, request_id)
    await forget_what_is_owed(team)

    assert await cards.repair(team.bot.db, now=team.clock(), most=2) == 8
    assert await cards.repair(team.bot.db, now=team.clock()) == 4


async def stale_click(team: Team) -> None:
    """Somebody's screen says another revision, so the copies are drawn again."""
    async with team.bot.db.transaction() as session:
        await session.exec(update(CardRow).values(shown_revision=0))
    await team.bot.jobs.reconcile()
    await team.send_all()


async def test_a_card_deleted_by_hand_is_posted_anew_once(team: Team) -> None:
    request = await team.submit()
    for copies in (1, 0):
        team.card(team.bob, request).deleted = True
        await stale_click(team)
        assert seen(team) == [copies, 1, 1, 1]

    edits = calls(team, EDIT)
    await approve(team, request.id)
    await team.send_all()
    assert seen(team) == [0, 1, 1, 2]
    assert calls(team, EDIT) == edits + 3


async def test_what_is_still_owed_of_a_card_that_is_gone_posts_nothing(team_once: Team) -> None:
    team = team_once
    request = await team.store()
    async with team.bot.db.transaction() as session:
        bobs = col(CardRow.recipient) == team.bob.id
        await session.exec(update(CardRow).where(bobs).values(deletions=cards.MOST_DELETIONS))
    await team.send_all()

    assert seen(team) == [0, 1, 1, 1]
    assert {row.state for row in (await rows(team)).values()} == {"sent"}, request.ref


async def test_a_card_deleted_after_the_decision_is_left(team: Team) -> None:
    request = await team.submit()
    team.card(team.bob, request).deleted = True
    await approve(team, request.id)
    await team.send_all()
    edits = calls(team, EDIT)
    await stale_click(team)

    assert seen(team)[0] == 0
    assert calls(team, EDIT) == edits + 3
    assert (await rows(team))[f"card:1:reviewer:{team.bob.id}"].last_error == "message_not_found"


async def test_a_reviewer_who_left_is_reported_once_and_others_decide(team: Team) -> None:
    request = await team.submit()
    team.workspace.deactivate(team.bob)
    team.clock.move(days=1, seconds=1)
    for _ in range(2):
        await team.bot.jobs.reconcile()
        await team.send_all()

    told = [team.words(m) for m in team.ada.sees() if "has left Slack" in team.words(m)]
    assert len(told) == 1
    assert f"Bob Reyes has left Slack, and this is still waiting for them: {request.ref}" in told[0]

    answer = await team.approve(team.ada, request.ref)
    assert answer.view is not None
    assert "This request is approved." in team.words(answer.view)
