"""Messages that are owed, and how a sender ends its claim: settled, postponed, given up.

A row names a message ("card of request 7 for U2"), never its words: it is drawn from the state at
the moment it is sent. Owing it again while it waits changes nothing; owing it again while it is
being sent keeps it owed. A lane is what Slack limits and orders together: posts to one
conversation, edits in it, answers to one person. One message a lane is sent at a time.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import ColumnElement, Insert
from sqlalchemy.orm import aliased
from sqlmodel import (
    and_,
    bindparam,
    case,
    col,
    delete,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession

from store.domain.request import Audience
from store.engine import causes
from store.engine.columns import Document, in_list
from store.engine.database import (
    Database,
    DialectInsert,
    Topic,
    ask,
    delete_chunk,
    dialect_insert,
    flush,
    notify_after_commit,
)
from store.messages.rate_limits import Method, method_of
from store.tables import FAILED, PENDING, SENDING, OutboxRow, OutboxState

LEASE = timedelta(seconds=60)
"""How long a claimed row belongs to its sender; longer than any one call to Slack may take."""
LANDS_WITHIN = timedelta(seconds=15)
"""How long after we gave up on a call Slack may still do what it asks. Ours: as long as until the
first look for a second copy."""
MOST_LOOKS = 8
"""Attempts at a message whose reader acts on it before we know where it stands: some minutes."""


ANSWERABLE_FOR = timedelta(minutes=30)
"""Slack: how long a response URL serves. It is a secret, and is forgotten then."""
REPLY = "reply"
"""What the lanes of answers by response URL begin with; Slack counts them to no method."""


class Kind(StrEnum):
    """Which message a row names; `bot.outgoing.messages` renders one for each."""

    CARD = "card"
    OUTCOME = "outcome"
    WITHDRAWN = "withdrawn"
    REMINDER = "reminder"
    DIGEST = "digest"
    BURST = "burst"
    STRUCK = "struck"
    NUDGE = "nudge"
    DEPARTURE = "departure"
    REFUSAL = "refusal"
    LIST = "list"
    HOME = "home"
    EXPORT = "export"
    CONTRADICTION = "contradiction"
    HOOK_PAUSED = "hook_paused"
    UNDELIVERED = "undelivered"
    CHECKPOINT = "checkpoint"
    SECOND_COPY = "second_copy"
    LATE_ANSWER = "late_answer"
    POLICY = "policy"
    RELEASE_STAGE = "stage"
    HELP = "help"
    NOT_ACCEPTED = "not_accepted"
    STUCK = "stuck"
    ABSENCE = "absence"
    QUESTION = "question"
    ANSWER = "answer"
    UNREACHED = "unreached"
    HANDED = "handed"
    NOT_TAKEN = "not_taken"
    QUESTIONS = "questions"
    WATCHED = "watched"


class Rank(IntEnum):
    """The order of what is sent, the first one first.

    Within one allowance of Slack's (posts, edits, Homes, one conversation) nothing of a lower order
    is begun while something of a higher one is due and may be sent. See `claim.move_up` for what
    has waited long.
    """

    CLICKED = 0
    """The copy that was clicked."""
    ANSWER = 1
    """The answer to a person who waits for it."""
    COPY = 2
    """Every other copy of a request that somebody acted on."""
    OUTCOME = 3
    """How a request ended, to its submitter."""
    HOME = 4
    """Homes that are looked at; in conversations what tells of many requests."""
    REST = 5
    """New cards, departures, and what else there is."""
    SPARE = 6
    """What others do not need: sent while more than half of the allowance is unused."""


_RANKS = {
    Kind.LATE_ANSWER: Rank.ANSWER,
    Kind.HELP: Rank.ANSWER,
    Kind.NOT_TAKEN: Rank.ANSWER,
    Kind.ABSENCE: Rank.OUTCOME,  # before the cards that come because of it
    Kind.OUTCOME: Rank.OUTCOME,
    Kind.ANSWER: Rank.OUTCOME,
    Kind.WATCHED: Rank.OUTCOME,
    Kind.HANDED: Rank.OUTCOME,  # somebody waits for them
    Kind.NOT_ACCEPTED: Rank.OUTCOME,
    Kind.WITHDRAWN: Rank.OUTCOME,  # to its reviewers, who may be testing it
    # One message for many requests, so it goes before any number of single cards.
    Kind.REMINDER: Rank.HOME,
    Kind.DIGEST: Rank.HOME,
    Kind.BURST: Rank.HOME,
    Kind.QUESTIONS: Rank.HOME,
}
"""The order of posts that go before others."""


@dataclass(frozen=True)
class Owed:
    """One message as it is named, before it is anybody's to send.

    The constructors spell keys and lanes, one for each way a message reaches Slack. A key is the
    kind and what the message is about: messages of one key are one message.
    """

    key: str
    kind: Kind
    recipient: str
    lane: str
    rank: Rank = Rank.REST
    request_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    """Nothing is sent before; None: at once."""

    @property
    def method(self) -> str:
        """Whose allowance it takes from, as the outbox has it; empty for none."""
        return method_of(self.lane) or ""

    @property
    def is_alone(self) -> bool:
        """Whether its lane is its own and no allowance counts it: nothing has to go before it."""
        return self.lane == f"{REPLY}:{self.key}"

    @classmethod
    def post(
        cls,
        kind: Kind,
        recipient: str,
        *about: object,
        request_id: int | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Self:
        """A new message in a conversation; `recipient` is a person or a channel.

        The kind and what it is `about` make its key.
        """
        key, lane = _key(kind, *about), f"{Method.POST}:{recipient}"
        rank = _RANKS.get(kind, Rank.REST)
        return cls(key, kind, recipient, lane, rank, request_id, data or {})

    @classmethod
    def card(
        cls,
        request_id: int,
        audience: str,
        recipient: str,
        *,
        is_posted: bool,
        is_answerable: bool = False,
        rank: Rank = Rank.COPY,
    ) -> Self:
        """A copy of a request: posted once, as new; from then on edited, in this order.

        `is_answerable`: it was clicked a moment ago, and a response URL replaces it. It is the same
        message all the same, so that no edit of it overtakes another.
        """
        key, data = _key(Kind.CARD, request_id, audience, recipient), {"audience": audience}
        if is_posted and is_answerable:
            lane, rank = f"{REPLY}:{key}", Rank.CLICKED
        elif is_posted:
            lane = f"{Method.EDIT}:{recipient}"
        else:
            is_urgent = audience == Audience.EMERGENCY
            lane = f"{Method.POST}:{recipient}"
            rank = Rank.OUTCOME if is_urgent else Rank.REST
        return cls(key, Kind.CARD, recipient, lane, rank, request_id, data)

    @classmethod
    def question(cls, request_id: int, number: int, submitter: str, *, is_posted: bool) -> Self:
        """The message that asks a submitter: posted once; from then on edited, in this order."""
        key, data = _key(Kind.QUESTION, request_id, number), {"number": number}
        method, rank = (Method.EDIT, Rank.COPY) if is_posted else (Method.POST, Rank.OUTCOME)
        lane = f"{method}:{submitter}"
        return cls(key, Kind.QUESTION, submitter, lane, rank, request_id, data)

    @classmethod
    def unreached(cls, request_id: int, number: int, asker: str) -> Self:
        """To who asked: nobody will answer that question."""
        about = (request_id, number)
        data = {"number": number}
        return cls.post(Kind.UNREACHED, asker, *about, request_id=request_id, data=data)

    @classmethod
    def anew(cls, kind: Kind, request_id: int, recipient: str, *, data: Mapping[str, Any]) -> Self:
        """A message that was posted at `data["channel"]` and `data["ts"]`, as it reads now."""
        key = _key(kind, request_id, data["channel"], data["ts"])
        return cls(key, kind, recipient, f"{Method.EDIT}:{recipient}", Rank.COPY, request_id, data)

    @classmethod
    def struck(cls, reviewer: str) -> Self:
        """The digest of today once more, with what was decided meanwhile struck through."""
        lane = f"{Method.EDIT}:{reviewer}"
        return cls(_key(Kind.STRUCK, reviewer), Kind.STRUCK, reviewer, lane, Rank.SPARE)

    @classmethod
    def burst(cls, burst_id: int, recipient: str, *, due: datetime | None) -> Self:
        """The message about many requests: posted when it is due, and edited once it was (None)."""
        key, data = _key(Kind.BURST, burst_id), {"burst": burst_id}
        method, rank = (Method.POST, _RANKS[Kind.BURST]) if due else (Method.EDIT, Rank.SPARE)
        lane = f"{method}:{recipient}"
        return cls(key, Kind.BURST, recipient, lane, rank, data=data, due_at=due)

    @classmethod
    def home(cls, user: str, rank: Rank) -> Self:
        """The Home tab of a person."""
        return cls(_key(Kind.HOME, user), Kind.HOME, user, f"{Method.HOME}:{user}", rank)

    @classmethod
    def export(cls, export_id: int, asker: str) -> Self:
        """How an export goes: posted, then edited, in a lane where nothing else waits."""
        key, lane = _key(Kind.EXPORT, export_id), f"export:{asker}"
        return cls(key, Kind.EXPORT, asker, lane, Rank.ANSWER, data={"export": export_id})

    @classmethod
    def second_copy(
        cls, sent: "Claimed", look: int, channel: str, ts: str, thread_ts: str | None
    ) -> Self:
        """A look whether this message, which may have been sent twice, stands in Slack twice."""
        data = {
            "key": sent.key,
            "since": sent.created_at.isoformat(),
            "channel": channel,
            "ts": ts,
            "thread_ts": thread_ts,
            **{name: sent.data[name] for name in ("audience",) if name in sent.data},
        }
        key, lane = _key(Kind.SECOND_COPY, look, sent.key), f"look:{channel}"
        return cls(key, Kind.SECOND_COPY, sent.recipient, lane, Rank.REST, sent.request_id, data)

    @classmethod
    def reply(
        cls, kind: Kind, user: str, *, request_id: int | None = None, data: Mapping[str, Any]
    ) -> Self:
        """An answer by the response URL in `data["url"]`; each is a message of its own."""
        key, lane = f"reply:{uuid4().hex}", f"{REPLY}:{user}"
        return cls(key, kind, user, lane, Rank.ANSWER, request_id, data)


def _key(kind: Kind, *about: object) -> str:
    return ":".join(map(str, (kind, *about)))


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that is ours to send until `lease_until`.

    `attempts` counts this one; `doubtful` means an earlier one may have reached Slack, and may do
    its work until `may_land_until`. `cause` is the id of the click that it comes from, if it comes
    from one.
    """

    id: int
    key: str
    kind: Kind
    recipient: str
    lane: str
    request_id: int | None
    data: Mapping[str, Any]
    wanted: int
    attempts: int
    doubtful: bool
    created_at: datetime
    lease_until: datetime
    cause: str | None = None
    may_land_until: datetime | None = None

    @property
    def is_answer(self) -> bool:
        """Whether it is an answer by the response URL in its data."""
        return self.key.startswith(f"{REPLY}:")

    @property
    def is_reply(self) -> bool:
        """Whether it was claimed to be sent by a response URL, outside of any allowance."""
        return self.lane.startswith(f"{REPLY}:")

    @property
    def claimed_at(self) -> datetime:
        """When it became ours."""
        return self.lease_until - LEASE


