"""The statements behind a list: a page of it, how much is in it, and the whole of it.

What must stay true: a page walks an index in the order of the list from where it begins, so that it
costs the same anywhere in it, at any size; and it comes in one statement, so that all it says is of
one moment.

All of it is hot, and SQLAlchemy Core: a statement is made once for a shape of list, because making
it costs more than running it.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Subquery,
    UnaryExpression,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from store.domain.lists.query import COUNT_LIMIT, PAGE_SIZE, Waits
from store.domain.request import Status
from store.engine.columns import Key, in_list, part_of
from store.engine.database import AnySelect
from store.lists.shape import Leg, Shape, Source, Statuses
from store.people import PROFILE
from store.snapshots import FACTS
from store.tables import CALLS, AssignmentRow, CardRow, MemberRow, PersonRow, RequestRow

SHAPES = 500
"""Statements that are kept: people ask for some dozen, and could for thousands."""
_NAMED: AnySelect = select(*FACTS, *PROFILE).outerjoin_from(
    RequestRow, PersonRow, col(PersonRow.user_id) == RequestRow.submitted_by
)
"""Requests, and who submitted them as far as we have met."""
_Column = SQLColumnExpression[Any]
_ASKER: ColumnElement[str] = bindparam("asker")
_ASKED = aliased(PersonRow)
_OVERSEES = and_(
    or_(
        bindparam("named", type_=Boolean),
        exists().where(
            col(MemberRow.user_id) == _ASKER, in_list(col(MemberRow.group_id), "groups")
        ),
    ),
    ~exists().where(col(_ASKED.user_id) == _ASKER, col(_ASKED.active).is_(False)),
).label("oversees")


_DECIDED = col(RequestRow.status).in_(
    [literal_column(f"'{status.value}'") for status in (Status.APPROVED, Status.REJECTED)]
)
"""In the words of the partial indexes of who decided."""


class _Table(NamedTuple):
    """What a source is read from: the rows that stand in the order of its lists, the column that
    names the request, which rows are the asker's, and what leads from them to the requests.
    """

    rows: type[RequestRow] | type[AssignmentRow]
    id: _Column
    whose: list[ColumnElement[bool]]
    join: list[ColumnElement[bool]]


# One of each person's is shown, so that a request comes once.
_GIVEN = [col(AssignmentRow.reviewer) == _ASKER, col(AssignmentRow.shown).is_(True)]
_OPENED = col(AssignmentRow.opened).is_(True)
_SEATED = in_list(col(AssignmentRow.seat), "seats")
_JOIN: list[ColumnElement[bool]] = [col(AssignmentRow.request_id) == RequestRow.id]
_CALLS = select(col(CardRow.request_id)).where(CALLS, col(CardRow.recipient) == _ASKER)
_TABLES = {
    Source.ALL: _Table(RequestRow, col(RequestRow.id), [], []),
    Source.OWN: _Table(
        RequestRow, col(RequestRow.id), [col(RequestRow.submitted_by) == _ASKER], []
    ),
    Source.GIVEN: _Table(AssignmentRow, col(AssignmentRow.request_id), [*_GIVEN, _OPENED], _JOIN),
    Source.SEATED: _Table(
        AssignmentRow, col(AssignmentRow.request_id), [*_GIVEN, _OPENED, _SEATED], _JOIN
    ),
    Source.INVOLVED: _Table(
        AssignmentRow, col(AssignmentRow.request_id), [*_GIVEN, _SEATED], _JOIN
    ),
    # By no index in the order of a list: nobody is called to very many.
    Source.CALLED: _Table(RequestRow, col(RequestRow.id), [col(RequestRow.id).in_(_CALLS)], []),
    Source.DECIDED: _Table(
        RequestRow, col(RequestRow.id), [col(RequestRow.decided_by) == _ASKER, _DECIDED], []
    ),
}


@lru_cache(SHAPES)
def page(shape: Shape) -> AnySelect:
    """One more than a page, in the order it is read, with the profiles of the submitters.

    Each row says whether the asker sees every request, `oversees`, and has the counts of the whole
    list, `total` and `under_review`. A search has no counts: it may be a page and no more, and then
    reads its text only once.
    """
    if len(shape.sources) * len(shape.legs) == 1:  # from one index
        source, leg = shape.sources[0], shape.legs[0]
        rows = _one_leg(_NAMED.where(*_TABLES[source].join), source, leg, shape)
    else:  # from several, of each no more than a page
        keys = _merged(
            _one_leg(_keys(source, shape, number), source, leg, shape)
            for source in shape.sources
            for number, leg in enumerate(shape.legs)
        )
        order = _order(keys.c.at, keys.c.id, descending=shape.descending)
        rows = _NAMED.where(col(RequestRow.id) == keys.c.id).order_by(keys.c.leg, *order)
        rows = rows.limit(_number(PAGE_SIZE + 1))
    rows = rows.add_columns(_OVERSEES)
    if shape.words:
        return rows
    counted = counts(shape).cte("counted")
    figures = (counted.c.total, counted.c.under_review)
    return rows.add_columns(*(select(n).scalar_subquery().label(n.name) for n in figures))


@lru_cache(SHAPES)
def counts(shape: Shape) -> AnySelect:
    """How many there are, and how many of them are Under Review, each capped.

    Both come from one pass, as long as there are not so many that it ends early.
    """
    found = _capped(shape)
    is_open = found.c.status == _text(Status.UNDER_REVIEW)
    passed = func.coalesce(func.sum(case((is_open, 1), else_=0)), 0)
    every = _counted(shape, Status.UNDER_REVIEW) if shape.statuses is not Statuses.ENDED else 0
    waiting = case((func.count() > COUNT_LIMIT, every), else_=passed)
    total = func.count().label("total")
    return select(total, waiting.label("under_review")).select_from(found)


@lru_cache(SHAPES)
def counts_by_status(shape: Shape) -> AnySelect:
    """How many there are of each status, in the order of the statuses, each capped."""
    return select(*(_counted(shape, status) for status in Status))


def whole(shape: Shape) -> Select[RequestRow]:
    """All requests of the list, in its order."""
    at, id_ = _place(Source.ALL, shape)
    order = _order(at, id_, descending=shape.descending)
    no_date_last = [at.is_(None)] if shape.order == "completed_on" else []
    requests = select(RequestRow).order_by(*no_date_last, *order)
    if len(shape.sources) == 1:
        source = shape.sources[0]
        return requests.where(*_conditions(source, shape), *_TABLES[source].join)
    parts: list[AnySelect] = [
        select(_TABLES[source].id.label("id")).where(*_conditions(source, shape))
        for source in shape.sources
    ]
    return requests.where(id_ == _merged(parts).c.id)


def _keys(source: Source, shape: Shape, leg: int) -> AnySelect:
    """As much of a request as tells its place in the list."""
    at, id_ = _place(source, shape)
    return select(literal_column(str(leg)).label("leg"), at.label("at"), id_.label("id"))


def _one_leg(columns: AnySelect, source: Source, leg: Leg, shape: Shape) -> AnySelect:
    """One more than a page of a leg, in the order it is read."""
    at, id_ = _place(source, shape)
    chosen = columns.where(*_conditions(source, shape))
    if leg.completed is not None:
        chosen = chosen.where(at.is_not(None) if leg.completed else at.is_(None))
    if leg.past:  # past the cursor: a comparison of rows, which an index answers at once
        here: _Column = id_
        there: _Column = bindparam("id", type_=Key)
        if leg.completed is not False:
            here, there = tuple_(at, id_), tuple_(bindparam("at", type_=UTCDateTime()), there)
        chosen = chosen.where(here < there if shape.descending else here > there)
    order = _order(at, id_, descending=shape.descending)
    return chosen.order_by(*order).limit(_number(PAGE_SIZE + 1))


def _merged(parts: Iterable[AnySelect]) -> Subquery:
    """Each once, though it may come from several sources."""
    return union(*(select(part.subquery()) for part in parts)).subquery()


def _counted(shape: Shape, status: Status) -> ScalarSelect[int]:
    return select(func.count()).select_from(_capped(shape, status)).scalar_subquery()


def _capped(shape: Shape, only: Status | None = None) -> Subquery:
    """As many as are counted at most, and their statuses; with `only`, of this status."""
    only_open = only is Status.UNDER_REVIEW or shape.statuses is Statuses.OPEN
    parts = []
    for source in shape.sources:
        table = _TABLES[source]
        status = col(table.rows.status)
        wanted = _conditions(source, shape)
        if only:
            wanted.append(status == _text(only))
        if shape.words and only_open:
            # The index with the text knows that what is open is not completed.
            wanted.append(col(table.rows.completed_on).is_(None))
        part: AnySelect = select(table.id.label("id"), status.label("status"))
        parts.append(part.where(*wanted).limit(_number(COUNT_LIMIT + 1)))
    if len(parts) == 1:
        return parts[0].subquery()
    return select(_merged(parts)).limit(_number(COUNT_LIMIT + 1)).subquery()


def _conditions(source: Source, shape: Shape) -> list[ColumnElement[bool]]:
    """What a source and a filter ask of the rows."""
    table = _TABLES[source]
    found = list(table.whose)
    status = col(table.rows.status)
    if shape.statuses is Statuses.OPEN:
        found.append(status == _text(Status.UNDER_REVIEW))
    elif shape.statuses is not Statuses.ANY:
        found.append(in_list(status, "status"))
    if shape.overdue:
        found.append(col(table.rows.due_at) <= bindparam("now", type_=UTCDateTime()))
    if shape.waits is Waits.SUBMITTER:
        # In the words of the index of these alone.
        found.append(col(RequestRow.questions_open) > literal_column("0"))
    elif shape.waits is Waits.REVIEWERS:
        found.append(col(RequestRow.questions_open) == _number(0))
    for name, several in shape.narrowed:
        column = col(getattr(RequestRow, name))
        found.append(in_list(column, name) if several else column == bindparam(name))
    for bound in shape.bounds:
        day: _Column = col(getattr(table.rows, bound.column))
        moment = bindparam(bound.parameter, type_=UTCDateTime())
        found.append(day >= moment if bound.is_first else day < moment)
    for number, is_ref in enumerate(shape.words):
        # A word is part of the mini program's name or id, or names the request itself (MP-12).
        if is_ref:
            found.append(col(RequestRow.id) == bindparam(f"ref{number}"))
        else:
            word: ColumnElement[str] = bindparam(f"word{number}")
            pattern: ColumnElement[str] = bindparam(f"pattern{number}")
            found.append(part_of(RequestRow.search_text, word, pattern))
    return found + (table.join if shape.narrowed or shape.words or shape.waits else [])


def _place(source: Source, shape: Shape) -> tuple[_Column, _Column]:
    """The columns that order it."""
    rows = _TABLES[source].rows
    return col(getattr(rows, shape.order)), _TABLES[source].id


def _order(at: Any, id_: Any, *, descending: bool) -> list[UnaryExpression[Any]]:
    return [at.desc(), id_.desc()] if descending else [at.asc(), id_.asc()]


def _number(limit: int) -> ColumnElement[int]:
    """For PostgreSQL a constant, or it would not know how far a plan made once has to read.

    For SQLite an expression: it takes a small constant for a reason to sort all there is.
    """
    return literal_column(f"{limit} + 0")


def _text(status: Status) -> ColumnElement[str]:
    """In the words of the statement: an index of some statuses alone serves no parameter."""
    return literal_column(f"'{status.value}'")
