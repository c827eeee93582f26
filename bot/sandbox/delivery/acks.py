"""What the app answers to one payload, and how payloads are delivered."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Json = dict[str, Any]
PayloadKind = Literal["interactive", "slash_commands", "events_api"]


@dataclass(frozen=True)
class Retry:
    """Which repetition of an event this is (1 to 3) and why it is repeated."""

    number: int
    reason: str


@dataclass(frozen=True)
class Ack:
    """The app's answer; `reason` is Slack's word for what went wrong when `acked` is false."""

    acked: bool
    status: int | None = None
    body: Json | None = None
    took: float = 0.0
    reason: str = ""
    no_retry: bool = False


class Delivery(Protocol):
    """Signed HTTP or Socket Mode."""

    async def send(
        self, kind: PayloadKind, payload: Json, *, within: float, retry: Retry | None = None
    ) -> Ack:
        """Deliver once and wait at most `within` seconds for the answer."""
