"""Short-lived permissions: triggers to open a view, addresses to answer at.

A trigger is good for one view within three seconds, by the workspace's clock and by the real
one, whichever is over first. A response URL is good for five answers within thirty minutes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.arguments import Refusal
from bot.sandbox.conversations import Message
from bot.sandbox.ids import secret
from bot.sandbox.views import View

TRIGGER_LIFE = timedelta(seconds=3)
TRIGGER_SECONDS = 3.0
"""The same by the real clock, for workspaces whose own stands still."""
RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5


@dataclass
class Trigger:
    """The right to show one view to a person; `view` is the modal it was earned in."""

    id: str
    user_id: str
    view: View | None
    at: datetime
    ticked: float
    used: bool = False


class Triggers:
    """The triggers given out lately."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._given: dict[str, Trigger] = {}

    def new(self, user_id: str, view: View | None = None) -> str:
        """Give out a trigger for something the person just did."""
        identity = f"{secret(12)}.{secret(12)}.{secret(32)}"
        trigger = Trigger(identity, user_id, view, self._now(), time.monotonic())
        self._given[identity] = trigger
        return identity

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger up: `invalid_`, `exchanged_` or `expired_trigger_id` if it is no good."""
        trigger = self._given.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        late = time.monotonic() - trigger.ticked > TRIGGER_SECONDS
        if late or self._now() - trigger.at > TRIGGER_LIFE:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger


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
