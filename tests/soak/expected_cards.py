"""Cards and questions as the store would have them drawn now, beside what stands on the screens."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.outgoing.messages import Renderer
from bot.outgoing.slack_calls import Edit, Post, Reply
from bot.sandbox.screen import text
from bot.sandbox.state.conversations import Message
from store.domain.request import People, Request
from store.messages.cards import MOST_DELETIONS
from store.messages.outbox import Claimed, Kind
from store.tables import CardRow

_MENTIONED = "\N{WORD JOINER}"
"""Marks a name that stands for a mention; in no name of the cast."""


def as_read(shown: Any, people: People) -> str:
    """The words as a person reads them: Slack shows a mention as the name.

    What is drawn while Slack does not tell of a profile mentions its person.
    """

    def name(user: str) -> str:
        return f"{_MENTIONED}{people[user].name}" if user in people else user

    return text(shown, names=name).replace(f"@{_MENTIONED}", "")


class ExpectedCards:
    """Draws every card, and every message that asks a submitter, once more."""

    def __init__(self, renderer: Renderer, people: People, now: datetime) -> None:
        self._renderer, self._people, self._now = renderer, people, now

    async def differences(
        self, cards: Iterable[CardRow], posted: Mapping[str, list[Message]]
    ) -> AsyncIterator[str]:
        """The copies on screen that do not say what the store says."""
        for card in cards:
            if card.deletions >= MOST_DELETIONS or card.silent:
                continue
            key = f"card:{card.request_id}:{card.audience}:{card.recipient}"
            drawn = await self._renderer.render(
                self._owed(
                    key, Kind.CARD, card.recipient, card.request_id, {"audience": card.audience}
                )
            )
            if drawn is None:
                continue  # its request had ended before it was ever posted
            assert isinstance(drawn, Post | Edit | Reply), "a card is posted, edited or replaced"
            wanted = as_read(drawn.message.payload(), self._people)
            for copy in posted.get(key, []):
                if copy.ts == card.ts and (shown := as_read(copy, self._people)) != wanted:
                    yield f"{key} shows another state:\n{shown}\ninstead of\n{wanted}"

    async def questions_behind(
        self, requests: Iterable[Request], posted: Mapping[str, list[Message]]
    ) -> AsyncIterator[str]:
        """The messages that ask a submitter and do not say what the store says."""
        for request in requests:
            for question in request.questions:
                key, data = f"question:{request.id}:{question.number}", {"number": question.number}
                for copy in posted.get(key, []):
                    owed = self._owed(key, Kind.QUESTION, request.submitted_by, request.id, data)
                    drawn = await self._renderer.render(owed)
                    assert isinstance(drawn, Edit), f"where {key} stands is not on record"
                    wanted = as_read(drawn.message.payload(), self._people)
                    if (shown := as_read(copy, self._people)) != wanted:
                        yield f"{key} shows another state:\n{shown}\ninstead of\n{wanted}"

    def _owed(
        self, key: str, kind: Kind, recipient: str, request_id: int, data: Mapping[str, Any]
    ) -> Claimed:
        return Claimed(
            id=0, key=key, kind=kind, recipient=recipient, lane="", data=data,
            request_id=request_id, wanted=1, attempts=1, doubtful=False,
            created_at=self._now, lease_until=self._now,
        )  # fmt: skip
