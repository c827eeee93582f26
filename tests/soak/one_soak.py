"""One soak from beginning to end: set up, storm, calm, drain, reckoning."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from random import Random
from time import monotonic

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from bot import app
from bot.outgoing.messages import Renderer
from store.engine.database import Database
from store.messages.cards import MOST_DELETIONS
from store.tables import CardRow, OutboxRow, RequestRow
from tests.soak import final_check
from tests.soak.expected_cards import Redrawn
from tests.soak.final_check import Reckoning
from tests.soak.outages import Trouble
from tests.soak.people import Crowd
from tests.soak.workspace_and_bots import Stage, staged

DRAIN_SECONDS = 240
"""The longest a soak may take to send everything once the storm is over."""
_STEP_SECONDS = 1.5
"""How far the clock is moved at each look of the drain: retries wait for minutes at most."""


@dataclass(frozen=True)
class Plan:
    """How hard and how long; the same seed makes the same plans, if not the same moments.

    A machine too slow for `least` acknowledged acts in `seconds` takes longer.
    """

    seconds: float
    least: int
    postgresql: bool
    bots: int
    seed: int
    act_pause: float = 0.3
    trouble_pause: float = 4.0
    longest_delay: float = 12.0


async def soak(plan: Plan) -> Reckoning:
    """Play it; what was found."""
    chance = Random(plan.seed)
    staging = staged(
        postgresql=plan.postgresql,
        bots=plan.bots,
        chance=chance,
        longest_delay=plan.longest_delay,
    )
    async with staging as stage:
        crowd = Crowd(stage, pause=plan.act_pause, least=plan.least)
        await _storm(stage, crowd, Trouble(stage, pause=plan.trouble_pause), plan)
        async with app.build(stage.settings, clock=stage.clock) as bot:
            await _drain(stage, bot.db)
            await stage.stop()
            record = await final_check.read(bot.db, bot.policy)
            renderer = Renderer(bot.db, bot.directory, bot.policy, stage.clock)
            redrawn = Redrawn(renderer, stage.clock())
            found = await final_check.reckon(stage, crowd.deeds, record, redrawn)
        storm = stage.workspace.storm
        found.counts += stage.counts
        found.counts += Counter({f"fault {kind}": n for kind, n in storm.met.items()})
        found.counts["acknowledged"] = len(crowd.deeds)
        return found


async def _storm(stage: Stage, crowd: Crowd, trouble: Trouble, plan: Plan) -> None:
    over = asyncio.Event()
    stage.workspace.storm.raging = True
    await asyncio.gather(crowd.act(over), trouble.make(over), _enough(crowd, plan, over))
    stage.workspace.storm.raging = False


async def _enough(crowd: Crowd, plan: Plan, over: asyncio.Event) -> None:
    await asyncio.sleep(plan.seconds)
    await crowd.enough.wait()
    over.set()


async def _drain(stage: Stage, db: Database) -> None:
    """Until nothing is owed, or the time is up: the reckoning says what was left."""
    stage.counts["seconds of storm"] = round(monotonic() - stage.began)
    started = monotonic()
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while await _owed(db):
                await stage.revive()
                stage.clock.move(seconds=_STEP_SECONDS)
                await asyncio.sleep(0.1)
    except TimeoutError:
        stage.counts["drain given up"] += 1
    stage.counts["seconds to drain"] = round(monotonic() - started)


async def _owed(db: Database) -> int:
    """How many messages wait or are under way, and how many cards are behind."""
    unsent = select(func.count()).where(col(OutboxRow.state).in_(["pending", "sending"]))
    behind = (
        select(func.count())
        .select_from(CardRow)
        .join(RequestRow)
        .where(CardRow.shown_revision < RequestRow.revision)
        .where(col(CardRow.deletions) < MOST_DELETIONS)
    )
    try:
        async with db.snapshot() as session:
            return (await session.exec(unsent)).one() + (await session.exec(behind)).one()
    except DBAPIError:  # the server may still be on its way back
        return 1
