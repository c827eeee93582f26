"""The latest payloads with the app's answers, for tests and for the page's inspector."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.delivery.acks import Ack, Delivery, Json, PayloadKind, Retry

KEPT = 200


@dataclass(frozen=True)
class Exchange:
    """One payload and the app's answer, in the order of the answers; `at` is the workspace's."""

    kind: PayloadKind
    payload: Json
    ack: Ack
    at: datetime


class Exchanges:
    """The last `KEPT` exchanges, the latest at the end."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.latest: deque[Exchange] = deque(maxlen=KEPT)

    def recording(self, delivery: Delivery) -> Delivery:
        """The same delivery, with each payload and its answer kept here."""
        return _Recording(self, delivery)


@dataclass(frozen=True)
class _Recording:
    exchanges: Exchanges
    delivery: Delivery

    async def send(
        self, kind: PayloadKind, payload: Json, *, within: float, retry: Retry | None = None
    ) -> Ack:
        at = self.exchanges.now()
        ack = await self.delivery.send(kind, payload, within=within, retry=retry)
        self.exchanges.latest.append(Exchange(kind, payload, ack, at))
        return ack
