"""One decision as people see it, and what many of them show of the limits they share.

All moments are seconds of one monotonic clock; what never happened is infinitely late.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.sandbox.state.conversations import Message

CALL_SECONDS = 0.1
"""How long Slack takes for any call."""
EDITS_AT_ONCE, EDITS_A_MINUTE = 50, 50
"""Slack's limit of chat.update, workspace-wide: tier 3, a minute's worth of it at once."""

Copy = tuple[str, str]
"""A message: its conversation and its ts."""


@dataclass
class Decision:
    """A click that ends a review, on one copy of the request; `word` is what copies then say.

    `asks` are the buttons that only a waiting card has. `submitter` is the conversation in which
    the submitter hears the outcome, if anybody tells it.
    """

    word: str
    clicked: Copy
    copies: tuple[Copy, ...]
    asks: frozenset[str]
    submitter: str | None
    clicked_at: float = math.nan
    acked_at: float = math.inf
    shown_at: dict[Copy, float] = field(default_factory=dict)
    told_at: float = math.inf

    def is_shown_by(self, message: Message) -> bool:
        """Whether this message says so, and no longer asks."""
        blocks = json.dumps(message.blocks)
        waits = any(f'"{action}"' in blocks for action in self.asks)
        return not waits and self.word in message.plain().casefold()

    @property
    def is_complete(self) -> bool:
        """Whether everybody has seen it."""
        told = self.submitter is None or self.told_at < math.inf
        return told and len(self.shown_at) == len(self.copies)

    @property
    def ack(self) -> float:
        """Seconds from the click until the bot acknowledged it."""
        return self.acked_at - self.clicked_at

    @property
    def clicked_copy(self) -> float:
        """Seconds until the card that was clicked showed the decision."""
        return self.shown_at.get(self.clicked, math.inf) - self.clicked_at

    @property
    def last_copy(self) -> float:
        """Seconds until every copy of the request showed it."""
        return max(self.shown_at.get(copy, math.inf) for copy in self.copies) - self.clicked_at

    @property
    def outcome(self) -> float:
        """Seconds until the submitter was told."""
        return self.told_at - self.clicked_at


@dataclass(frozen=True, slots=True)
class Edit:
    """A chat.update that Slack took, answered `at`; `first` brought a copy its decision."""

    at: float
    copy: Copy
    first: bool


@dataclass
class Traffic:
    """What the bot asked of Slack while people clicked."""

    calls: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)
    edits: list[Edit] = field(default_factory=list)

    @property
    def limited_share(self) -> float:
        """How many of all calls were answered 429."""
        return self.limited.total() / self.calls.total() if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one bot; `until` is when we stopped looking.

    The first `warming_up` decisions are not timed: a process decides for the first time only once.
    """

    decisions: Sequence[Decision]
    traffic: Traffic
    until: float
    warming_up: int = 0

    @property
    def timed(self) -> Sequence[Decision]:
        """Those made by a process that has decided before."""
        return self.decisions[self.warming_up :]

    @property
    def overtaken(self) -> int:
        """Copies of decided requests that waited behind an edit of something else.

        That edit was begun after the decision was acknowledged, with one call's time in between
        for what was already under way, and ended before the copy showed the decision.
        """
        others = [edit.at for edit in self.traffic.edits if not edit.first]
        return sum(
            any(
                decision.acked_at + 2 * CALL_SECONDS < other < decision.shown_at.get(copy, math.inf)
                for other in others
            )
            for decision in self.decisions
            for copy in decision.copies
        )

    @property
    def used(self) -> float:
        """How well Slack's edits were used for copies of decided requests: 1 is without a gap.

        Beside a sender without a gap, who edits nothing else: the edits Slack takes until its last
        copy is shown, to those it takes until ours is. Where some never were: the copies that were
        shown, to those it would have shown until we stopped looking.
        """
        edited = {edit.copy for edit in self.traffic.edits if edit.first}
        needed = sorted(
            (decision.clicked_at, decision.shown_at.get(copy, math.inf))
            for decision in self.decisions
            for copy in decision.copies
            if copy in edited or copy not in decision.shown_at
        )
        if not needed:
            return 1.0
        begun, ideal = needed[0][0], [0.0]
        for number, (clicked, _) in enumerate(needed, start=1):
            allowed = (number - EDITS_AT_ONCE) * 60 / EDITS_A_MINUTE
            ideal.append(max(ideal[-1], clicked - begun, allowed))
        last = max(shown for _, shown in needed)
        if last < math.inf:
            return min(1.0, _taken(ideal[-1]) / _taken(last - begun - CALL_SECONDS))
        watched = self.until - begun - CALL_SECONDS
        return min(1.0, len(edited) / sum(at <= watched for at in ideal[1:]))


def _taken(seconds: float) -> float:
    """How many edits Slack takes within this time when none was made before."""
    return EDITS_AT_ONCE + seconds * EDITS_A_MINUTE / 60
