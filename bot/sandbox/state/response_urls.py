"""Response URLs: short-lived addresses at which the app answers a command or a click.

One is good for five answers within thirty minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.state.conversations import Message
from bot.sandbox.state.ids import secret
from bot.sandbox.state.refusal import Refusal

RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5


@dataclass
class ResponsePlace:
    """Where answers to one command or click go; `source` is the message clicked on."""

    channel: str
    user_id: str
    source: Message | None
    at: datetime
    uses: int = 0


class ResponseUrls:
    """The response URLs given out, by their secret."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._places: dict[str, ResponsePlace] = {}

    def new(self, channel: str, user_id: str, source: Message | None = None) -> str:
        """The path of a fresh response URL."""
        key = secret(40)
        self._places[key] = ResponsePlace(channel, user_id, source, self._now())
        return f"response/{key}"

    def claim(self, key: str) -> ResponsePlace:
        """Count one use: `expired_url` after thirty minutes, `used_url` after five answers."""
        place = self._places.get(key)
        if place is None or self._now() - place.at > RESPONSE_URL_LIFE:
            raise Refusal("expired_url")
        if place.uses >= RESPONSE_URL_USES:
            raise Refusal("used_url")
        place.uses += 1
        return place
