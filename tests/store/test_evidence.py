"""Evidence on record: sealed like what else was submitted, handed out and in again, erased."""

from datetime import timedelta

from sqlmodel import select

from bot.interchange import exported
from store.domain import submission
from store.domain.evidence import Exhibit
from store.domain.request import Verdict
from store.domain.submission import differing
from store.engine.database import Database
from store.requests import erase, read
from store.tables import EventRow
from tests.cast import ALICE, BOB, NOW
from tests.harness_store import POLICY, accepted, findings, submit, vote

FIELDS = {
    "evidence": [{"title": "Test report", "url": "https://jira.example.com/browse/MP-1"}],
    "preview_url": "https://test.example.com/1",
    "preview_qr": "https://test.example.com/1.png",
}


async def test_evidence_is_sealed_handed_out_and_erased_with_the_details(db: Database) -> None:
    request = await submit(db, **FIELDS)
    assert request.evidence.fields() == FIELDS
    assert await findings(db, request) == ()

    out = exported(request, {})
    assert {name: out[name] for name in FIELDS} == FIELDS
    again = submission.read(out, now=NOW)
    assert differing(again, ALICE, request) == ()
    other = submission.read({**out, "evidence": [], "preview_url": None}, now=NOW)
    assert differing(other, ALICE, request) == ("evidence", "preview_url")

    accepted(await vote(db, request, BOB, Verdict.REJECT, reason="No."))
    policy = POLICY.model_copy(update={"keep_details_days": 30})
    assert await erase.erase_old(db, policy, now=NOW + timedelta(days=31)) == 1
    async with db.snapshot() as session:
        left = await read.one(session, request.id)
        assert left.evidence.exhibits == (Exhibit("erased on 21 Dec 2026", ""),)
        assert left.evidence.preview_url is None
        assert "example.com" not in str([e.data for e in await session.exec(select(EventRow))])
    assert await findings(db, request) == ()
