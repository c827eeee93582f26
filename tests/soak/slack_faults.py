"""A Slack on a bad day: calls fail at random, and when each post came and landed is kept.

A call that Slack still works on after its sender has given up cannot be taken back, so a duplicate
is excused exactly when nobody could have found the first copy before the second was sent.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from bot.sandbox.state.changes import Changes
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.faults import Fault, FaultKind, Faults
from bot.sandbox.state.ids import BOT_USER_ID
from bot.sandbox.state.response_urls import ResponsePlace, ResponseUrls
from bot.sandbox.workspace import Workspace

_KINDS: tuple[FaultKind, ...] = ("drop_before", "drop_after", "delay", "status")
_LOOK_SECONDS = 1.0
"""How long before a post its sender may have looked whether it is there already."""


class RandomFaults(Faults):
    """Random faults while `active`, of the kinds that Slack's users know."""

    def __init__(self, chance: random.Random, *, likely: float, longest: float) -> None:
        super().__init__(Changes())
        self._chance, self._likely, self._longest = chance, likely, longest
        self.active = False
        self.met: Counter[str] = Counter()
        self.arrived: WeakKeyDictionary[asyncio.Task[Any], float] = WeakKeyDictionary()

    def take(self, method: str) -> Fault | None:
        """Note when the call came; perhaps it meets a fault."""
        self.arrived[_task()] = time.monotonic()
        if not self.active or self._chance.random() > self._likely:
            return None
        kind = self._chance.choice(_KINDS)
        seconds = self._chance.uniform(0.05, self._longest) if kind == "delay" else 0.0
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
    """A workspace with random faults that remembers when each message came and when it stood."""

    def __init__(self, now: Callable[[], datetime], faults: RandomFaults) -> None:
        super().__init__(now=now)
        self.faults = self.random_faults = faults
        # Longer than Slack waits, for a busy machine; not for ever: a bot may leave it unanswered.
        self.ack_seconds = 10.0
        self.response_urls = self.answers = CountedUrls(now)
        self._spans: dict[int, tuple[float, float]] = {}

    def post(
        self,
        where: Conversation,
        content: Mapping[str, Any],
        *,
        user: str = BOT_USER_ID,
        ephemeral_to: str | None = None,
        files: Iterable[dict[str, Any]] = (),
    ) -> Message:
        """Post, and keep the span from the call's arrival to now."""
        message = super().post(where, content, user=user, ephemeral_to=ephemeral_to, files=files)
        landed = time.monotonic()
        self._spans[id(message)] = (self.random_faults.arrived.get(_task(), landed), landed)
        return message

    def deleted(self) -> set[str]:
        """The keys of messages that somebody deleted by hand."""
        return {
            _key(m) for c in self.conversations.values() for m in c.messages.values() if m.deleted
        }

    def by_key(self) -> dict[str, list[Message]]:
        """Every message of the bot that stands, by the key in its metadata, oldest first."""
        found: dict[str, list[Message]] = {}
        for where in self.conversations.values():
            for message in where.messages.values():
                key = _key(message)
                if key and not message.deleted:
                    found.setdefault(key, []).append(message)
        return found

    def excused(self, copies: Iterable[Message]) -> bool:
        """Whether each copy was still under way when the next one's sender looked for it."""
        return overlap(self._spans[id(message)] for message in copies)


def overlap(spans: Iterable[tuple[float, float]]) -> bool:
    """Whether each landed only after the sender of the next had looked; seconds from and to."""
    return all(landed > came - _LOOK_SECONDS for (_, landed), (came, _) in pairwise(sorted(spans)))


def _key(message: Message) -> str:
    """The outbox row it was sent for; empty for what people wrote and for answers to clicks."""
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None, "the workspace works in tasks"
    return task
