"""Column types that read the same on SQLite and PostgreSQL.

Enums are kept as text by value with a named CHECK written in the migration, because alembic does
not notice a new member of an enum type. Datetimes need nothing here: SQLModel keeps them aware UTC.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, ForeignKey, Integer, TextClause
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

Document: TypeEngine[Any] = JSON().with_variant(JSONB(), "postgresql")
"""A JSON object. Assign a new one to change it: a change inside is not noticed."""

Key: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""An integer key; SQLite numbers rows only for the type INTEGER."""


def one_of(column: str, values: list[str]) -> CheckConstraint:
    """The named CHECK of an enum's column."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({quoted})", name=column)


def numbered() -> Any:
    """A key that the database counts up."""
    return Column(Key, primary_key=True)


def request_key(*, primary: bool = False, optional: bool = False) -> Any:
    """A reference to a request; requests are never deleted."""
    return Column(Key, ForeignKey("request.id"), primary_key=primary, nullable=optional)


def only(where: TextClause) -> dict[str, Any]:
    """For an index of these rows alone."""
    return {"sqlite_where": where, "postgresql_where": where}
