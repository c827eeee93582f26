"""What a checkpoint has sealed is missed, however well the database was rewritten."""

import hashlib
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlmodel import col, delete, func, select, update

from bot.audit_key import AuditKey, is_signed
from store.audit import checkpoints
from store.audit.checkpoints import compare, prove
from store.audit.verify import check_all
from store.domain.checkpoint import Checkpoint, check
from store.engine.database import Database
from store.requests import erase
from store.tables import EventRow, LeafRow, NodeRow, RequestRow
from tests.audit.manipulations import (
    Manipulation,
    all_of,
    delete_request,
    event,
    gone,
    lived_in,
    retold,
    row,
)
from tests.cast import BOB, NOW
from tests.harness_store import accepted, submit, vote

KEY = AuditKey(Ed25519PrivateKey.from_private_bytes(b"k" * 32))


async def make(db: Database, *, minutes: int = 0, **more: Any) -> Checkpoint | None:
    return await checkpoints.make(db, KEY.sign, now=at(minutes), **more)


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


async def lost(db: Database, *sealed: Checkpoint) -> list[str]:
    return [finding async for finding in compare(db, sealed)]


async def test_a_checkpoint_is_made_where_something_is_new_and_once(db: Database) -> None:
    assert await make(db) is None
    await lived_in(db)
    assert await make(db, minutes=5) is None  # these ten minutes had theirs
    first = await make(db, minutes=10)
    assert await make(db, minutes=20) is None
    await submit(db)
    second = await make(db, minutes=30)

    assert first
    assert second
    assert (first.size, first.previous, second.size) == (6, None, 7)
    assert second.previous == first.root
    assert is_signed(KEY.public, second.signed_text(), second.signature)
    assert await lost(db, first, second) == []


async def test_the_tree_is_the_same_however_often_it_was_made(db: Database) -> None:
    for minutes in range(0, 70, 10):
        await submit(db)
        made = await make(db, minutes=minutes)
    async with db.snapshot() as session:
        leaves = list(await session.exec(select(LeafRow.hash).order_by(col(LeafRow.position))))
    assert made
    assert made.root == root([leaf.encode() for leaf in leaves]).hex()
    assert made.size == len(leaves) == 7


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


CUT = all_of(
    gone(EventRow, revision=2),
    row(
        revision=1, status="under_review", completed_on=None, decided_by=None,
        rejection_class=None, decision_reason=None,
    ),
)  # fmt: skip
REWRITTEN = all_of(event(2, kind="approved"), retold(2, status="approved"))


@pytest.mark.parametrize(
    ("manipulation", "said"),
    [
        (CUT, "MP-2, revision 2: was sealed by a checkpoint, and is gone"),
        (REWRITTEN, "MP-2, revision 2: is not what was sealed by a checkpoint"),
        (delete_request, "MP-2, revision 1: was sealed by a checkpoint, and is gone"),
    ],
    ids=["tail cut", "history rewritten", "request deleted"],
)
async def test_what_was_sealed_is_missed(
    db: Database, manipulation: Manipulation, said: str
) -> None:
    await lived_in(db)
    made = await make(db)
    assert made
    async with db.transaction() as session:
        await manipulation(session)
    assert said in await lost(db, made)


async def test_a_tree_rewritten_with_the_history_is_found_by_the_root(db: Database) -> None:
    """By somebody who computes every hash anew, in every table."""
    await lived_in(db)
    made = await make(db)
    assert made
    async with db.transaction() as session:
        await REWRITTEN(session)
        events = {(e.request_id, e.revision): e.hash for e in await session.exec(select(EventRow))}
        for leaf in await session.exec(select(LeafRow)):
            leaf.hash = events[leaf.request_id, leaf.revision]
    (finding,) = await lost(db, made)
    assert finding.endswith("a history was rewritten, cut or deleted")


async def test_a_record_with_an_older_state_has_too_few_events(db: Database) -> None:
    """As after half a write-ahead log was cut off, with the tree in it."""
    await lived_in(db)
    made = await make(db)
    assert made
    async with db.transaction() as session:
        await session.exec(delete(LeafRow).where(col(LeafRow.position) >= 4))
        await session.exec(delete(NodeRow))
    (finding,) = await lost(db, made)
    assert finding == f"the record has 4 of the 6 events that were sealed on {made.at}"


