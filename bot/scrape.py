"""`/metrics`: what was counted since the process began, and what is so now, for Prometheus.

What the store has to be asked is asked at the scrape, and only what the scrape wants: Prometheus
may name what it takes by `?name[]=…`, and then nothing else is computed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from bot.app import Bot
from bot.observe.observer import PREFIX
from bot.version import version
from store import figures
from store.messages import outbox_admin

ANSWER_SECONDS = 5.0
"""How long the store is waited for; Prometheus itself gives up after ten."""
STORE_ANSWERS = f"{PREFIX}_store_answers"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class _Question:
    """What the store is asked, and the figures its answer gives, each by name and meaning."""

    figures: Sequence[tuple[str, str]]
    ask: Callable[[AsyncSession, datetime], Awaitable[Sequence[float]]]


async def _oldest_due(session: AsyncSession, now: datetime) -> Sequence[float]:
    due = await outbox_admin.oldest_due(session)
    return [(now - due).total_seconds() if due else 0.0]


async def _waiting(session: AsyncSession, now: datetime) -> Sequence[float]:
    waiting = await figures.waiting(session, now=now)
    return [waiting.open, waiting.overdue]


_QUESTIONS = (
    _Question(
        [(f"{PREFIX}_oldest_due_message_seconds", "How long the oldest owed message has waited")],
        _oldest_due,
    ),
    _Question(
        [
            (f"{PREFIX}_requests_open", "Requests under review"),
            (f"{PREFIX}_requests_overdue", "Those of them that are overdue"),
        ],
        _waiting,
    ),
)


class Scrape:
    """Answers scrapes."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def answer(self, request: Request) -> Response:
        """All figures, or those that are asked for by `name[]`."""
        names = request.query_params.getlist("name[]")
        counted = self._bot.observer.registry
        now = _Families([*self._of_process(), *await self._of_store(names)])
        parts = [counted.restricted_registry(names) if names else counted, now.only(names)]
        text = b"".join(generate_latest(part) for part in parts)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def local(self, request: Request) -> Response:
        """The same for this machine alone; 404 for others, and for what comes by a proxy."""
        forwarded = any(name in request.headers for name in _FORWARDED)
        if forwarded or not _is_local(request):
            return Response(status_code=404)
        return await self.answer(request)

    def _of_process(self) -> Iterator[Metric]:
        """What the process knows of itself; without Socket Mode nothing has to be connected."""
        heard = self._bot.heard
        info = GaugeMetricFamily(f"{PREFIX}_info", "Always 1; the version", labels=["version"])
        info.add_metric([version()], 1)
        yield info
        if self._bot.settings.slack_app_token:
            yield GaugeMetricFamily(
                f"{PREFIX}_socket_connected",
                "Whether Slack is connected by Socket Mode",
                value=bool(heard.connections),
            )
        ago = heard.seconds_ago
        if ago is not None:
            name = f"{PREFIX}_slack_heard_seconds"
            yield GaugeMetricFamily(name, "How long ago anything came from Slack", value=ago)
        yield CounterMetricFamily(
            f"{PREFIX}_refused_signatures",
            "Requests that came without Slack's signature",
            value=heard.refused_signatures,
        )

    async def _of_store(self, names: Sequence[str]) -> list[Metric]:
        """What it says within ANSWER_SECONDS, and whether it does; asked for these names alone."""
        questions = [
            each for each in _QUESTIONS if not names or any(n in names for n, _ in each.figures)
        ]
        if not questions and STORE_ANSWERS not in names:
            return []
        found: list[Metric] = []
        answers, now = 1, self._bot.clock()
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._bot.db.snapshot() as session:
                for question in questions:
                    values = await question.ask(session, now)
                    for (name, what), value in zip(question.figures, values, strict=True):
                        found.append(GaugeMetricFamily(name, what, value=value))
        except (SQLAlchemyError, OSError):  # a timeout is an OSError
            answers, found = 0, []
        meaning = "Whether the store answered this scrape"
        return [*found, GaugeMetricFamily(STORE_ANSWERS, meaning, value=answers)]


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        """As they are."""
        return self._families

    def only(self, names: Sequence[str]) -> "_Families":
        """Those with samples of these names; all where there are none."""
        wanted = [
            family
            for family in self._families
            if not names or any(sample.name in names for sample in family.samples)
        ]
        return _Families(wanted)


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
