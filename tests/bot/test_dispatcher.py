"""Bad days between the outbox and Slack: every message arrives, once, saying what is so now."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import col, delete

from bot.outgoing import dispatcher
from bot.sandbox.state.ids import BOT_USER_ID
from store.domain.request import ReleaseStage
from store.engine.batching import Batches
from store.messages import cards, claim
from store.messages.outbox import LANDS_WITHIN, Claimed
from store.requests.release_stage import StageMove, move_stage
from store.tables import CardRow
from tests.bot.sending import SECOND, another_bot, approve, calls, rows, seen, send_all, states
from tests.bot.test_dispatcher_loop import SHORTEST_PAUSE
from tests.harness_slack import Team

POST, EDIT = "chat.postMessage", "chat.update"
ONE_EACH = [1, 1, 1, 1]


async def hold_back(team: Team, requests: int) -> None:
    """So many requests with nothing sent, but all of it due now."""
    team.workspace.faults.add(POST, "status", status=429, retry_after=60, times=4)
    for number in range(requests):
        await team.submit(external_id=f"held back {number}")
    team.clock.move(seconds=60)


async def rename(team: Team, old: str, new: str) -> None:
    """Take a table away, or bring it back."""
    async with team.bot.db.transaction() as session:
        await session.exec(text(f"ALTER TABLE {old} RENAME TO {new}"))  # type: ignore[call-overload]


async def test_a_card_whose_answer_was_lost_is_found_not_posted_twice(team: Team) -> None:
    team.workspace.faults.add(POST, "drop_after", times=4)
    request = await team.submit()
    assert seen(team) == ONE_EACH

    await approve(team, request.id)
    team.clock.move(seconds=2)
    await team.send_all()

    assert seen(team) == [1, 1, 1, 2], "alice's second message is the outcome"
    assert all("This request is approved." in shown for shown in team.copies(request))
    assert calls(team, POST) == 5


async def test_a_card_found_again_is_not_posted_when_its_edit_fails(team_once: Team) -> None:
    team = team_once
    team.workspace.faults.add(POST, "drop_after", times=4)
    await team.submit()
    team.workspace.faults.add(EDIT, "status", status=429, retry_after=5, times=4)
    for _ in range(3):
        team.clock.move(seconds=10)
        await team.send_all()

    assert seen(team) == ONE_EACH
    assert await states(team) == {"sent"}


async def test_an_edit_that_lands_after_the_next_one_is_drawn_over(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    card = team.card(team.bob, request)
    before = {"blocks": card.blocks, "text": card.text}
    team.workspace.faults.add(EDIT, "drop_before", times=4)
    await approve(team, request.id)
    await team.send_all()
    team.clock.move(seconds=2)
    await team.send_all()
    assert "This request is approved." in team.words(card)

    team.workspace.fill(card, before)  # what was given up on lands now
    assert "This request is approved." not in team.words(card)
    team.clock.move(seconds=LANDS_WITHIN.total_seconds())
    await team.send_all()
    assert "This request is approved." in team.words(card)
    assert await states(team) == {"sent"}
    edits = calls(team, EDIT)
    team.clock.move(minutes=10)
    await team.send_all()
    assert calls(team, EDIT) == edits, "once"


async def test_a_card_that_never_reached_slack_is_sent_once_later(team: Team) -> None:
    team.workspace.faults.add(POST, "drop_before", times=4)
    await team.submit()
    assert seen(team) == [0, 0, 0, 0]

    team.clock.move(seconds=2)
    await team.send_all()
    assert seen(team) == ONE_EACH


async def test_too_fast_rests_one_lane_and_nothing_else_waits(team: Team) -> None:
    team.workspace.faults.add(POST, "status", status=429, retry_after=30)
    await team.submit()
    await team.submit(external_id="another")
    team.clock.move(seconds=29)
    await team.send_all()
    assert sorted(seen(team)) == [0, 2, 2, 2]

    team.clock.move(seconds=1)
    await team.send_all()
    assert seen(team) == [2, 2, 2, 2]


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_passes(team_once: Team, status: int) -> None:
    team_once.workspace.faults.add(POST, "status", status=status, times=4)
    await team_once.submit()
    assert {row.last_error for row in (await rows(team_once)).values()} == {f"HTTP {status}"}

    team_once.clock.move(seconds=2)
    await team_once.send_all()
    assert seen(team_once) == ONE_EACH


async def test_a_channel_the_bot_is_not_in_is_given_up_and_an_admin_told_once(team: Team) -> None:
    team.reviews.members.remove(BOT_USER_ID)
    requests = [await team.submit(), await team.submit(external_id="another")]
    for _ in range(3):
        team.clock.move(hours=1)
        await team.send_all()

    for request in requests:
        card = (await rows(team))[f"card:{request.id}:channel:{team.reviews.id}"]
        assert card.state == "failed"
    (told,) = team.ada.sees()
    said = team.words(told)
    assert f"Slack takes nothing in #{team.reviews.id}: not_in_channel" in said
    assert "/invite @Mini Program Approvals" in said
    assert "the card of MP-1" in said
    assert "outbox retry --failed" in said


async def test_another_cause_at_the_same_place_is_told_too(team_once: Team) -> None:
    for cause in ("is_archived", "restricted_action"):
        team_once.workspace.faults.add(POST, "status", error=cause, times=4)
        await team_once.submit(external_id=cause)
    await team_once.send_all()

    said = "\n".join(team_once.words(message) for message in team_once.ada.sees())
    for cause in ("is_archived", "restricted_action"):
        assert said.count(f"for @{team_once.bob.real_name}: {cause}") == 1
        assert said.count(f"in #{team_once.reviews.id}: {cause}") == 1


@pytest.mark.parametrize(
    "fault", [{"error": "ekm_access_denied"}, {"status": 404}, {"status": 200}]
)
async def test_what_the_workspace_refuses_stays_owed_and_is_told_once(
    team: Team, fault: dict[str, Any]
) -> None:
    team.workspace.faults.add("*", "status", times=10_000, **fault)
    for number in range(2):
        await team.submit(external_id=f"refused {number}")
    for _ in range(4):
        team.clock.move(minutes=10)
        await team.send_all()
    assert await states(team) == {"pending"}
    asked = calls(team, POST) + calls(team, "conversations.history")
    assert asked <= 4 * len(await rows(team)) + 10, "asked seldom"

    team.workspace.faults.clear()
    team.clock.move(minutes=10)
    await team.send_all()

    assert seen(team) == [2, 2, 2, 2]
    team.clock.move(minutes=2)  # second copies are looked for
    await team.send_all()
    assert await states(team) == {"sent"}
    (told,) = team.ada.sees()
    assert "Slack has refused what this app sends" in team.words(told)
    assert "Nothing is lost" in team.words(told)


async def test_an_edit_of_a_deleted_card_is_quiet(team_once: Team) -> None:
    request = await team_once.submit()
    team_once.card(team_once.bob, request).deleted = True
    await approve(team_once, request.id)
    await team_once.send_all()

    (failed,) = [row for row in (await rows(team_once)).values() if row.state == "failed"]
    assert failed.last_error == "message_not_found"
    assert team_once.ada.sees() == []


async def test_a_decision_made_while_its_card_is_being_sent_is_sent_too(team: Team) -> None:
    team.workspace.faults.add(POST, "delay", seconds=0.3, times=4)
    submitting = asyncio.create_task(team.submit())
    await team.workspace.until(lambda: not team.workspace.faults.planned())
    await approve(team, 1)
    request = await submitting

    assert all("This request is approved." in shown for shown in team.copies(request))
    assert seen(team) == [1, 1, 1, 2]


async def test_many_owed_edits_of_a_card_become_one(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.carol, request)
    await approve(team_once, request.id)
    for _ in range(4):
        await team_once.carol.click(card.as_shown(), "request.approve")
    await team_once.send_all()

    edited = [c.args["ts"] for c in team_once.workspace.calls if c.method == EDIT]
    assert len(edited) == len(set(edited)) == 3, "and hers, by the response URL of her last click"


async def test_what_is_sent_is_the_state_at_that_moment(team_once: Team) -> None:
    team_once.workspace.faults.add(EDIT, "status", status=429, retry_after=9, times=4)
    request = await team_once.submit()
    await approve(team_once, request.id)
    await team_once.send_all()
    move = StageMove(request.id, team_once.alice.id, ReleaseStage.PILOT, team_once.clock())
    await move_stage(team_once.bot.db, move, team_once.bot.policy)
    team_once.clock.move(seconds=10)
    await team_once.send_all()

    assert all("Pilot Testing" in shown for shown in team_once.copies(request))
    assert calls(team_once, EDIT) == 8


async def test_a_card_whose_request_ended_before_it_was_posted_is_not_posted(team: Team) -> None:
    team.workspace.faults.add(POST, "status", status=429, retry_after=9, times=4)
    request = await team.submit()
    await approve(team, request.id)
    team.clock.move(seconds=10)
    await team.send_all()

    assert seen(team) == [0, 0, 0, 1], "only alice hears the outcome"
    assert await states(team) == {"sent"}
    assert await team.bot.jobs.reconcile_all() == 0


async def test_but_one_that_may_be_there_is_looked_for_and_brought_up_to_date(team: Team) -> None:
    team.workspace.faults.add(POST, "drop_after", times=2)
    team.workspace.faults.add(POST, "drop_before", times=2)
    team.bot.dispatcher.stop()
    request = await team.store()
    await team.bot.dispatcher.run_once()
    shown = [message for where in (team.bob, team.carol, team.alice) for message in where.sees()]
    await approve(team, request.id)
    team.clock.move(seconds=10)
    await team.send_all()

    assert sum(seen(team)) == 2 + 1, "two cards and the outcome"
    assert all("This request is approved." in team.words(message) for message in shown)


async def late_copies(team: Team, keys: dict[str, str]) -> None:
    """Slack works on what its sender has given up: the first copies land after the second."""
    for key, conversation in keys.items():
        payload = {"event_type": "mini_program_approvals", "event_payload": {"key": key}}
        await team.bot.client.chat_postMessage(channel=conversation, text="late", metadata=payload)


async def test_a_second_copy_that_comes_late_is_deleted_within_a_minute(team: Team) -> None:
    team.workspace.faults.add(POST, "drop_before", times=4)
    request = await team.submit()
    team.clock.move(seconds=2)
    await team.send_all()
    assert seen(team) == ONE_EACH
    for _ in range(2):
        late = {f"card:1:reviewer:{team.bob.id}": team.bob.id}
        late |= {f"card:1:channel:{team.reviews.id}": team.reviews.id}
        await late_copies(team, late)
        assert seen(team) == [2, 1, 2, 1]
        team.clock.move(seconds=59)
        await team.send_all()
        assert seen(team) == ONE_EACH
    assert all(request.ref in shown for shown in team.copies(request))


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_an_outcome_whose_answer_was_lost_is_told_once(team_once: Team, fault: str) -> None:
    request = await team_once.submit()
    team_once.workspace.faults.add(POST, fault)
    await approve(team_once, request.id)
    await team_once.send_all()
    team_once.clock.move(seconds=2)
    await team_once.send_all()
    assert seen(team_once) == [1, 1, 1, 2]


async def cut_off(team: Team, sent: Sequence[Claimed]) -> set[bool]:
    """End the process while it sends these; whether any may be in Slack."""
    slow = bool(team.workspace.faults.planned())
    team.bot.dispatcher.send(sent)
    if slow:
        await team.workspace.until(lambda: not team.workspace.faults.planned())
    running = asyncio.create_task(team.bot.dispatcher.run_once())
    # Once it and the sending have begun; no message is drawn by then.
    asyncio.get_running_loop().call_soon(running.cancel)
    await asyncio.wait([running])
    return {row.doubtful for row in (await rows(team)).values()}


async def test_a_post_cut_off_is_looked_for_and_one_not_begun_is_just_sent(team: Team) -> None:
    async def claimed() -> list[Claimed]:
        return await claim.claim_due(team.bot.db, owner="this process", now=team.clock())

    await team.store()
    assert await cut_off(team, await claimed()) == {False}
    team.workspace.faults.add(POST, "delay", seconds=30, times=4)
    assert await cut_off(team, await claimed()) == {True}
    assert await cut_off(team, await claimed()) == {True}, "nobody has looked yet"


async def test_what_was_never_doubtful_is_not_looked_for(team_once: Team) -> None:
    await team_once.submit()
    team_once.clock.move(minutes=2)
    await team_once.send_all()
    assert calls(team_once, "conversations.history") == 0


async def test_a_card_posted_anew_after_somebody_deleted_it_is_no_second_copy(team: Team) -> None:
    team.workspace.faults.add(POST, "drop_before", times=4)
    request = await team.submit()
    team.clock.move(seconds=2)
    await team.send_all()
    team.card(team.bob, request).deleted = True
    async with team.bot.db.transaction() as session:
        card = await cards.find(session, request.id, "reviewer", team.bob.id, now=team.clock())
        await cards.record_deleted(session, card, now=team.clock())
    await team.send_all()
    team.clock.move(seconds=100)
    await team.send_all()
    assert seen(team) == ONE_EACH


async def test_a_vote_whose_bot_died_before_sending_is_sent_after_the_restart(team: Team) -> None:
    request = await team.submit()
    await approve(team, request.id)

    async with another_bot(team) as restarted:
        await send_all(restarted)
    assert all("This request is approved." in shown for shown in team.copies(request))
    assert (seen(team), calls(team, EDIT)) == ([1, 1, 1, 2], 4)


async def test_an_answer_goes_before_the_queue_of_new_cards(team_once: Team) -> None:
    await hold_back(team_once, 4)
    await team_once.bot.dispatcher.run_once()
    card = team_once.ada.sees(team_once.reviews)[0]
    await team_once.mallory.click(card, "request.approve")
    await team_once.bot.dispatcher.run_once()

    team_once.mallory.message(containing="Only Bob Reyes", conversation=team_once.reviews)
    assert "pending" in await states(team_once)


async def test_two_replicas_together_post_once_a_second_and_conversation(team: Team) -> None:
    for number in range(3):
        await team.store(external_id=f"held back {number}")  # no 429: it would teach a slower pace
    async with another_bot(team, pace=SECOND) as one, another_bot(team, pace=SECOND) as two:
        for second in (1, 2, 3):
            await asyncio.gather(send_all(one), send_all(two))
            assert seen(team) == [second] * 4
            team.clock.move(seconds=1)


async def test_a_message_that_cannot_be_made_stops_no_other(team: Team) -> None:
    await hold_back(team, 1)
    async with team.bot.db.transaction() as session:
        await session.exec(delete(CardRow).where(col(CardRow.recipient) == team.bob.id))
    await team.send_all()

    assert seen(team) == [0, 1, 1, 1]
    broken = (await rows(team))[f"card:1:reviewer:{team.bob.id}"]
    assert (broken.state, broken.last_error) == ("pending", "could not be made")


async def test_the_loop_waits_calmly_behind_a_message_in_other_hands(team_once: Team) -> None:
    await hold_back(team_once, 2)
    now = team_once.clock()
    assert len(await claim.claim_due(team_once.bot.db, owner="another", now=now)) == 4
    looks: list[object] = []
    event.listen(team_once.bot.db.engine.sync_engine, "begin", looks.append)
    began = monotonic()
    loop = asyncio.create_task(team_once.bot.dispatcher.run())
    while not looks:
        await asyncio.wait([loop], timeout=0.01)
    await asyncio.wait([loop], timeout=0.5)
    team_once.bot.dispatcher.stop()
    await loop

    assert len(looks) <= 3 + (monotonic() - began) / SHORTEST_PAUSE


async def test_while_a_crowd_clicks_only_few_messages_are_taken_in_hand(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_back(team_once, 1)
    monkeypatch.setattr(Batches, "crowded", True)
    monkeypatch.setattr(dispatcher, "CROWD_CONCURRENCY", 2)
    before = calls(team_once, POST)
    await team_once.bot.dispatcher.turn()
    await team_once.bot.dispatcher.drain()
    assert calls(team_once, POST) - before == 2


async def test_what_was_made_too_slowly_is_left_to_whoever_claims_it_next(team: Team) -> None:
    await hold_back(team, 1)
    before = calls(team, POST)
    async with another_bot(team, clock=lambda: team.clock.move(seconds=26)) as slow:
        assert await slow.dispatcher.run_once() == 4
    assert calls(team, POST) == before

    team.clock.move(seconds=600)
    await team.send_all()
    assert seen(team) == ONE_EACH


async def test_a_message_of_a_newer_replicas_kind_is_left_to_it(team: Team) -> None:
    await hold_back(team, 1)
    async with team.bot.db.transaction() as session:
        newer = "UPDATE outbox SET kind = 'of a newer version' WHERE recipient = :bob"
        await session.exec(text(newer), params={"bob": team.bob.id})  # type: ignore[call-overload]
    await team.send_all()

    assert seen(team) == [0, 1, 1, 1]
    assert (await rows(team))[f"card:1:reviewer:{team.bob.id}"].state == "pending"


async def test_a_database_that_was_away_is_asked_again(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_back(team_once, 1)
    await rename(team_once, "outbox", "lost")
    failed = asyncio.Event()
    monkeypatch.setattr(dispatcher.log, "exception", lambda _: failed.set())
    loop = asyncio.create_task(team_once.bot.dispatcher.run())
    await failed.wait()
    await rename(team_once, "lost", "outbox")
    await team_once.workspace.until(lambda: seen(team_once) == ONE_EACH)
    team_once.bot.dispatcher.stop()
    await loop


@pytest.mark.parametrize("refusals", [1, 2])
async def test_a_card_slack_does_not_take_as_it_is_drawn_goes_more_plainly(
    team: Team, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    """Clipped, then without blocks: once decided, it shows no logo, and no button stays alive."""
    monkeypatch.setattr(dispatcher, "CONCURRENCY", 1)
    request = await team.submit()
    readers = ((team.bob, None), (team.carol, None), (team.ada, team.reviews))
    cards = [team.card(person, request, where) for person, where in readers]
    await approve(team, request.id)
    sent = 1
    while sent:
        team.workspace.faults.add(EDIT, "status", error="invalid_blocks", times=refusals)
        sent = await team.bot.dispatcher.run_once()
        team.workspace.faults.clear()

    assert await states(team) == {"sent"}
    for words in map(team.words, cards):
        assert "Approve ]" not in words
        assert "Release Bills Pay 3.2.4" in words
        assert ("/mp-requests show MP-1" in words) is (refusals == 2)
    assert team.ada.sees() == [], "nothing for the admins to mend"


async def test_what_slack_takes_in_no_way_is_given_up_and_told(team_once: Team) -> None:
    team_once.workspace.faults.add(POST, "status", error="invalid_blocks", times=16)
    await team_once.submit()
    await team_once.send_all()

    assert {row.last_error for row in (await rows(team_once)).values()} >= {"invalid_blocks"}
    assert "invalid_blocks" in team_once.last(team_once.ada)
