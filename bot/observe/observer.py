"""What happens in the running bot: each thing is counted, and written as one line of the log.

Figures carry no names: labels are words of ours, a handful each. Lines carry ids alone: requests,
people and conversations by their ids, and the id of the click that led to them.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from bot.observe.logs import say
from handlers.command_text import split
from handlers.commands import SUBCOMMANDS
from store.engine.causes import Cause, Outcome
from store.messages.outbox import Claimed, Kind
from store.webhooks import Delivery

log = logging.getLogger(__name__)

PREFIX = "mp_approvals"
LAG_SECONDS = 1.0
"""How often the lag of the event loop is looked at."""
_COMMIT = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 2.5)
_WAIT = (0.0005, 0.002, 0.01, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
_LAG = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_COMMANDS = {each.name for each in SUBCOMMANDS}
_KINDS = {
    "block_actions": "button",
    "view_submission": "form",
    "view_closed": "form",
    "event_callback": "event",
    "shortcut": "shortcut",
    "message_action": "shortcut",
}
"""What Slack calls a payload, and what we do; a command has no such word."""
_ACTS: dict[str, tuple[str | int, ...]] = {
    "button": ("actions", 0, "action_id"),
    "form": ("view", "callback_id"),
    "event": ("event", "type"),
    "shortcut": ("callback_id",),
}
"""Where the name of ours stands in each."""
_LONGEST_WORD = 80


class Observer:
    """Counts and writes down. `registry` has what a scrape reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._clicks = self._counter("clicks", "Payloads of Slack that were answered", "outcome")
        self._commit = self._histogram(
            "click_commit_seconds", "From a payload to the commit of what it asked for", _COMMIT
        )
        self._messages = self._counter(
            "messages", "Attempts to send a message that is owed to Slack", "kind", "outcome"
        )
        self._asked_to_wait = self._counter(
            "slack_waits", "Times that Slack asked for a pause (429)", "method"
        )
        self._asked_seconds = self._counter(
            "slack_wait_seconds", "Seconds of the pauses that Slack asked for", "method"
        )
        self._webhooks = self._counter("webhooks", "Attempts to send a webhook", "outcome")
        waits = self._histogram(
            "database_wait_seconds", "How long a transaction waited to begin", _WAIT, "access"
        )
        self._store_wait = {access: waits.labels(access) for access in ("read", "write")}
        self._lag = self._histogram(
            "loop_lag_seconds", "How much later than asked the event loop wakes a task", _LAG
        )
        # From 0 on, so that the first counts.
        self._by_outcome = {outcome: self._clicks.labels(outcome) for outcome in Outcome}
        self._by_kind_and_outcome: dict[tuple[Kind, str], Counter] = {}
        for outcome in ("taken", "again", "given_up"):
            self._webhooks.labels(outcome)

    def click(
        self, body: Mapping[str, Any], cause: Cause, seconds: float, committed: float | None
    ) -> None:
        """A payload has its answer. `committed`: after how many seconds its COMMIT was through."""
        outcome = cause.told or cause.outcome
        self._by_outcome[outcome].inc()
        if committed is not None:
            self._commit.observe(committed)
        kind, act = _act(body)
        say(
            log,
            "click",
            logging.WARNING if outcome.should_not_be else logging.INFO,
            id=cause.id,
            kind=kind,
            act=act,
            person=_word(body, "user", "id")
            or _word(body, "user_id")
            or _word(body, "event", "user"),
            request=_named(*cause.requests),
            outcome=outcome,
            why=cause.why,
            ms=_ms(seconds),
            commit_ms=None if committed is None else _ms(committed),
        )

    def message(
        self,
        message: Claimed,
        outcome: str,
        seconds: float,
        *,
        why: str | None = None,
        again_in: float | None = None,
        level: int = logging.INFO,
    ) -> None:
        """An attempt to send it has ended, so many seconds after it was claimed."""
        counter = self._by_kind_and_outcome.get((message.kind, outcome))
        if counter is None:
            counter = self._messages.labels(message.kind.value, outcome)
            self._by_kind_and_outcome[message.kind, outcome] = counter
        counter.inc()
        say(
            log,
            "message",
            level,
            id=message.cause,
            kind=message.kind.value,
            key=message.key,
            to=message.recipient,
            request=_named(message.request_id),
            outcome=outcome,
            why=why,
            attempt=message.attempts,
            ms=_ms(seconds),
            again_in=again_in and round(again_in, 1),
        )

    def slack_wait(self, method: str, seconds: float) -> None:
        """Slack asks for a pause of this method."""
        self._asked_to_wait.labels(method).inc()
        self._asked_seconds.labels(method).inc(seconds)

    def webhook(self, delivery: Delivery, outcome: str, answer: str, seconds: float) -> None:
        """An attempt to send a webhook has ended after so many seconds, with this answer."""
        self._webhooks.labels(outcome).inc()
        say(
            log,
            "webhook",
            id=delivery.cause,
            kind=delivery.event,
            request=_named(delivery.request_id),
            revision=delivery.revision,
            hook=delivery.hook_id,
            outcome=outcome,
            answer=answer,
            attempt=delivery.attempts,
            ms=_ms(seconds),
        )

    def store_wait(self, access: str, seconds: float) -> None:
        """A transaction has begun, or could not, after so many seconds."""
        self._store_wait[access].observe(seconds)

    async def run(self) -> None:
        """Look at the lag of the event loop until cancelled."""
        while True:
            began = perf_counter()
            await asyncio.sleep(LAG_SECONDS)
            self._lag.observe(max(0.0, perf_counter() - began - LAG_SECONDS))

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", what, labels, registry=self.registry)

    def _histogram(
        self, name: str, what: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        full = f"{PREFIX}_{name}"
        return Histogram(full, what, labels, buckets=buckets, registry=self.registry)


def _act(body: Mapping[str, Any]) -> tuple[str, str | None]:
    """What kind of payload it is, and which button, form or command of ours; never typed words."""
    kind = _KINDS.get(str(body.get("type")), "command" if "command" in body else "other")
    if kind == "command":
        word, _ = split(str(body.get("text") or ""))
        return kind, word if word in _COMMANDS else None
    return kind, _word(body, *_ACTS.get(kind, ("type",)))


def _word(payload: object, *path: str | int) -> str | None:
    """The word that stands there in a payload, whatever its shape is."""
    for step in path:
        try:
            payload = payload[step]  # type: ignore[index]
        except (LookupError, TypeError):
            return None
    return payload[:_LONGEST_WORD] if isinstance(payload, str) else None


def _named(*requests: int | None) -> str | None:
    return " ".join(f"MP-{each}" for each in requests if each) or None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