async def test_a_cut_write_ahead_log_is_found(sqlite_url: str, tmp_path: Path) -> None:
    """Half of it is lost with the decisions in it; what is left is a whole store of before."""
    db = Database(sqlite_url)
    requests = [await submit(db) for _ in range(6)]
    async with db.engine.connect() as connection:
        await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        await connection.exec_driver_sql("BEGIN")
    for request in requests:
        accepted(await vote(db, request, BOB))
    made = await make(db)
    assert made
    file, cut = Path(db.engine.url.database or ""), tmp_path / "cut.db"
    log = file.with_name(f"{file.name}-wal").read_bytes()
    shutil.copy(file, cut)
    cut.with_name("cut.db-wal").write_bytes(log[: len(log) // 2])
    await db.dispose()

    left = Database(f"sqlite:///{cut}")
    assert [each async for each in check_all(left) if each.findings] == []
    (finding,) = await lost(left, made)
    assert finding == f"the record has 0 of the 12 events that were sealed on {made.at}"
    await left.dispose()


async def test_what_comes_late_is_taken_the_next_day(db: Database) -> None:
    await lived_in(db)
    await make(db)
    late = await submit(db)
    async with db.transaction() as session:
        its = col(EventRow.request_id) == late.id
        await session.exec(update(EventRow).where(its).values(at=NOW - timedelta(days=3)))
    assert await make(db, minutes=10) is None
    made = await make(db, minutes=24 * 60)
    assert made
    assert made.size == 7


async def test_a_checkpoint_costs_what_is_new(db: Database) -> None:
    for _ in range(8):
        await submit(db)
    await make(db)
    async with db.snapshot() as session:
        nodes = set(await session.exec(select(NodeRow.level, NodeRow.place)))
    assert nodes == {(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0)}
    await submit(db)
    await make(db, minutes=10)
    async with db.snapshot() as session:
        assert (await session.exec(select(func.count()).select_from(NodeRow))).one() == 7


async def test_a_proof_is_checked_by_a_few_lines_of_anybodys(db: Database) -> None:
    """With hashlib and cryptography alone: seals, the way to the root, the signature."""
    await lived_in(db)
    await make(db)
    accepted(await vote(db, await submit(db), BOB))
    await make(db, minutes=10)
    async with db.snapshot() as session:
        proof = json.loads((await prove(session, 1)).model_dump_json())

    point = proof["checkpoint"]
    signed = {name: point[name] for name in ("at", "previous", "root", "size")}
    signed["at"] = datetime.fromisoformat(point["at"]).isoformat()
    text = json.dumps(signed, sort_keys=True, separators=(",", ":")).encode()
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEY.public))
    public.verify(bytes.fromhex(point["signature"]), text)
    for each in proof["events"]:
        names = ("request_id", "revision", "at", "actor", "kind", "data", "previous")
        sealed = [each[name] for name in names]
        event = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert each["hash"] == hashlib.sha256(event.encode()).hexdigest()
        found = hashlib.sha256(b"\0" + each["hash"].encode()).digest()
        place, last = each["position"], point["size"] - 1
        for hash_ in map(bytes.fromhex, each["path"]):
            if place % 2 or place == last:
                found = hashlib.sha256(b"\1" + hash_ + found).digest()
                while not place % 2 and place:
                    place, last = place // 2, last // 2
            else:
                found = hashlib.sha256(b"\1" + found + hash_).digest()
            place, last = place // 2, last // 2
        assert found.hex() == point["root"]
    assert [each["kind"] for each in proof["events"]] == ["submitted", "approved", "moved"]


async def test_a_proof_that_was_touched_does_not_hold(db: Database) -> None:
    await lived_in(db)
    await make(db)
    await submit(db)
    await make(db, minutes=10)
    async with db.snapshot() as session:
        proof = await prove(session, 2)
        with pytest.raises(LookupError):
            await prove(session, 77)
        with pytest.raises(LookupError):
            await prove(session, 2, earlier=5)
    text = proof.model_dump_json()

    assert check(text, KEY.public, is_signed).problems == ()
    assert check(text, "0" * 64, is_signed).problems != ()
    assert check("{}", KEY.public, is_signed).problems != ()
    first = proof.events[0]
    touched = [
        text.replace("rejected", "approved"),
        text.replace(f'"position":{first.position}', '"position":5'),
        text.replace(proof.checkpoint.root, "0" * 64),
        text.replace(proof.consistency[0], "0" * 64),
        text.replace(f'"size":{proof.checkpoint.size}', '"size":8'),
        text.replace(first.path[0], "not a number"),
    ]
    for each in touched:
        assert each != text
        assert check(each, KEY.public, is_signed).problems != ()


async def test_what_came_after_an_erasure_is_still_under_the_old_checkpoint(db: Database) -> None:
    await lived_in(db)
    made = await make(db)
    assert made
    async with db.snapshot() as session:
        submitter = (await session.exec(select(RequestRow.submitted_by))).first()
    await erase.forget(db, str(submitter), now=at(5))
    assert await lost(db, made) == []
    assert [each async for each in check_all(db) if each.findings] == []
