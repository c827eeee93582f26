"""A seal is of what is read back: the same on both databases, whatever they do to its form."""

from sqlmodel import select

from store.domain.canonical import canonical
from store.domain.request import Category
from store.engine.database import Database
from store.tables import EventRow, RequestRow, SaltRow
from tests.cast import BOB, sample_of
from tests.harness_store import accepted, findings, submit, vote

DETAILS = sample_of(Category.RELEASE)["details"]
ODD = {
    "z": 2**53 + 1,
    "a": [1e22, 1.0, -0.0, 0.1, 1e-7, 5e-324, 1.7976931348623157e308, -(2**63) + 1],
    "\U0001f600": {"é": None, "e\u0301": True},
    "\uffff": "",
}


async def test_odd_numbers_and_keys_are_sealed_as_they_are_read_back(db: Database) -> None:
    details = {"name": "Bills Pay", "version": "1", "odd": ODD}
    request = await submit(db, details={**DETAILS, **details})
    async with db.snapshot() as session:
        kept = (await session.exec(select(RequestRow.details))).one()

    assert canonical(kept["odd"]) == canonical(ODD)
    assert await findings(db, request) == ()


async def test_what_people_wrote_stands_in_no_event(db: Database) -> None:
    secret = "Ask Jose Rizal, 0917 555 0101"
    request = await submit(db, title=secret, details={**DETAILS, "tagline": secret})
    accepted(await vote(db, request, BOB, reason=secret))
    async with db.snapshot() as session:
        events = (await session.exec(select(EventRow))).all()
        salts = set((await session.exec(select(SaltRow.salt))).all())

    said = canonical([event.data for event in events])
    assert secret not in said
    assert not [salt for salt in salts if salt in said]
    assert len(salts) == 5


async def test_the_same_words_have_another_hash_each_time(db: Database) -> None:
    for _ in range(2):
        await submit(db, title="The same")
    async with db.snapshot() as session:
        events = (await session.exec(select(EventRow))).all()
    assert len({event.data["texts"]["title"] for event in events}) == 2
