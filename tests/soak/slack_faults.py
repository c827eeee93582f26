"""A Slack on a bad day: calls fail at random, and when each post came and landed is kept.

A call that Slack still works on after its sender has given up lands late; the bot has to find and
delete what then stands twice.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from bot.sandbox.delivery.acks import Ack, Json, PayloadKind
from bot.sandbox.state.changes import Changes
from bot.sandbox.state.conversations import Message
from bot.sandbox.state.faults import Fault, FaultKind, Faults
from bot.sandbox.state.rates import TIERS, Limiter, RateLimited, Rates
from bot.sandbox.state.response_urls import ResponsePlace, ResponseUrls
from bot.sandbox.workspace import Workspace
from tests.soak.answers import Answers, Wait

_KINDS: tuple[FaultKind, ...] = ("drop_before", "drop_after", "delay", "status")


class CountedLimiter(Limiter):
    """Slack's own limits, on the clock of the soak and as much faster as its bots are."""

    def __init__(self, clock: Callable[[], datetime], pace: timedelta) -> None:
        faster = timedelta(seconds=1) / pace
        minute = {
            method: int(TIERS[method] * faster) for method in ("chat.update", "views.publish")
        }
        super().__init__(
            Rates(
                post_per_second=faster,
                workspace_posts_per_minute=int(300 * faster),
                per_minute=minute,
                clock=lambda: clock().timestamp(),
            )
        )
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def check(self, method: str, channel: str) -> None:
        """Count it, and whether it came too early."""
        self.calls[method] += 1
        try:
            super().check(method, channel)
        except RateLimited:
            self.refused[method] += 1
            raise


class RandomFaults(Faults):
    """Random faults while `active`, of the kinds that Slack's users know."""

    def __init__(self, chance: random.Random, *, likely: float, longest: float) -> None:
        super().__init__(Changes())
        self._chance, self._likely = chance, likely
        self.active = False
        self.longest = longest
        self.met: Counter[str] = Counter()

    def take(self, method: str) -> Fault | None:
        """Perhaps the call meets a fault."""
        if not self.active or self._chance.random() > self._likely:
            return None
        kind = self._chance.choice(_KINDS)
        seconds = self._chance.uniform(0.05, self.longest) if kind == "delay" else 0.0
        status = self._chance.choice((429, 500, 503)) if kind == "status" else 0
        self.met[f"{kind} {status or ''}".strip()] += 1
        return Fault(method, kind, 1, seconds, status, 1 if status == 429 else None, None)


class CountedUrls(ResponseUrls):
    """Response URLs, and how often one was answered again.

    Slack gives no way to look whether an answer is there, so a lost one is sent again.
    """

    again = 0

    def claim(self, key: str) -> ResponsePlace:
        """Count one use."""
        place = super().claim(key)
        self.again += place.uses > 1
        return place


class FaultyWorkspace(Workspace):
    """A workspace with random faults, and with Slack's limits."""

    def __init__(self, now: Callable[[], datetime], faults: RandomFaults, pace: timedelta) -> None:
        super().__init__(now=now)
        self.faults = self.random_faults = faults
        self.limiter = self.counted = CountedLimiter(now, pace)
        # Longer than Slack waits, for a busy machine; not for ever: a bot may leave it unanswered.
        self.ack_seconds = 10.0
        self.response_urls = self.answers = CountedUrls(now)
        self.waits = Answers()

    async def deliver(self, kind: PayloadKind, payload: Json) -> Ack:
        """Bring it to a bot, and note how long its person waited."""
        began = monotonic()
        ack = await super().deliver(kind, payload)
        acts = payload.get("actions") or [{}]
        what = payload.get("text") or acts[0].get("action_id") or payload.get("type") or kind
        self.waits.waits.append(Wait(str(what), began, monotonic(), ack.acked))
        return ack

    async def all_landed(self) -> None:
        """Until what was under way has come, however slow Slack was."""
        await asyncio.sleep(self.random_faults.longest)

    def deleted(self) -> set[str]:
        """The keys of messages that somebody deleted by hand."""
        return {
            _key(m) for c in self.conversations.values() for m in c.messages.values() if m.deleted
        }

    def told_privately(self, which: Callable[[Message], bool]) -> dict[str, list[datetime]]:
        """When each person was told something like that, only to them."""
        told: dict[str, list[datetime]] = {}
        for where in self.conversations.values():
            for message in where.messages.values():
                if message.ephemeral_to and which(message):
                    moment = datetime.fromtimestamp(float(message.ts), UTC)
                    told.setdefault(message.ephemeral_to, []).append(moment)
        return told

    def by_key(self) -> dict[str, list[Message]]:
        """Every message of the bot that stands, by the key in its metadata, oldest first."""
        found: dict[str, list[Message]] = {}
        for where in self.conversations.values():
            for message in where.messages.values():
                key = _key(message)
                if key and not message.deleted:
                    found.setdefault(key, []).append(message)
        return found


def _key(message: Message) -> str:
    """The outbox row it was sent for; empty for what people wrote and for answers to clicks."""
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))
