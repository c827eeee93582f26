"""What people write is kept in the store, not in its error messages."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from store.database import Database


async def test_a_failed_statement_does_not_repeat_what_was_written(db: Database) -> None:
    with pytest.raises(SQLAlchemyError) as failure:
        async with db.transaction() as session:
            secret = {"reason": "The privacy text names no contact."}
            await session.exec(text("INSERT INTO missing VALUES (:reason)"), params=secret)
    assert "privacy" not in str(failure.value)