async def owe(
    session: AsyncSession, messages: Sequence[Owed], *, now: datetime, due: datetime | None = None
) -> None:
    """Owe these messages from now on; sent or failed before, they are owed anew.

    Nothing is sent before `due`.
    """
    if not messages:
        return
    await flush(session)  # the request a message is about may be new
    # In one order, the requests', against deadlocks.
    ordered = sorted(messages, key=lambda message: (message.request_id or 0, message.key))
    moments = dict.fromkeys(("created_at", "owed_at", "queued_at"), now)
    rows = [
        vars(message)
        | moments
        | {"method": message.method, "cause": causes.of(session, message.request_id)}
        | {"due_at": message.due_at or due or now}
        for message in ordered
    ]
    ask(session, _owing(dialect_insert(session)), rows)
    awaited = any(message.rank < Rank.REST for message in messages)
    notify_after_commit(session, Topic.AWAITED if awaited else Topic.OUTBOX)


async def owe_reply(
    db: Database,
    kind: Kind,
    user: str,
    *,
    data: Mapping[str, Any],
    now: datetime,
    request_id: int | None = None,
) -> None:
    """Owe an answer by a response URL; it goes out before anything else to this person."""
    reply = Owed.reply(kind, user, request_id=request_id, data=data)
    async with db.transaction() as session:
        await owe(session, [reply], now=now)


