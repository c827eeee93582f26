"""What people write is kept in the store, not in its error messages."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from store.engine.database import Database


async def test_a_failed_statement_does_not_repeat_what_was_written(db: Database) -> None:
    secret = {"reason": "The privacy text names no contact."}
    async with db.snapshot() as session:
        with pytest.raises(SQLAlchemyError) as failure:
            await session.exec(text("SELECT :reason FROM missing"), params=secret)
    assert "privacy" not in str(failure.value)
