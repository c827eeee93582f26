"""What a 429 of Slack speaks of: one conversation, or all calls of a method."""

from datetime import datetime

from store.messages import rate_limits
from store.messages.rate_limits import Method


class Limits:
    """Remembers which conversations were limited a moment ago.

    Slack limits chat.postMessage by conversation and as a whole, and its answer does not say which:
    only a second limited conversation tells that it is the whole. Other methods it limits as a
    whole.
    """

    def __init__(self) -> None:
        self._limited: dict[str, datetime] = {}

    def learn(self, lane: str, *, until: datetime, now: datetime) -> Method | None:
        """Slack limits this lane until then: the method it limits with it, if any."""
        method = rate_limits.method_of(lane)
        if method is not Method.POST:
            return method
        self._limited = {other: end for other, end in self._limited.items() if end > now}
        self._limited[lane] = until
        return method if len(self._limited) > 1 else None
