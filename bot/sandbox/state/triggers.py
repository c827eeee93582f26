"""Triggers: short-lived permissions to open a view.

A trigger is good for one view within three seconds, by the workspace's clock and by the real
one, whichever is over first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.state.ids import secret
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.views import View

TRIGGER_LIFE = timedelta(seconds=3)
TRIGGER_SECONDS = 3.0
"""The same by the real clock, for workspaces whose own stands still."""


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
