"""The composition root: settings in, a running bot out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_client
from bot.audit_key import AuditKey
from bot.checkpoints import Checkpoints
from bot.exports.loop import ExportLoop
from bot.exports.slack_files import Files
from bot.heartbeat import Heartbeat
from bot.incoming import bolt_app
from bot.incoming.bolt_app import Identity
from bot.incoming.heard import Heard
from bot.incoming.socket_mode import connected
from bot.observe.observer import Observer
from bot.outgoing.dispatcher import POST_INTERVAL, Dispatcher
from bot.outgoing.messages import Renderer
from bot.outgoing.sender import Sender
from bot.outgoing.settle import Settler
from bot.outgoing.slack_calls import SlackCalls
from bot.policy_file import PolicyFile
from bot.profiles import Profiles
from bot.schedule import scheduler
from bot.schedule.jobs import Jobs
from bot.schedule.scheduler import Schedule
from bot.settings import Settings
from bot.webhooks.loop import WebhookLoop
from handlers.deps import Deps
from store.domain.clock import Clock, utc_now
from store.domain.policy import Policy, PolicyInForce
from store.domain.workspace import Workspace
from store.engine import migrate
from store.engine.database import Database, Topic
from store.engine.server_clock import ServerClock

log = logging.getLogger(__name__)

STOP_SECONDS = 10
"""How long a stopping bot finishes what it is sending."""
GIVE_BACK_SECONDS = 5
"""How long it then takes to write down what it could not finish, if the store answers."""


@dataclass(frozen=True, slots=True)
class Bot:
    """The parts, wired. Tests use them one by one; `running` keeps them alive.

    `loops` are the tasks that run until the bot stops, by what they do.
    """

    settings: Settings
    in_force: PolicyInForce
    db: Database
    clock: Clock
    client: AsyncWebClient
    identity: Identity
    app: AsyncApp
    profiles: Profiles
    heartbeat: Heartbeat
    dispatcher: Dispatcher
    export_loop: ExportLoop
    webhook_loop: WebhookLoop
    jobs: Jobs
    policy_file: PolicyFile
    schedule: Schedule
    heard: Heard
    observer: Observer
    loops: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """The policy as it is at this moment."""
        return self.in_force.policy


@asynccontextmanager
async def build(
    settings: Settings, *, clock: Clock | None = None, post_interval: timedelta = POST_INTERVAL
) -> AsyncIterator[Bot]:
    """Wire the parts; nothing runs yet. SQLite is migrated here, PostgreSQL by `migrate`.

    Without a `clock` it is the one that all replicas share.
    """
    in_force = PolicyInForce(settings.policy())
    async with AsyncExitStack() as stack:
        db = Database(settings.database_url)
        stack.push_async_callback(db.dispose)
        if clock is None:
            clock = utc_now if db.is_sqlite else ServerClock()
        if db.is_sqlite:
            await migrate.upgrade(db)
        http = await stack.enter_async_context(slack_client.session())
        client = slack_client.client(settings, http)
        workspace = Workspace()
        identity = Identity(client, workspace)
        observer, heard = Observer(), Heard()
        db.waited = observer.store_wait
        profiles = Profiles(db, client, in_force, clock)
        renderer = Renderer(db, profiles, in_force, clock, workspace)
        settler = Settler(db, in_force, clock, post_interval, observer)
        sender = Sender(renderer, SlackCalls(client, http), settler, clock)
        dispatcher = Dispatcher(db, sender, clock, post_interval)
        export_loop = ExportLoop(db, Files(client, http), profiles, in_force, clock)
        db.listeners |= {
            Topic.OUTBOX: dispatcher.notify,
            Topic.AWAITED: dispatcher.notify_awaited,
            Topic.EXPORTS: export_loop.notify,
        }
        webhook_loop = WebhookLoop(db, in_force, clock, observer)
        db.listeners[Topic.WEBHOOKS] = webhook_loop.notify
        signing = _checkpoints(settings, db, http, clock)
        jobs = Jobs(db, profiles, in_force, clock, post_interval, signing)
        deps = Deps(db, in_force, clock, workspace)
        bolt = bolt_app.build(settings, identity, client, http, deps, observer)
        by_socket = bool(settings.slack_app_token)
        stack.push_async_callback(bolt.finish)
        yield Bot(
            settings=settings,
            in_force=in_force,
            db=db,
            clock=clock,
            client=client,
            identity=identity,
            app=bolt,
            profiles=profiles,
            heartbeat=Heartbeat(db, in_force, clock, heard, by_socket=by_socket),
            dispatcher=dispatcher,
            export_loop=export_loop,
            webhook_loop=webhook_loop,
            jobs=jobs,
            policy_file=PolicyFile(settings, in_force, db, profiles, clock),
            schedule=scheduler.build(jobs),
            heard=heard,
            observer=observer,
        )


def _checkpoints(
    settings: Settings, db: Database, http: aiohttp.ClientSession, clock: Clock
) -> Checkpoints | None:
    """None where there is no key. Raises SettingsError where it cannot be used."""
    if settings.audit_key_file is None:
        return None
    places = settings.audit_channel, settings.audit_file, settings.audit_webhook_url
    return Checkpoints(db, http, clock, AuditKey.read(settings.audit_key_file), *places)


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[None]:
    """Keep the bot alive: groups read, Socket Mode connected, ticks and dispatcher going."""
    if isinstance(bot.clock, ServerClock):
        await bot.clock.learn(bot.db)
    await bot.identity.learn()
    await bot.profiles.prepare()
    loops = {
        "sending": bot.dispatcher.run(),
        "making exports": bot.export_loop.run(),
        "sending webhooks": bot.webhook_loop.run(),
        "the heartbeat": bot.heartbeat.run(),
        "looking at the loop": bot.observer.run(),
        "reading the policy file": bot.policy_file.run(),
    }
    if not bot.db.is_sqlite:  # SQLite has no way to hear of other replicas, and no other machine
        loops["hearing PostgreSQL"] = _listen(bot)
    if isinstance(bot.clock, ServerClock):
        loops["keeping the server's time"] = bot.clock.keep(bot.db)
    bot.loops.update({name: asyncio.create_task(loop) for name, loop in loops.items()})
    bot.schedule.start()
    try:
        async with socket_mode(bot):
            try:
                yield
            finally:
                bot.dispatcher.stop()  # claims nothing new while Socket Mode closes
    finally:
        await bot.schedule.end(within=GIVE_BACK_SECONDS)
        await _end(bot.loops)


async def _end(loops: dict[str, asyncio.Task[None]]) -> None:
    """Cancel the loops; sending may finish its calls first. Each releases what it has claimed."""
    sending = loops["sending"]
    for loop in loops.values():
        if loop is not sending:
            loop.cancel()
    await asyncio.wait([sending], timeout=STOP_SECONDS)
    sending.cancel()
    await asyncio.wait(loops.values(), timeout=GIVE_BACK_SECONDS)
    loops.clear()


async def _listen(bot: Bot) -> None:
    from store.engine import pg_listen  # its driver is needed for PostgreSQL alone

    url = bot.settings.database_listen_url or bot.settings.database_url
    await pg_listen.listen(url, bot.db.listeners, own=bot.db.name)


@asynccontextmanager
async def socket_mode(bot: Bot) -> AsyncIterator[None]:
    """Slack's way in by Socket Mode, if the settings ask for it."""
    if token := bot.settings.app_token():
        async with connected(bot.app, token, bot.heard):
            yield
    else:
        yield
