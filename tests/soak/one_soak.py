"""One soak from beginning to end: set up, faults while people act, drain, final check."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, or_, select

from bot import app
from bot.outgoing.messages import Renderer
from store.domain.request import Status
from store.engine.database import Database
from store.messages.cards import MOST_DELETIONS
from store.messages.rate_limits import PER_MINUTE, Method
from store.tables import CardRow, DeliveryRow, OutboxRow, OutboxState, RequestRow
from tests.soak import final_check
from tests.soak.bot_process import PACE
from tests.soak.expected_cards import ExpectedCards
from tests.soak.final_check import Findings
from tests.soak.outages import Outages
from tests.soak.people import Crowd
from tests.soak.platform import Platform, introduce
from tests.soak.platform_check import Heard
from tests.soak.platform_hook import PlatformHook, platform_hook
from tests.soak.workspace_and_bots import Setup, set_up

_STEP_SECONDS = 1.5
"""How far the clock is moved at each look of the drain: retries wait for minutes at most."""
_LOOK_SECONDS = 0.1
_A_MESSAGE_SECONDS = 0.1
"""How long a busy machine may take for one message, from its claim to its end."""
_SELDOMER = 4
"""The platform acts so much more seldom than a person: there are messages enough."""
_SLACK_SECONDS = 120
"""How long the rest may take: bots that start, retries that wait."""


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
    outage_pause: float = 4.0
    longest_delay: float = 12.0
    words: Path | None = None
    """Where what the bots say is kept; else it goes with the soak."""


async def soak(plan: Plan) -> Findings:
    """Play it; what was found."""
    chance = Random(plan.seed)
    setting_up = set_up(
        postgresql=plan.postgresql,
        bots=plan.bots,
        chance=chance,
        longest_delay=plan.longest_delay,
        words=plan.words,
    )
    async with setting_up as setup, platform_hook(setup.clock, chance, setup.counts) as hook:
        crowd = Crowd(setup, pause=plan.act_pause, least=plan.least)
        key = await introduce(setup, hook)
        platform = Platform(setup, hook, key, pause=_SELDOMER * plan.act_pause)
        await _acts_and_faults(setup, crowd, platform, hook, plan)
        async with app.build(setup.settings, clock=setup.clock) as bot:
            drained_at = await _drain(setup, bot.db)
            await setup.stop()
            record = await final_check.read(bot.db, bot.policy, drained_at=drained_at)
            renderer = Renderer(bot.db, bot.profiles, bot.in_force, setup.clock)
            expected = ExpectedCards(renderer, record.people, setup.clock())
            heard = Heard(platform.told, hook.arrived, hook.wrong)
            found = await final_check.check_all(setup, crowd.acknowledged, record, expected, heard)
        faults = setup.workspace.random_faults
        found.counts += setup.counts
        found.counts += Counter({f"fault {kind}": n for kind, n in faults.met.items()})
        found.counts["acknowledged"] = len(crowd.acknowledged)
        return found


async def _acts_and_faults(
    setup: Setup, crowd: Crowd, platform: Platform, hook: PlatformHook, plan: Plan
) -> None:
    outages = Outages(setup, pause=plan.outage_pause)
    over = asyncio.Event()
    setup.workspace.random_faults.active = True
    watching = asyncio.create_task(setup.workspace.waits.watch(over))
    await asyncio.gather(
        crowd.act(over),
        platform.act(over),
        outages.run(over),
        hook.have_outages(over, pause=plan.outage_pause),
        _enough(crowd, plan, over),
    )
    await watching
    setup.workspace.random_faults.active = False


async def _enough(crowd: Crowd, plan: Plan, over: asyncio.Event) -> None:
    await asyncio.sleep(plan.seconds)
    await crowd.enough.wait()
    over.set()


async def _drain(setup: Setup, db: Database) -> datetime | None:
    """Until nothing is owed: when that was, by the soak's clock. None where the time is up: the
    final check says what was left.

    The time follows from what is owed, from how fast Slack takes it, and from when the webhooks
    that failed are tried again.
    """
    setup.counts["seconds of faults"] = round(monotonic() - setup.began)
    await setup.workspace.all_landed()
    owed = await _owed(db)
    at_slacks_pace = owed * (PACE * 60 / PER_MINUTE[Method.EDIT]).total_seconds()
    faster = _STEP_SECONDS / _LOOK_SECONDS
    webhooks_wait = (await _last_webhook(db, setup.clock())).total_seconds()
    most = _SLACK_SECONDS + owed * _A_MESSAGE_SECONDS
    most += (2 * at_slacks_pace + webhooks_wait) / faster
    setup.counts["owed when the faults ended"] = owed
    started = monotonic()
    try:
        async with asyncio.timeout(most):
            looked_at = setup.clock()
            while await _owed(db):
                await setup.revive()
                setup.clock.move(seconds=_STEP_SECONDS)
                await asyncio.sleep(_LOOK_SECONDS)
                looked_at = setup.clock()
    except TimeoutError:
        setup.counts["drain given up"] += 1
        return None
    finally:
        setup.counts["seconds to drain"] = round(monotonic() - started)
    return looked_at


async def _owed(db: Database) -> int:
    """How many messages and webhooks wait or are under way, and how many cards are behind."""
    unsent = select(func.count()).where(col(OutboxRow.state).in_(["pending", "sending"]))
    behind = (
        select(func.count())
        .select_from(CardRow)
        .join(RequestRow)
        .where(CardRow.shown_revision < RequestRow.revision)
        .where(col(CardRow.deletions) < MOST_DELETIONS, col(CardRow.silent).is_(False))
        .where(or_(col(CardRow.ts).is_not(None), RequestRow.status == Status.UNDER_REVIEW.value))
    )
    unheard = select(func.count()).where(col(DeliveryRow.state) != OutboxState.SENT)
    try:
        async with db.snapshot() as session:
            return sum([(await session.exec(each)).one() for each in (unsent, behind, unheard)])
    except DBAPIError:  # the server may still be on its way back
        return 1


async def _last_webhook(db: Database, now: datetime) -> timedelta:
    """How long until the last of the webhooks that are owed is due."""
    unheard = select(func.max(DeliveryRow.due_at)).where(col(DeliveryRow.state) != OutboxState.SENT)
    try:
        async with db.snapshot() as session:
            return max((await session.exec(unheard)).one() or now, now) - now
    except DBAPIError:
        return timedelta()
