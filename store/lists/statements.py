"""The statements behind a list: a page of it, how much is in it, and the whole of it.

What must stay true: a page walks an index in the order of the list from where it begins, so that it
costs the same anywhere in it, at any size; and it comes in one statement, so that all it says is of
one moment. A statement is made once for a shape of list: making it costs more than running it.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
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
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from store.domain.lists.query import COUNT_LIMIT, PAGE_SIZE
from store.domain.request import Status
from store.engine.columns import Key, part_of
from store.lists.shape import Leg, Shape, Source, Standing
from store.people import PROFILE
from store.snapshots import FACTS
from store.tables import AssignmentRow, MemberRow, PersonRow, RequestRow

SHAPES = 500
"""Statements that are kept: people ask for some dozen, and could for thousands."""
_NAMED = select(*FACTS, *PROFILE).outerjoin_from(
    RequestRow, PersonRow, col(PersonRow.user_id) == RequestRow.submitted_by
)
"""Requests, and who submitted them as far as we have met."""
_ASKER: Any = bindparam("asker")
_GROUPS: Any = bindparam("groups", expanding=True)
_OVERSEES = or_(
    bindparam("named", type_=Boolean),
    exists().where(col(MemberRow.user_id) == _ASKER, col(MemberRow.group_id).in_(_GROUPS)),
).label("oversees")


@lru_cache(SHAPES)
def page(shape: Shape) -> Any:
    """One more than a page in the order of travel, with the profiles of who submitted the requests.

    Each row tells of who asks whether they see every request, `oversees`, and has the counts of the
    whole list, `total` and `under_review`; but not those of a search, which may be a page and no
    more, and reads its text only once then.
    """
    rows = _walked(shape) if len(shape.sources) * len(shape.legs) == 1 else _gathered(shape)
    rows = rows.add_columns(_OVERSEES)
    if shape.words:
        return rows
    counted = counts(shape).cte("counted")
    figures = (counted.c.total, counted.c.under_review)
    return rows.add_columns(*(select(n).scalar_subquery().label(n.name) for n in figures))


@lru_cache(SHAPES)
def counts(shape: Shape) -> Any:
    """How many there are, and how many of them are Under Review, each capped.

    Both come from one pass, as long as there are not so many that it ends early.
    """
    found = _capped(shape)
    is_open = found.c.status == _text(Status.UNDER_REVIEW)
    passed = func.coalesce(func.sum(case((is_open, 1), else_=0)), 0)
    every = _counted(shape, Status.UNDER_REVIEW) if shape.standing is not Standing.ENDED else 0
    waiting = case((func.count() > COUNT_LIMIT, every), else_=passed)
    total = func.count().label("total")
    return select(total, waiting.label("under_review")).select_from(found)


@lru_cache(SHAPES)
def standings(shape: Shape) -> Any:
    """How many there are of each status, in the order of the statuses, each capped."""
    return select(*(_counted(shape, status) for status in Status))


def whole(shape: Shape) -> Any:
    """All requests of the list, in its order."""
    at, id_ = _place(Source.ALL, shape)
    order = _order(at, id_, falling=shape.falling)
    if shape.by_completion:
        order.insert(0, at.is_(None))
    requests = select(RequestRow).order_by(*order)
    if len(shape.sources) == 1:
        source = shape.sources[0]
        return requests.where(*_conditions(source, shape), *_whole(source))
    parts = [
        select(_id(source).label("id")).where(*_conditions(source, shape))
        for source in shape.sources
    ]
    return requests.where(id_ == _merged(parts).c.id)


def _walked(shape: Shape) -> Any:
    """From one index."""
    source, leg = shape.sources[0], shape.legs[0]
    return _stretch(_NAMED.where(*_whole(source)), source, leg, shape)


def _gathered(shape: Shape) -> Any:
    """From several, of each no more than a page."""
    keys = _merged(
        _stretch(_keys(source, shape, number), source, leg, shape)
        for source in shape.sources
        for number, leg in enumerate(shape.legs)
    )
    order = _order(keys.c.at, keys.c.id, falling=shape.falling)
    named = _NAMED.where(col(RequestRow.id) == keys.c.id)
    return named.order_by(keys.c.leg, *order).limit(_number(PAGE_SIZE + 1))


def _stretch(columns: Any, source: Source, leg: Leg, shape: Shape) -> Any:
    """One more than a page of a leg, in the order of travel."""
    at, id_ = _place(source, shape)
    chosen = columns.where(*_conditions(source, shape))
    if leg.completed is not None:
        chosen = chosen.where(at.is_not(None) if leg.completed else at.is_(None))
    if leg.past:
        beyond = _beyond(at, id_, falling=shape.falling, dated=leg.completed is not False)
        chosen = chosen.where(beyond)
    return chosen.order_by(*_order(at, id_, falling=shape.falling)).limit(_number(PAGE_SIZE + 1))


def _beyond(at: Any, id_: Any, *, falling: bool, dated: bool) -> Any:
    """Past the cursor; as a comparison of rows, which an index answers at once."""
    cursor_at, cursor_id = bindparam("at", type_=UTCDateTime()), bindparam("id", type_=Key)
    here = tuple_(at, id_) if dated else id_
    there: Any = tuple_(cursor_at, cursor_id) if dated else cursor_id
    return here < there if falling else here > there


def _keys(source: Source, shape: Shape, leg: int) -> Any:
    at, id_ = _place(source, shape)
    return select(literal_column(str(leg)).label("leg"), at.label("at"), id_.label("id"))


def _merged(parts: Iterable[Any]) -> Any:
    """Each once, though it may come from several sources."""
    return union(*(select(part.subquery()) for part in parts)).subquery()


def _capped(shape: Shape, status: Status | None = None) -> Any:
    """As many as are counted at most, and their statuses."""
    parts = [
        select(_id(source).label("id"), _rows(source).status.label("status"))
        .where(*_conditions(source, shape), *_having(_rows(source), shape, status))
        .limit(_number(COUNT_LIMIT + 1))
        for source in shape.sources
    ]
    if len(parts) == 1:
        return parts[0].subquery()
    return select(_merged(parts)).limit(_number(COUNT_LIMIT + 1)).subquery()


def _having(rows: Any, shape: Shape, status: Status | None) -> list[Any]:
    """This status. Of what is open the index with the text knows that it is not completed."""
    found = [rows.status == _text(status)] if status else []
    only_open = status is Status.UNDER_REVIEW or shape.standing is Standing.OPEN
    return found + ([rows.completed_on.is_(None)] if shape.words and only_open else [])


def _counted(shape: Shape, status: Status) -> Any:
    return select(func.count()).select_from(_capped(shape, status)).scalar_subquery()


def _conditions(source: Source, shape: Shape) -> list[Any]:
    of_requests = [_allowed(name, several=several) for name, several in shape.narrowed]
    of_requests += [_word(number, is_ref=is_ref) for number, is_ref in enumerate(shape.words)]
    found = [*_whose(source), *_of_standing(_rows(source), shape.standing), *of_requests]
    return found + (_whole(source) if of_requests else [])


def _whose(source: Source) -> list[Any]:
    if source is Source.OWN:
        return [col(RequestRow.submitted_by) == _ASKER]
    return [col(AssignmentRow.reviewer) == _ASKER] if source is Source.GIVEN else []


def _whole(source: Source) -> list[Any]:
    """What leads from the rows of a source to the requests themselves.

    A reviewer is given a request at one stage only, so it comes once.
    """
    return [_id(source) == RequestRow.id] if source is Source.GIVEN else []


def _rows(source: Source) -> Any:
    """The rows that stand in the order of its lists."""
    return AssignmentRow if source is Source.GIVEN else RequestRow


def _id(source: Source) -> Any:
    return col(AssignmentRow.request_id if source is Source.GIVEN else RequestRow.id)


def _place(source: Source, shape: Shape) -> tuple[Any, Any]:
    """The columns that order it."""
    rows = _rows(source)
    return col(rows.completed_on if shape.by_completion else rows.created_at), _id(source)


def _of_standing(rows: Any, standing: Standing) -> list[Any]:
    if standing is Standing.ANY:
        return []
    if standing is Standing.OPEN:
        return [rows.status == _text(Status.UNDER_REVIEW)]
    return [rows.status.in_(bindparam("status", expanding=True))]


def _allowed(name: str, *, several: bool) -> Any:
    column = col(getattr(RequestRow, name))
    return column.in_(bindparam(name, expanding=True)) if several else column == bindparam(name)


def _word(number: int, *, is_ref: bool) -> Any:
    """A word is part of the mini program's name or id, or names the request itself (MP-12)."""
    if is_ref:
        return col(RequestRow.id) == bindparam(f"ref{number}")
    return part_of(
        RequestRow.search_text, bindparam(f"word{number}"), bindparam(f"pattern{number}")
    )


def _order(at: Any, id_: Any, *, falling: bool) -> list[Any]:
    return [at.desc(), id_.desc()] if falling else [at.asc(), id_.asc()]


def _number(limit: int) -> Any:
    """For PostgreSQL a constant, or it would not know how far a plan made once has to read.

    For SQLite an expression: it takes a small constant for a reason to sort all there is.
    """
    return literal_column(f"{limit} + 0")


def _text(status: Status) -> Any:
    """In the words of the statement: an index of some statuses alone serves no parameter."""
    return literal_column(f"'{status.value}'")
