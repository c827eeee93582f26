"""What one person sees each day, and the digests of everybody at once."""

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import col, delete

from blocks import home
from bot.outgoing.dispatcher import CONCURRENCY
from bot.outgoing.messages import Renderer
from bot.outgoing.slack_calls import Post
from bot.profiles import Profiles
from store import people
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy, PolicyInForce
from store.domain.request import Status
from store.engine.database import Database
from store.messages import homes, reminders
from store.messages.outbox import LEASE, Claimed, Kind
from store.tables import OutboxRow, SlotRow
from tests.bench.lists import APPROVALS, ASKER, MINE, Compared, compare
from tests.bench.places import POLICY, Bare, Place
from tests.bench.table import Line
from tests.bench.timing import by_turns

MORNING = datetime(2026, 11, 23, 3, tzinfo=UTC)
"""Monday 11:00 in Manila: everybody's digest has come due."""


async def everyday(few: Place, many: Place, *, rounds: int, times: int) -> list[Line]:
    """Home, `mine` and the digest of one person."""
    lists = await compare([MINE, APPROVALS], few, many, rounds=rounds, times=times)
    lines = [_person_line(many.database, one) for one in lists]
    async with few.store() as small, many.store() as large, many.bare() as bare:
        works: list[tuple[str, Callable[[Database], Awaitable[None]], Callable[..., Any]]] = [
            ("App Home", show_home, _bare_home),
            ("digest for one person", show_digest, _bare_digest),
        ]
        for name, ours, floor in works:
            taken = await by_turns(
                lambda ours=ours: ours(small),
                lambda ours=ours: ours(large),
                lambda floor=floor: floor(bare),
                rounds=rounds,
                times=times,
            )
            near, far, under = taken
            lines.append(Line(name, many.database, far, under, near, growth_aim=1.5))
    return lines


def _person_line(database: str, one: Compared) -> Line:
    return Line(f"`{one.case.name}`", database, one.ours, one.floor, one.small, growth_aim=1.5)


async def show_home(db: Database, policy: Policy = POLICY) -> None:
    """Home as it is drawn."""
    found = await homes.overview(db, ListQuery(Scope.MINE), asker=ASKER, policy=policy, now=MORNING)
    page, known = found.listing.page, found.listing.people
    view = home.build(home.Shown(found.query, page, known, found.tabs, found.counts), now=MORNING)
    assert view.blocks


async def _bare_home(bare: Bare) -> None:
    for status in Status:
        await bare.fetch(
            "SELECT count(*) FROM (SELECT 1 FROM request WHERE submitted_by = ? AND status = ? "
            "LIMIT 1001) AS found",
            (ASKER, status.value),
        )
    await bare.fetch(
        "SELECT * FROM request WHERE submitted_by = ? ORDER BY created_at DESC, id DESC LIMIT 11",
        (ASKER,),
    )


async def show_digest(db: Database, policy: Policy = POLICY) -> None:
    """As the sending loop makes it; everybody was met today, so that Slack is not asked."""
    in_force = PolicyInForce(policy)
    profiles = Profiles(db, AsyncWebClient(), in_force, _morning)
    await _render(Renderer(db, profiles, in_force, _morning), ASKER)


async def _render(renderer: Renderer, reviewer: str) -> None:
    owed = Claimed(
        id=0,
        key=f"digest:{reviewer}",
        kind=Kind.DIGEST,
        recipient=reviewer,
        lane=f"post:{reviewer}",
        request_id=None,
        data={"at": MORNING.isoformat(), "since": (MORNING - timedelta(days=1)).isoformat()},
        wanted=1,
        attempts=1,
        doubtful=False,
        created_at=MORNING,
        lease_until=MORNING + LEASE,
    )
    made = await renderer.render(owed)
    if isinstance(made, Post):
        json.dumps(made.message.payload())


def _morning() -> datetime:
    return MORNING


_WAITING = (
    "SELECT r.id, r.title, r.environment, r.category, r.submitted_by, r.created_at FROM assignment "
    "a JOIN request r ON r.id = a.request_id WHERE a.reviewer = ? AND a.waits "
    "AND a.status = 'under_review' ORDER BY a.created_at, a.request_id LIMIT 10"
)


async def _bare_digest(bare: Bare) -> None:
    await bare.fetch(_WAITING, (ASKER,))
    counted = "SELECT count(*) FROM assignment WHERE reviewer = ? AND waits AND "
    counted += "status = 'under_review'"
    await bare.fetch(counted, (ASKER,))


async def morning(many: Place, *, turns: int, reviewers: int) -> list[Line]:
    """Digests owed to every reviewer with something waiting and rendered, beside one SQL pass.

    Memory is looked at while the first few are rendered; what it costs would blur the times.
    """
    async with many.store() as db, many.bare() as bare:
        ours, floor = await by_turns(
            lambda: _everybody(db, reviewers), lambda: _pass(bare), rounds=turns
        )
        tracemalloc.start()
        await _everybody(db, reviewers // 20)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        await _forget(db)
    note = f"{many.count // 10:,} waiting; memory beyond the idle process"
    work = f"digest for {reviewers:,} reviewers"
    return [Line(work, many.database, ours, floor, aim=5, peak_mb=peak, note=note)]


async def _everybody(db: Database, count: int) -> None:
    """As the morning goes where there are so many reviewers: owe all, some hundred in a
    transaction, then render them, as many at any time as are in hand to be sent.
    """
    await _forget(db)
    async with db.snapshot() as session:
        everybody = sorted((await people.roster(session, POLICY)).reviewers)
    reviewers = everybody[:count]
    few = Policy(admins=POLICY.admins, reviewers=tuple(reviewers))
    policy = POLICY if reviewers == everybody else few
    owed = await reminders.owe_digests(db, policy, now=MORNING + timedelta(hours=1))
    assert owed > 0
    in_force = PolicyInForce(policy)
    renderer = Renderer(db, Profiles(db, AsyncWebClient(), in_force, _morning), in_force, _morning)
    for place in range(0, len(reviewers), CONCURRENCY):
        some = reviewers[place : place + CONCURRENCY]
        await asyncio.gather(*(_render(renderer, reviewer) for reviewer in some))


async def _forget(db: Database) -> None:
    async with db.transaction() as session:
        await session.exec(delete(SlotRow))
        await session.exec(delete(OutboxRow).where(col(OutboxRow.kind) == "digest"))


async def _pass(bare: Bare) -> None:
    """Every waiting row once, with what a digest shows of it."""
    rows = await bare.fetch(
        "SELECT a.reviewer, r.id, r.title, r.environment, r.category, r.submitted_by, p.name, "
        "r.created_at FROM assignment a JOIN request r ON r.id = a.request_id "
        "LEFT JOIN person p ON p.user_id = r.submitted_by "
        "WHERE a.waits AND a.status = 'under_review' "
        "ORDER BY a.reviewer, a.created_at, a.request_id"
    )
    assert rows
