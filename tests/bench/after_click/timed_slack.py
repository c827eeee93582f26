"""The sandbox with a clock at hand: every call takes a while, and it notes what people get to see.

It runs in the process of the bench, so that a click and what becomes of it are on one clock.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.rates import Limiter, Rates
from bot.sandbox.workspace import Workspace
from tests.bench.after_click.decisions import CALL_SECONDS, Copy, Decision, Edit, Traffic

_ALWAYS = 10**9


class TimedSlack(Workspace):
    """Answers at once and without limits until `take_time()`, so that cards are posted quickly."""

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic()
        self._copies: dict[Copy, Decision] = {}
        self._submitters: dict[str, Decision] = {}
        self._fills = 0
        self._shown_by: dict[Copy, int] = {}

    def take_time(self) -> None:
        """From now on calls take CALL_SECONDS, Slack's limits hold, and traffic is counted."""
        self.faults.add("*", "delay", times=_ALWAYS, seconds=CALL_SECONDS)
        self.limiter = Limiter(Rates())
        self.traffic = Traffic()

    def watch(self, decision: Decision) -> None:
        """Note when its copies show the decision and when the submitter is told."""
        for copy in decision.copies:
            assert not decision.is_shown_by(self.message_at(copy)), "nobody has decided it yet"
            self._copies[copy] = decision
        if decision.submitter:
            self._submitters[decision.submitter] = decision

    def message_at(self, copy: Copy) -> Message:
        """The message there. LookupError where there is none."""
        channel, ts = copy
        return self.conversations[channel].messages[ts]

    def fill(self, message: Message, content: Mapping[str, Any]) -> None:
        """Whichever way a message is changed, by chat.update or by a response URL."""
        super().fill(message, content)
        self._fills += 1
        copy = message.channel, message.ts
        decision = self._copies.get(copy)
        if decision and copy not in decision.shown_at and decision.is_shown_by(message):
            decision.shown_at[copy] = monotonic()
            self._shown_by[copy] = self._fills

    def post(self, where: Conversation, content: Mapping[str, Any], **given: Any) -> Message:
        """A new message; in the submitter's conversation it may be the outcome."""
        message = super().post(where, content, **given)
        decision = self._submitters.get(where.id)
        if decision and decision.word in message.plain().casefold():
            decision.told_at = min(decision.told_at, monotonic())
        return message

    def record(self, method: str, args: dict[str, Any], response: dict[str, Any] | None) -> None:
        """A call as it was answered. Counted only: there are very many."""
        answer = response or {}
        self.traffic.calls[method] += 1
        if answer.get("error") == "ratelimited":
            self.traffic.limited[method] += 1
        if method == "chat.update" and answer.get("ok"):
            copy = str(args["channel"]), str(args["ts"])
            first = self._shown_by.get(copy) == self._fills
            self.traffic.edits.append(Edit(monotonic(), copy, first))
        self.changed()
