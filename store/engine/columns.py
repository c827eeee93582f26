"""Column types and comparisons that read the same on SQLite and PostgreSQL.

Enums are kept as text by value with a named CHECK written in the migration, because alembic does
not notice a new member of an enum type. Datetimes need nothing here: SQLModel keeps them aware UTC.
"""

import re
from collections.abc import Iterable
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    SQLColumnExpression,
    TextClause,
    any_,
    bindparam,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeEngine

from store.domain.json_values import INTEGER_LIMIT

Document: TypeEngine[Any] = JSON().with_variant(JSONB(), "postgresql")
"""A JSON object. Assign a new one to change it: a change inside is not noticed."""

OptionalDocument: TypeEngine[Any] = JSON(none_as_null=True).with_variant(
    JSONB(none_as_null=True), "postgresql"
)
"""The same, or nothing at all."""

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


def in_list(column: SQLColumnExpression[Any], name: str) -> ColumnElement[bool]:
    """`column IN :name`, for a statement that is made before the length of the list is known."""
    of_type: Any = column
    one_each = column.in_(bindparam(name, expanding=True))
    return _in_list(one_each, column == any_(bindparam(name, type_=ARRAY(of_type.type))))


def storable(ids: Iterable[int]) -> list[int]:
    """Those that a key can be: people type any number, and what is too long is nothing's."""
    return [id_ for id_ in ids if 0 < id_ <= INTEGER_LIMIT]


class _in_list(FunctionElement[bool]):  # noqa: N801 - reads as the operator it is
    """SQLite takes a parameter for each of the list, and so another statement for each length;
    PostgreSQL takes the list, so that the statement stays the same and stays prepared.
    """

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> Self:  # noqa: ARG002 - its name
        """As it is: with the `= 1` that SQLite's booleans get, no index would serve it."""
        return self


@compiles(_in_list)
def _in(element: _in_list, compiler: SQLCompiler, **options: Any) -> str:
    one_each, _whole = element.clauses
    return f"({compiler.process(one_each, **options)})"


@compiles(_in_list, "postgresql")
def _any(element: _in_list, compiler: SQLCompiler, **options: Any) -> str:
    _one_each, whole = element.clauses
    return f"({compiler.process(whole, **options)})"


class part_of(FunctionElement[bool]):  # noqa: N801 - reads as the function it is
    """Whether a word stands in a text, both as a search compares them: `part_of(text, word)`.

    The word comes twice, as it is and as a pattern of LIKE (`pattern_of`), and each database takes
    the one that costs it less: PostgreSQL finds a pattern by its index of trigrams; SQLite reads
    every text, measured, in two thirds of the time where it need not look for wildcards.
    """

    inherit_cache = True
    type = Boolean()


def pattern_of(word: str) -> str:
    """What LIKE finds this word by, wherever it stands in the text."""
    return "%" + re.sub("[/%_]", r"/\g<0>", word) + "%"


@compiles(part_of)
def _like(element: part_of, compiler: SQLCompiler, **options: Any) -> str:
    text, _word, pattern = element.clauses
    # The word alone stays out: PostgreSQL would not know of which type such a parameter is.
    searched, like = (compiler.process(clause, **options) for clause in (text, pattern))
    return f"{searched} LIKE {like} ESCAPE '/'"


@compiles(part_of, "sqlite")
def _instr(element: part_of, compiler: SQLCompiler, **options: Any) -> str:
    text, word, _pattern = element.clauses
    return f"instr({compiler.process(text, **options)}, {compiler.process(word, **options)}) > 0"
