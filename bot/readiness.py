"""Whether the bot can do its work, as `/readyz` says it: tried, not remembered.

Answered within two seconds, whatever the store does. Who asks while a look is under way shares it,
so that nobody can make the store write by asking often.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.app import Bot
from bot.remarks import remarks_on
from store.engine import migrate
from store.messages import outbox_admin

ANSWER_SECONDS = 1.5
"""How long one look is waited for."""
FRESH_SECONDS = 1.0
"""How long a look is good for."""
SILENT_SECONDS = 60.0
"""A process that has not asked for messages for so long sends none: it asks every second."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found: the first `problem`, if there is one, and the figures."""

    problem: str | None
    figures: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """As JSON says it."""
        return {"status": self.problem or "ready", **self.figures}


class Readiness:
    """Looks at everything that can keep the bot from its work."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._look: asyncio.Task[Found] | None = None
        self._begun = 0.0

    async def look(self) -> Found:
        """What is so now, or that the store does not say within ANSWER_SECONDS.

        What the process knows of itself is asked each time.
        """
        now = asyncio.get_running_loop().time()
        stale = self._look is None or (
            self._look.done()
            and (now - self._begun > FRESH_SECONDS or bool(self._look.exception()))
        )
        if self._look is None or stale:
            self._begun, self._look = now, asyncio.create_task(self._tried())
        await asyncio.wait([self._look], timeout=ANSWER_SECONDS)
        if not self._look.done():
            return Found("the database does not answer", self._without_store())
        found = self._look.result()
        return Found(found.problem or self._problem(), found.figures | self._without_store())

    async def _tried(self) -> Found:
        """Read, write, and look at what is owed; the first that fails is the problem."""
        bot, figures = self._bot, self._without_store()
        try:
            current = await migrate.is_current(bot.db)
        except (SQLAlchemyError, OSError):
            return Found("the database does not answer", figures)
        if not current:
            problem = "the database schema is not current: run `mp-approvals migrate`"
            return Found(problem, figures)
        try:
            await bot.heartbeat.beat()
        except (SQLAlchemyError, OSError) as error:
            figures["store"] = {"takes_writes": False}
            why = type(getattr(error, "orig", None) or error).__name__
            return Found(f"the database takes no writes ({why})", figures)
        figures["store"] = {"takes_writes": True}
        now = bot.jobs.clock()
        async with bot.db.snapshot() as session:
            due = await outbox_admin.oldest_due(session)
        figures["outbox"] = {"oldest_due_seconds": (now - due).total_seconds() if due else None}
        if remarks := await remarks_on(bot):
            figures["remarks"] = remarks
        return Found(None, figures)

    def _without_store(self) -> dict[str, Any]:
        heard = self._bot.heard
        ago = heard.seconds_ago
        slack: dict[str, Any] = {
            "heard_seconds_ago": None if ago is None else round(ago, 1),
            "connections": len(heard.connections),
            "refused_signatures": heard.refused_signatures,
        }
        return {"slack": slack}

    def _problem(self) -> str | None:
        """What this process itself knows."""
        bot = self._bot
        if ended := [name for name, loop in bot.loops.items() if loop.done()]:
            return f"{' and '.join(ended)} has ended: look into the log and start the bot again"
        now = asyncio.get_running_loop().time()
        if "sending" in bot.loops and now - bot.dispatcher.polled_at > SILENT_SECONDS:
            return "the outbox was not asked for a minute: look into the log"
        by_socket = bot.settings.app_token() and not bot.settings.signing_secret()
        if by_socket and not bot.heard.connections:
            return "Slack is not connected by Socket Mode"
        return None
