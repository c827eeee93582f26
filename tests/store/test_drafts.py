"""Drafts are their owner's alone, keep every half that is written, and are put away in time."""

import asyncio
from datetime import timedelta
from typing import Any

from store import drafts
from store.domain.draft import Draft
from store.engine.database import Database
from tests.cast import ALICE, MALLORY, NOW


async def begun(db: Database, **values: Any) -> Draft:
    return await drafts.begin(db, owner=ALICE, values=values, now=NOW)


async def found(db: Database, draft: Draft, owner: str = ALICE) -> Draft | None:
    return await drafts.find(db, draft.id, owner=owner)


async def test_only_its_owner_reads_or_changes_a_draft(db: Database) -> None:
    draft = await begun(db, title="Mine")
    stolen = await drafts.change(
        db, draft.id, owner=MALLORY, to=lambda _: {"title": "Theirs"}, now=NOW
    )

    assert (stolen, await found(db, draft, MALLORY)) == (None, None)
    assert await found(db, draft) == draft


async def test_two_drafts_have_nothing_in_common(db: Database) -> None:
    one, other = await begun(db, title="One"), await begun(db, title="Other")

    assert one.id != other.id
    assert len(one.id) >= 22
    assert await found(db, one) == one


async def test_changes_at_the_same_moment_are_all_kept(db: Database) -> None:
    draft = await begun(db)

    async def write(key: str) -> None:
        added = {key: key}
        await drafts.change(
            db, draft.id, owner=ALICE, to=lambda held: {**held.values, **added}, now=NOW
        )

    keys = [f"key {n}" for n in range(8)]
    await asyncio.gather(*map(write, keys))

    after = await found(db, draft)
    assert after is not None
    assert sorted(after.values) == keys


async def test_what_no_database_holds_does_not_break_a_draft(db: Database) -> None:
    draft = await begun(db, title="a\x00b\ud800c", details={"size": 10**30})

    assert draft.values == {"title": "abc", "details": {"size": None}}
    assert await found(db, draft) == draft


async def test_a_draft_nobody_writes_on_is_put_away(db: Database) -> None:
    old, kept = await begun(db), await begun(db)
    later = NOW + timedelta(hours=2)
    await drafts.change(db, kept.id, owner=ALICE, to=lambda held: held.values, now=later)

    async with db.transaction() as session:
        assert await drafts.prune(session, before=NOW + timedelta(hours=1)) == 1
    assert (await found(db, old), await found(db, kept)) == (None, kept)