async def supersede(session: AsyncSession, messages: Sequence[Owed]) -> None:
    """These say all that earlier ones of their kind would say, to the same person: what nobody has
    sent yet of those is owed no more.
    """
    for kind in {message.kind for message in messages}:
        new = [message for message in messages if message.kind is kind]
        await session.exec(
            delete(OutboxRow).where(
                _IS_PENDING,
                col(OutboxRow.lane).in_([message.lane for message in new]),
                col(OutboxRow.kind) == kind.value,
                col(OutboxRow.key).not_in([message.key for message in new]),
            )
        )


async def look_for(session: AsyncSession, kind: Kind, recipient: str, *, now: datetime) -> bool:
    """Whether a message of this kind to this person may stand in Slack at a place that is not on
    record yet: its post is under way, or nobody knows what came of it, and then it is looked for at
    once. What was looked for MOST_LOOKS times in vain does not count.
    """
    posted = (col(OutboxRow.lane) == f"{Method.POST}:{recipient}", col(OutboxRow.kind) == kind)
    lost = (PENDING, col(OutboxRow.doubtful), col(OutboxRow.attempts) < MOST_LOOKS)
    found = update(OutboxRow).where(*posted, *lost).values(due_at=now).returning(col(OutboxRow.id))
    if (await session.exec(found)).all():
        notify_after_commit(session, Topic.AWAITED)
        return True
    under_way = select(OutboxRow.id).where(SENDING, *posted)
    return (await session.exec(under_way)).first() is not None


