"""Cards beside a decided request: left alone by the decision, drawn again out of what is spare."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import update

from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.request import ReleaseStage, Request
from store.engine.database import Database
from store.messages import claim, outbox
from store.messages.outbox import Kind, Owed, Rank
from store.requests import neighbours, same_target
from store.requests.decide import Decision, decide
from store.requests.release_stage import StageMove, move_stage
from store.tables import CardRow, OutboxRow
from tests.cast import ALICE, BOB, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    outbox_rows,
    pending_keys,
    send_all,
    statements,
    submit,
    vote,
)

SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(minutes=5)


async def drawn(db: Database, at: datetime = NOW) -> None:
    """All cards are in Slack, as they read at that moment."""
    await send_all(db, now=at)
    async with db.transaction() as session:
        await session.exec(update(CardRow).values(channel="C1", ts="1.0", drawn_at=at))


async def tick(db: Database, now: datetime = LATER) -> int:
    return await neighbours.owe_out_of_date(db, pace=SECOND, now=now)


async def approve(db: Database, request: Request, at: datetime) -> None:
    answer = await decide(db, Decision(request.id, Act.APPROVE, BOB, at), POLICY)
    assert not isinstance(answer, Refused)


async def owed_of(db: Database, request: Request) -> set[int]:
    """The ranks of what is owed of this request now."""
    rows = (await outbox_rows(db)).values()
    return {row.rank for row in rows if row.request_id == request.id and row.state == "pending"}


async def test_a_decision_owes_nothing_of_its_neighbours_and_asks_nothing_about_them(
    db: Database,
) -> None:
    first, second = await submit(db), await submit(db)
    await drawn(db)
    with statements(db) as sent:
        accepted(await vote(db, first, BOB))
    assert await owed_of(db, second) == set()
    assert [text for text, *_ in sent if text.startswith("UPDATE request")]
    assert not [text for text, *_ in sent if "target_app" in text and "UPDATE" not in text]


async def test_a_stage_owes_nothing_of_its_neighbours_either(db: Database) -> None:
    first, second = await submit(db), await submit(db)
    accepted(await vote(db, first, BOB))
    await drawn(db)
    await move_stage(db, StageMove(first.id, ALICE, ReleaseStage.PILOT, NOW), POLICY)
    assert await owed_of(db, second) == set()


async def test_neighbours_are_drawn_again_later_and_last(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, second = await submit(db), await submit(db)
    other = await submit(db, environment="sandbox")
    await drawn(db)
    await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)

    assert await tick(db, NOW + 30 * SECOND) == 0, "a minute old at least"
    assert await tick(db) == 4
    assert (await owed_of(db, second), await owed_of(db, other)) == ({Rank.SPARE}, set())
    await drawn(db, LATER)
    assert await tick(db, LATER + timedelta(hours=1)) == 0, "each change is looked at once"


async def test_many_changes_are_looked_at_in_one_tick_and_in_short_transactions(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tick(db, NOW - timedelta(hours=1))
    programs = [{"id": f"{number}", "name": "Bills"} for number in range(5)]
    for program in programs:
        first, _waiting = [await submit(db, mini_program=program) for _ in range(2)]
        await drawn(db)
        await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)
    looked_at: list[int] = []
    walk = neighbours._walk

    async def counted(*asked: Any) -> Any:
        changes = await walk(*asked)
        looked_at.append(len(changes))
        return changes

    monkeypatch.setattr(neighbours, "_walk", counted)
    assert await tick(db) == 4 * len(programs)
    assert sum(looked_at) == len(programs)
    assert max(looked_at) == neighbours.CHANGES < len(programs)


async def test_what_was_drawn_since_is_not_drawn_again(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, _second = await submit(db), await submit(db)
    await drawn(db)
    await approve(db, first, NOW + SECOND)
    await drawn(db, NOW + 2 * SECOND)
    assert await tick(db) == 0


async def test_of_a_moved_release_the_neighbours_follow_too(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, second = await submit(db), await submit(db)
    accepted(await vote(db, first, BOB))
    await drawn(db)
    move = StageMove(first.id, ALICE, ReleaseStage.PILOT, NOW + SECOND)
    await move_stage(db, move, POLICY)
    await send_all(db, now=LATER)
    assert await tick(db) == 4
    assert await owed_of(db, second) == {Rank.SPARE}


async def test_of_a_crowded_target_only_the_newest_are_drawn_again(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, *rest = [await submit(db) for _ in range(same_target.REDRAWN + 3)]
    await drawn(db)
    await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)
    await tick(db)
    asked = [request for request in rest if await owed_of(db, request)]
    assert asked == rest[-same_target.REDRAWN :]


async def test_replicas_that_tick_together_owe_it_once(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, _second = await submit(db), await submit(db)
    await drawn(db)
    await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)
    assert sorted([await tick(db), await tick(db)]) == [0, 4]
    assert {row.wanted for row in (await outbox_rows(db)).values() if row.rank == Rank.SPARE} == {2}


async def edits(db: Database, count: int, rank: Rank = Rank.COPY) -> None:
    owed = [Owed(f"e{rank}{n}", Kind.DIGEST, BOB, f"edit:{rank}{n}", rank) for n in range(count)]
    async with db.transaction() as session:
        await outbox.owe(session, owed, now=NOW)


async def test_the_lowest_order_takes_only_the_half_that_nobody_uses(db: Database) -> None:
    await edits(db, 10)
    await edits(db, 60, Rank.SPARE)
    claimed = await claim.claim_due(db, owner="story", now=NOW, limit=100, pace=SECOND)
    spare = [found for found in claimed if found.key.startswith(f"e{Rank.SPARE.value}")]
    assert (len(claimed) - len(spare), len(claimed)) == (10, 24)
    assert await claim.claim_due(db, owner="story", now=NOW, pace=SECOND) == []
    await edits(db, 40)
    claimed = await claim.claim_due(db, owner="story", now=NOW, limit=100, pace=SECOND)
    assert len(claimed) == 24, "the other half is there at once for what somebody waits for"


async def test_no_neighbour_is_owed_while_less_than_half_is_unused(db: Database) -> None:
    await tick(db, NOW - timedelta(hours=1))
    first, _second = await submit(db), await submit(db)
    await drawn(db)
    await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)
    await edits(db, 30)
    async with db.transaction() as session:
        await session.exec(update(OutboxRow).values(due_at=LATER))
    assert len(await claim.claim_due(db, owner="story", now=LATER, limit=30, pace=SECOND)) == 30
    assert await tick(db, LATER) == 0
    assert await tick(db, LATER + timedelta(minutes=1)) == 4


async def test_who_opens_the_details_gets_a_card_that_says_the_same(db: Database) -> None:
    first, second = await submit(db), await submit(db)
    await drawn(db)
    await neighbours.owe_opened(db, second, reader=BOB, now=LATER)
    assert await pending_keys(db) == set()
    await approve(db, first, NOW + SECOND)
    await send_all(db, now=LATER)
    await neighbours.owe_opened(db, second, reader=BOB, now=LATER)
    assert await pending_keys(db) == {f"card:{second.id}:reviewer:{BOB}"}
