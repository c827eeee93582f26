"""How fast Slack lets an app call it.

The numbers are Slack's documented floors: tier 1 is 1 a minute, tier 2 is 20, tier 3 is 50,
tier 4 is 100, each per method; posting is about one message a second for each channel with a
short burst. Real Slack often allows more; a bot that keeps to these is never limited.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.sandbox.state.refusal import Refusal

TIERS: Mapping[str, int] = {
    "apps.connections.open": 1,
    "bots.info": 50,
    "chat.delete": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.join": 50,
    "conversations.list": 20,
    "conversations.members": 100,
    "conversations.open": 50,
    "conversations.replies": 50,
    "files.completeUploadExternal": 100,
    "files.getUploadURLExternal": 100,
    "usergroups.list": 20,
    "usergroups.users.list": 20,
    "users.info": 100,
    "users.list": 20,
    "users.lookupByEmail": 50,
    "views.open": 100,
    "views.publish": 100,
    "views.push": 100,
    "views.update": 100,
}


@dataclass(frozen=True)
class Rates:
    """The limits in force: posts a second in one channel, calls a minute for each method."""

    post_per_second: float = 1.0
    post_burst: int = 3
    # Slack only says "several hundred messages per minute" for a whole workspace.
    workspace_posts_per_minute: int = 300
    per_minute: Mapping[str, int] = field(default_factory=lambda: TIERS)
    # A restart opens a few connections in a row; Slack lets those through despite tier 1.
    connection_burst: int = 10
    clock: Callable[[], float] = time.monotonic


class RateLimited(Refusal):
    """Too fast: `seconds` is what `Retry-After` says."""

    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


@dataclass
class _Bucket:
    """A token bucket: a call takes one token, and tokens come back steadily."""

    capacity: float
    per_second: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """Take a token; how many seconds to wait instead when none is left."""
        self.left = min(self.capacity, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.per_second


class Limiter:
    """Counts calls against the rates; no rates means no limits."""

    def __init__(self, rates: Rates | None) -> None:
        self._rates = rates
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def check(self, method: str, channel: str) -> None:
        """Count one call; RateLimited if it comes too early."""
        rates = self._rates
        if rates is None:
            return
        if method == "chat.postMessage":
            self._take(rates, (method, channel), rates.post_burst, rates.post_per_second)
            everywhere = rates.workspace_posts_per_minute
            self._take(rates, (method, ""), everywhere, everywhere / 60)
        elif per_minute := rates.per_minute.get(method):
            burst = rates.connection_burst if method == "apps.connections.open" else per_minute
            self._take(rates, (method, ""), burst, per_minute / 60)

    def _take(self, rates: Rates, key: tuple[str, str], capacity: float, per_second: float) -> None:
        now = rates.clock()
        fresh = _Bucket(capacity, per_second, capacity, now)
        wait = self._buckets.setdefault(key, fresh).wait(now)
        if wait:
            raise RateLimited(max(1, math.ceil(wait)))