async def settle(
    session: AsyncSession,
    messages: Sequence[Claimed],
    *,
    redrawn: AbstractSet[int] = frozenset(),
    now: datetime,
) -> None:
    """They were sent. What was asked for again meanwhile is owed again.

    So is, for the moment when that is over, what has `redrawn` something in Slack while an earlier
    attempt at it may still land, on top of it. Where more waits on one of their lanes, the
    dispatchers are notified.
    """
    rows = await ask(session, _LOCKED, {"ids": [message.id for message in messages]})
    known = {row.id: row for row in rows}
    ours = [m for m in messages if m.id in known and known[m.id].lease_until == m.lease_until]
    again = [m.id for m in ours if known[m.id].wanted != m.wanted]
    done = [m for m in ours if known[m.id].wanted == m.wanted]
    later = [m.id for m in done if m.id in redrawn and _may_be_overdrawn(m)]
    sent = [m.id for m in done if m.id not in later]
    for statement, ids in ((_SENT, sent), (_OWED_AGAIN, again), (_OWED_LATER, later)):
        if ids:
            ask(session, statement, {"ids": ids, "moment": now})
    if again or any(row.more for row in known.values()):
        notify_after_commit(session, Topic.OUTBOX)


def _may_be_overdrawn(message: Claimed) -> bool:
    """Whether an earlier attempt may land after this one; a later moment is of a wrong clock."""
    until, claimed_at = message.may_land_until, message.claimed_at
    return until is not None and claimed_at < until <= claimed_at + LANDS_WITHIN


async def postpone(
    session: AsyncSession,
    message: Claimed,
    *,
    until: datetime,
    why: str,
    doubtful: bool,
    now: datetime,
) -> None:
    """It was not sent, or perhaps it was: try again at `until`."""
    known: dict[str, Any] = {"due_at": until, "last_error": why, "doubtful": doubtful}
    if doubtful:
        known["may_land_until"] = now + LANDS_WITHIN
    await _release(session, message, state=OutboxState.PENDING, **known)


async def move(
    session: AsyncSession, message: Claimed, to: Owed, *, doubtful: bool, now: datetime
) -> None:
    """It was not sent, or perhaps it was, and is owed at once in the way of `to`, the same
    message.
    """
    place = {"lane": to.lane, "method": to.method, "rank": to.rank, "queued_at": now}
    landing = {"may_land_until": now + LANDS_WITHIN} if doubtful else {}
    await _release(session, message, state=OutboxState.PENDING, due_at=now, **place, **landing)
    notify_after_commit(session, Topic.AWAITED)


async def give_up(session: AsyncSession, message: Claimed, *, why: str, now: datetime) -> None:
    """It can never be sent and stays for the operator, unless it was asked for again meanwhile."""
    unchanged = col(OutboxRow.wanted) == message.wanted
    await _release(
        session,
        message,
        state=case((unchanged, OutboxState.FAILED.value), else_=OutboxState.PENDING.value),
        settled_at=now,
        attempts=case((unchanged, OutboxRow.attempts), else_=0),
        last_error=why,
    )


