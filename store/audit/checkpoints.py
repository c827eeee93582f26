"""Checkpoints: the signed root of a tree over all events, kept where the database does not reach.

Every so often the events that are not in the tree yet get the next places in it. Whole subtrees are
kept, so that a checkpoint costs what is new. What must stay true: a leaf is only ever added.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, insert, or_, select, tuple_, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.audit.events import sealed_value
from store.domain.checkpoint import SEALED, Checkpoint, Proof, ProvedEvent
from store.domain.merkle import (
    Growing,
    Node,
    Run,
    consistency_path,
    hash_of,
    inclusion_path,
    leaf_hash,
    whole_parts,
)
from store.engine.database import Database, advisory_lock, dialect_insert, execute
from store.engine.time_limits import LONG
from store.messages import outbox
from store.messages.outbox import Kind, Owed
from store.tables import CheckpointRow, EventRow, LeafRow, NodeRow, SlotRow

Sign = Callable[[bytes], tuple[str, str]]
"""Signs a text: the public key and the signature, in hexadecimal."""
EVERY = timedelta(minutes=10)
LATE = timedelta(hours=1)
"""How long before the last checkpoint an event may have happened and still be new: clocks of
replicas differ, and transactions last. What is later still is found once a day."""
PORTION = 2_000
"""Events taken in one transaction: on SQLite every click waits for its end."""
_LOCK = "checkpoint"
_INSERT_LEAF, _INSERT_NODE = insert(LeafRow), insert(NodeRow)


async def make(
    db: Database, sign: Sign, *, now: datetime, channel: str | None = None
) -> Checkpoint | None:
    """The checkpoint of this ten minutes, if there is anything new and nobody else makes it.

    It is owed to the channel in the transaction that keeps it.
    """
    if not await _take_slot(db, f"checkpoint:{_floor(now):%Y-%m-%dT%H:%M}", now):
        return None
    last = await newest(db)
    # Once a day all events are looked at, and at first: an old store may have a million.
    everything = await _take_slot(db, f"checkpoint-of-all:{now:%Y-%m-%d}", now) or last is None
    since = None if everything or last is None else last.at - LATE
    place = (0, 0)
    while events := await _not_taken(db, since, place):
        async with db.transaction() as session:
            advisory_lock(session, _LOCK)
            await _take(session, events)
        place = events[-1][:2]
    async with db.transaction() as session:
        advisory_lock(session, _LOCK)
        tree = await _tree(session)
        if tree.size == (last.size if last else 0):
            return None
        unsigned = Checkpoint(
            at=now, size=tree.size, root=tree.root.hex(), previous=last.root if last else None
        )
        key, signature = sign(unsigned.signed_text())
        made = unsigned.model_copy(update={"key": key, "signature": signature})
        session.add(CheckpointRow(**made.model_dump()))
        if channel:
            told = Owed.post(Kind.CHECKPOINT, channel, channel, made.size, data={"size": made.size})
            await outbox.owe(session, [told], now=now)
    return made


async def newest(db: Database) -> Checkpoint | None:
    """The last checkpoint."""
    found = [each async for each in after(db, size=-1, newest_first=True, limit=1)]
    return found[0] if found else None


async def after(
    db: Database, *, size: int, newest_first: bool = False, limit: int | None = None
) -> AsyncIterator[Checkpoint]:
    """The checkpoints over more than so many events."""
    order = col(CheckpointRow.size).desc() if newest_first else col(CheckpointRow.size)
    rows = select(CheckpointRow).where(col(CheckpointRow.size) > size).order_by(order).limit(limit)
    async with db.snapshot() as session:
        found = (await session.exec(rows)).all()
    for row in found:
        yield _checkpoint(row)


async def find(session: AsyncSession, size: int) -> Checkpoint | None:
    """The checkpoint over so many events."""
    row = await session.get(CheckpointRow, size)
    return _checkpoint(row) if row else None


async def not_delivered(db: Database, *, limit: int) -> list[Checkpoint]:
    """The checkpoints that the webhook has not taken, the oldest first."""
    rows = select(CheckpointRow).where(col(CheckpointRow.webhook_at).is_(None))
    async with db.snapshot() as session:
        found = await session.exec(rows.order_by(col(CheckpointRow.size)).limit(limit))
        return [_checkpoint(row) for row in found]


async def record_delivered(db: Database, checkpoint: Checkpoint, *, now: datetime) -> None:
    """The webhook has taken it."""
    its = col(CheckpointRow.size) == checkpoint.size
    async with db.transaction() as session:
        await session.exec(update(CheckpointRow).where(its).values(webhook_at=now))


async def compare(db: Database, checkpoints: Sequence[Checkpoint]) -> AsyncIterator[str]:
    """What the record no longer has of what these checkpoints sealed, in sentences.

    The tree is made anew of the events as they stand, in portions.
    """
    wanted: dict[int, list[Checkpoint]] = {}
    for each in checkpoints:
        wanted.setdefault(each.size, []).append(each)
    tree = Growing()
    while True:
        async with db.snapshot(LONG) as session:
            leaves = (await session.exec(_leaves(tree.size))).all()
        for leaf, kept in leaves:
            if leaf.position != tree.size:
                yield f"event {tree.size + 1} of the checkpoints is missing from the record's tree"
                return
            if kept is None:
                what = "was sealed by a checkpoint, and is gone"
                yield f"MP-{leaf.request_id}, revision {leaf.revision}: {what}"
            elif kept != leaf.hash:
                what = "is not what was sealed by a checkpoint"
                yield f"MP-{leaf.request_id}, revision {leaf.revision}: {what}"
            for _ in tree.add(leaf.hash.encode()):
                pass
            for checkpoint in wanted.pop(tree.size, ()):
                if checkpoint.root != tree.root.hex():
                    yield (
                        f"the first {checkpoint.size:,} events are not those that were sealed on "
                        f"{checkpoint.at}: a history was rewritten, cut or deleted"
                    )
        if len(leaves) < PORTION:
            break
    for size in sorted(wanted):
        if size:
            at = wanted[size][0].at
            yield f"the record has {tree.size:,} of the {size:,} events that were sealed on {at}"


async def prove(session: AsyncSession, request_id: int, *, earlier: int | None = None) -> Proof:
    """Proof that the events of a request are under the newest checkpoint, and that this continues
    the one over `earlier` events; without it the one before.

    Raises LookupError where there is no such request under a checkpoint, or no such checkpoint.
    """
    sizes = select(CheckpointRow).order_by(col(CheckpointRow.size).desc()).limit(2)
    newest_two = [_checkpoint(row) for row in await session.exec(sizes)]
    if not newest_two:
        raise LookupError("there is no checkpoint yet")
    last, before = newest_two[0], newest_two[1] if len(newest_two) > 1 else None
    if earlier is not None:
        before = await find(session, earlier)
        if before is None:
            raise LookupError(f"there is no checkpoint over {earlier} events")
    its = select(EventRow, LeafRow.position).join(LeafRow, _same_event())
    of_request = its.where(EventRow.request_id == request_id, col(LeafRow.position) < last.size)
    rows = (await session.exec(of_request.order_by(col(EventRow.revision)))).all()
    if not rows:
        raise LookupError(f"no event of MP-{request_id} is under a checkpoint")
    events = [
        ProvedEvent(
            **{name: sealed_value(getattr(event, name)) for name in (*SEALED, "hash")},
            position=position,
            path=await _path(session, inclusion_path(position, last.size)),
        )
        for event, position in rows
    ]
    path = consistency_path(before.size, last.size) if before else []
    consistency = await _path(session, path)
    return Proof(checkpoint=last, events=events, earlier=before, consistency=consistency)


async def events_of(session: AsyncSession, request_id: int) -> int:
    """How many events a request has."""
    its = select(func.count()).where(EventRow.request_id == request_id)
    return (await session.exec(its)).one()


def _floor(now: datetime) -> datetime:
    return now - timedelta(
        minutes=now.minute % (EVERY.seconds // 60), seconds=now.second, microseconds=now.microsecond
    )


async def _take_slot(db: Database, key: str, now: datetime) -> bool:
    async with db.snapshot() as session:
        if await session.get(SlotRow, key):  # as nearly always: no transaction for it
            return False
    async with db.transaction() as session:
        row = dialect_insert(session)(SlotRow).values(key=key, at=now).on_conflict_do_nothing()
        return bool((await session.exec(row.returning(col(SlotRow.key)))).scalars().all())


def _same_event() -> ColumnElement[bool]:
    return and_(
        col(LeafRow.request_id) == EventRow.request_id, col(LeafRow.revision) == EventRow.revision
    )


async def _not_taken(
    db: Database, since: datetime | None, place: tuple[int, int]
) -> list[tuple[int, int, str]]:
    """The next events that are not in the tree: of all, after this request and revision; of those
    from a moment on, the first, since what was taken is not among them any more.
    """
    number, revision = col(EventRow.request_id), col(EventRow.revision)
    taken = select(LeafRow.position).where(_same_event()).exists()
    events = select(EventRow.request_id, EventRow.revision, EventRow.hash).where(~taken)
    if since:
        # Not by the key alone: SQLite would walk all there are in its order.
        events = events.where(col(EventRow.at) >= since).order_by(number + 0, revision)
    else:
        events = events.where(tuple_(number, revision) > tuple_(*place)).order_by(number, revision)
    async with db.snapshot(LONG) as session:
        found = await session.exec(events.limit(PORTION))
        return [(request_id, revision, hash_) for request_id, revision, hash_ in found]


async def _take(session: AsyncSession, events: Sequence[tuple[int, int, str]]) -> None:
    """Give these events the next places in the tree, and keep what is whole by them."""
    tree = await _tree(session)
    leaves, nodes = [], []
    for request_id, revision, hash_ in events:
        leaves.append(
            {"position": tree.size, "request_id": request_id, "revision": revision, "hash": hash_}
        )
        for (level, at), found in tree.add(hash_.encode()):
            if level:
                nodes.append({"level": level, "place": at, "hash": found.hex()})
    await execute(session, _INSERT_LEAF, leaves)
    if nodes:
        await execute(session, _INSERT_NODE, nodes)


async def _tree(session: AsyncSession) -> Growing:
    last = (await session.exec(select(func.max(LeafRow.position)))).one()
    size = 0 if last is None else last + 1
    parts = whole_parts((0, size))
    found = await _nodes(session, parts)
    return Growing(size, [found[part] for part in parts])


async def _path(session: AsyncSession, runs: Sequence[Run]) -> list[str]:
    found = await _nodes(session, [part for run in runs for part in whole_parts(run)])
    return [hash_of(run, found.__getitem__).hex() for run in runs]


async def _nodes(session: AsyncSession, parts: Collection[Node]) -> dict[Node, bytes]:
    """The hashes of these subtrees. Raises LookupError where one is not there."""
    positions = [place for level, place in parts if level == 0]
    wanted = [
        and_(col(NodeRow.level) == level, col(NodeRow.place) == place)
        for level, place in parts
        if level
    ]
    found: dict[Node, bytes] = {}
    if positions:
        leaves = select(LeafRow).where(col(LeafRow.position).in_(positions))
        for leaf in await session.exec(leaves):
            found[0, leaf.position] = leaf_hash(leaf.hash.encode())
    if wanted:
        for node in await session.exec(select(NodeRow).where(or_(*wanted))):
            found[node.level, node.place] = bytes.fromhex(node.hash)
    if len(found) < len(set(parts)):
        raise LookupError("the tree of the checkpoints is not whole; see `audit verify --against`")
    return found


def _leaves(start: int) -> Any:
    """The next leaves, each with the hash that its event has now; None where that is gone."""
    both = select(LeafRow, EventRow.hash).join(EventRow, _same_event(), isouter=True)
    position = col(LeafRow.position)
    return both.where(position >= start).order_by(position).limit(PORTION)


def _checkpoint(row: CheckpointRow) -> Checkpoint:
    return Checkpoint.model_validate(row.model_dump(exclude={"webhook_at"}))
