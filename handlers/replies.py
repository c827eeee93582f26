"""Replies in the thread of a question answer it, like the form behind *Answer*.

Only a thread is ours whose first message asks a question, by the channel and ts that are on record.
Slack delivers an event again whose answer it has missed: a reply counts once, by its own ts. It is
left to Slack to deliver one again while a question may stand there and nobody knows where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from handlers.deps import Deps
from store import questions
from store.domain.access import Refused
from store.domain.questions import TEXT_LIMIT, NotTaken, Question
from store.domain.typed_text import seen, tidy
from store.messages import outbox, slots
from store.messages.outbox import Kind, Owed
from store.requests import ask as asking

_REPLIES = {None, "file_share", "thread_broadcast"}
"""The subtypes of a message that somebody writes in a thread."""
_EDIT = "message_changed"
_NAMED = ("thread_ts", "ts", "user")


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wrote in a thread, or what they made of it; `edited` is when they edited it, by
    Slack's clock, in seconds.
    """

    channel: str
    thread_ts: str
    ts: str
    user: str
    text: str
    has_files: bool
    edited: float | None

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Self | None:
        """From a message event; None for what is no reply of a person in direct messages."""
        subtype = event.get("subtype")
        message = event.get("message") if subtype == _EDIT else event
        is_ours = event.get("channel_type") == "im" and (subtype in _REPLIES or subtype == _EDIT)
        if not is_ours or not isinstance(message, Mapping) or message.get("bot_id"):
            return None
        channel = str(event.get("channel") or "")
        thread_ts, ts, user = (str(message.get(name) or "") for name in _NAMED)
        if not (channel and thread_ts and ts and user):
            return None
        edited = _seconds((message.get("edited") or {}).get("ts")) if subtype == _EDIT else None
        if subtype == _EDIT and edited is None:  # Slack has only put a preview below it
            return None
        text = tidy(seen(str(message.get("text") or "")))
        return cls(channel, thread_ts, ts, user, text, bool(message.get("files")), edited)

    @property
    def edited_after(self) -> timedelta:
        """How long after it was sent it was edited."""
        return timedelta(seconds=(self.edited or 0) - (_seconds(self.ts) or 0))


class TooEarlyError(Exception):
    """It cannot be said yet what this event is about. Slack is to deliver it again."""


async def take(event: Mapping[str, Any], deps: Deps) -> bool:
    """Take a reply as an answer, or say in the thread why not; whether it was in one of ours.

    Raises TooEarlyError while that is not known.
    """
    reply = Reply.read(event)
    if reply is None:
        return False
    async with deps.db.snapshot() as session:
        found = await questions.asked_in(session, reply.channel, reply.thread_ts)
    if found is None:
        async with deps.db.transaction() as session:
            now = deps.clock()
            is_early = await outbox.look_for(session, Kind.QUESTION, reply.user, now=now)
        if is_early:
            raise TooEarlyError
        return False
    request_id, question = found
    why = await _answered(reply, request_id, question, deps)
    if why:
        when = reply.edited or ""
        owed = Owed.post(
            Kind.NOT_TAKEN,
            *(reply.user, request_id, question.number, reply.ts, when),
            request_id=request_id,
            data={"number": question.number, "why": why.value, "length": len(reply.text)},
        )
        async with deps.db.transaction() as session:
            await slots.owe_once(session, [owed], now=deps.clock())
    return True


async def _answered(
    reply: Reply, request_id: int, question: Question, deps: Deps
) -> NotTaken | None:
    """Answer it, or amend the answer; why not, where the reply is worth a word."""
    if reply.has_files:
        return NotTaken.FILE
    if not reply.text:
        return NotTaken.EMPTY
    if len(reply.text) > TEXT_LIMIT:
        return NotTaken.TOO_LONG
    said = asking.Answer(
        request_id, question.number, reply.user, reply.text, deps.clock(), reply.ts
    )
    if reply.edited is not None and not question.is_open:
        amended = await asking.amend(deps.db, said, deps.policy, edited_after=reply.edited_after)
        return amended if isinstance(amended, NotTaken) else None
    if question.answer_ts == reply.ts:  # delivered again
        return None
    answer = await asking.answer(deps.db, said, deps.policy)
    return NotTaken.OVER if isinstance(answer, Refused) else None


def _seconds(ts: object) -> float | None:
    try:
        return float(ts) if isinstance(ts, str) else None
    except ValueError:
        return None