async def forget_old_urls(session: AsyncSession, *, now: datetime) -> None:
    """Give up answers whose response URL serves no longer, and forget it."""
    is_old = col(OutboxRow.created_at) < now - ANSWERABLE_FOR
    these = (col(OutboxRow.key).startswith(f"{REPLY}:"), is_old)
    given_up = {"state": OutboxState.FAILED, "last_error": "too late", "settled_at": now}
    late = update(OutboxRow).where(PENDING, *these)
    await session.exec(late.values(data=_NOTHING, **given_up))
    await session.exec(update(OutboxRow).where(FAILED, *these).values(data=_NOTHING))


async def prune(session: AsyncSession, *, before: datetime) -> int:
    """Delete a chunk of what was sent before that moment; what failed stays. How many."""
    long_ago = col(OutboxRow.settled_at) < before
    return await delete_chunk(session, OutboxRow, col(OutboxRow.id), _IS_SENT, long_ago)


@cache
def _owing(insert: DialectInsert) -> Insert:
    """A new row, or the old one as it is asked for now; what is being sent stays so.

    What waits already keeps its place in the order, or takes the better one.
    Hot: with every act and every time something is drawn again.
    """
    new = insert(OutboxRow)
    asked = ("kind", "lane", "method", "request_id", "recipient", "data", "due_at")
    state, sending = col(OutboxRow.state), OutboxState.SENDING.value
    ended = or_(state == OutboxState.SENT, state == OutboxState.FAILED)
    better = or_(ended, new.excluded.rank < OutboxRow.rank)
    return new.on_conflict_do_update(
        index_elements=["key"],
        set_={name: new.excluded[name] for name in asked}
        | {
            "wanted": OutboxRow.wanted + 1,
            "state": case((state == sending, sending), else_=OutboxState.PENDING.value),
            "attempts": case((ended, 0), else_=OutboxRow.attempts),
            "owed_at": case((ended, new.excluded.owed_at), else_=OutboxRow.owed_at),
            "cause": case(
                (ended, new.excluded.cause),
                else_=func.coalesce(new.excluded.cause, OutboxRow.cause),
            ),
            "rank": case((better, new.excluded.rank), else_=OutboxRow.rank),
            "queued_at": case((better, new.excluded.queued_at), else_=OutboxRow.queued_at),
        },
    )


async def _release(session: AsyncSession, message: Claimed, **values: Any) -> None:
    """Let go of the row, if it is still ours: a lease that ran out may be somebody else's now."""
    ours = and_(
        col(OutboxRow.id) == message.id,
        col(OutboxRow.state) == OutboxState.SENDING,
        col(OutboxRow.lease_until) == message.lease_until,
    )
    await session.exec(update(OutboxRow).where(ours).values(**_LET_GO, **values))


# Hot: with every batch of sent messages.
_THESE = in_list(col(OutboxRow.id), "ids")
_BEHIND = aliased(OutboxRow)
_MORE = select(_BEHIND.id).where(
    col(_BEHIND.state) == literal_column(f"'{OutboxState.PENDING}'"),
    col(_BEHIND.lane) == OutboxRow.lane,
)
_LOCKED = (
    select(OutboxRow.id, OutboxRow.wanted, OutboxRow.lease_until, _MORE.exists().label("more"))
    .where(_THESE, col(OutboxRow.state) == OutboxState.SENDING)
    .order_by(col(OutboxRow.key))  # as they are owed, against deadlocks
    .with_for_update(of=OutboxRow)
)
_IS_PENDING = col(OutboxRow.state) == literal_column(f"'{OutboxState.PENDING}'")
_IS_SENT = col(OutboxRow.state) == literal_column(f"'{OutboxState.SENT}'")  # as its index says it
_LET_GO: dict[str, Any] = {"lease_until": None, "lease_owner": None}
_DONE = _LET_GO | {"settled_at": bindparam("moment"), "doubtful": False, "last_error": None}
_NOTHING: ColumnElement[Any] = literal({}, Document)
_NO_URL = case((col(OutboxRow.key).startswith(f"{REPLY}:"), _NOTHING), else_=OutboxRow.data)
_SENT = (
    update(OutboxRow)
    .where(_THESE)
    .values(state=OutboxState.SENT, data=_NO_URL, may_land_until=None, **_DONE)
)
"""A response URL is a secret: where it has served it is forgotten."""
_ANEW = {"attempts": 0, "owed_at": bindparam("moment"), "queued_at": bindparam("moment")}
_OWED_AGAIN = update(OutboxRow).where(_THESE).values(state=OutboxState.PENDING, **_ANEW, **_DONE)
_OWED_LATER = _OWED_AGAIN.values(due_at=OutboxRow.may_land_until)
