"""Pages of lists, first and deep, and searches, beside the SQL one would write by hand for each.

The floor reads what the page shows: its rows, the names of who submitted them, both counts; over
the same asynchronous driver, in three statements, decoded to tuples. It is asked with what is known
beforehand: who may see all, which index leads, whether a count is needed at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from store.domain.lists.query import COUNT_LIMIT, PAGE_SIZE, Cursor, Filter, ListQuery, Scope, Sort
from store.domain.policy import Policy
from store.domain.request import Category, Environment, Status
from store.engine.database import Database
from store.lists import listing
from tests.bench.places import POLICY, Bare, Place
from tests.bench.seed import REGULAR
from tests.bench.table import Line
from tests.bench.timing import Taken, by_turns

ASKER, OUTSIDER = REGULAR, "U00011"
FEW = Policy(admins=("U00000",), reviewers=("U01999",))
"""Under it the outsider reviews nothing any more and sees their own and what they were given."""
DEPTH = 300_000
"""Requests before the 30,000th page; among fewer requests the same share of them."""
_FACTS = (
    "r.id, r.revision, r.external_id, r.category, r.title, r.mini_program_id, r.mini_program_name, "
    "r.environment, r.version, r.submitted_by, r.created_at, r.status, r.completed_on, r.stage, "
    "r.decided_by, r.rejection_class, r.decision_reason, r.details, r.resubmission_of, r.attempt, "
    "r.release_stage, r.moved_at"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A list as somebody asks for it, and as SQL: what follows FROM, of its page and its counts.

    `row` is what is ordered and counted; `{text}` stands for how a database best looks for a word.
    """

    name: str
    query: ListQuery
    where: str
    values: tuple[Any, ...] = ()
    asker: str = ASKER
    policy: Policy = field(default=POLICY)
    row: str = "r"
    source: str = "request r"
    counted: str = ""
    opened: str = ""

    @property
    def keys(self) -> tuple[str, str]:
        """What orders it."""
        return (
            f"{self.row}.{self.query.sort.column}",
            "a.request_id" if self.row == "a" else f"{self.row}.id",
        )

    @property
    def counts(self) -> tuple[str, str]:
        """What is counted in all, and of what is Under Review."""
        rows = self.counted or f"{self.source} WHERE {self.where}"
        return rows, self.opened or f"{rows} AND {self.row}.{_IS_OPEN}"


def _all(name: str, where: str, *values: Any, sort: Sort = Sort.NEWEST, **parts: Any) -> Case:
    return Case(name, ListQuery(Scope.ALL, Filter(**parts), sort), where, values)


def _given(name: str, where: str, sort: Sort = Sort.NEWEST, **parts: Any) -> Case:
    query = ListQuery(Scope.APPROVALS, Filter(**parts), sort)
    where = f"a.reviewer = ?{where}"
    joined, counted = "assignment a JOIN request r ON r.id = a.request_id", "assignment a"
    return Case(
        name, query, where, (ASKER,), row="a", source=joined, counted=f"{counted} WHERE {where}"
    )


def _both(columns: str, order: str = "", more: str = "", limit: int = COUNT_LIMIT + 1) -> str:
    """What somebody submitted and what they were given, of each no more than is needed."""
    own = f"SELECT id, {columns} FROM request WHERE submitted_by = ? {more}"
    given = f"SELECT request_id, {columns} FROM assignment WHERE reviewer = ? {more}"
    parts = (
        f"SELECT * FROM ({own} {order.format('id')} LIMIT {limit}) AS own",
        f"SELECT * FROM ({given} {order.format('request_id')} LIMIT {limit}) AS given",
    )
    return f"({' UNION '.join(parts)})"


_MINE = "r.submitted_by = ?"
_IS_OPEN = "status = 'under_review'"
_OPEN, _APPROVED = f"r.{_IS_OPEN}", "r.status = 'approved'"
_NEWEST = _both("created_at", "ORDER BY created_at DESC, {} DESC", limit=PAGE_SIZE + 1)
CASES = [
    _all("list", "TRUE"),
    _all("list oldest first", "TRUE", sort=Sort.OLDEST),
    _all("list last completed", "TRUE", sort=Sort.COMPLETED_LAST),
    _all("list first completed", "TRUE", sort=Sort.COMPLETED_FIRST),
    _all("status", _OPEN, statuses=(Status.UNDER_REVIEW,)),
    _all("two statuses", "r.status IN ('approved', 'rejected')",
         statuses=(Status.APPROVED, Status.REJECTED)),
    _all("status, completed", _APPROVED, statuses=(Status.APPROVED,), sort=Sort.COMPLETED_FIRST),
    _all("open, completed", _OPEN, statuses=(Status.UNDER_REVIEW,), sort=Sort.COMPLETED_LAST),
    _all("environment", "r.environment = 'sandbox'", environments=(Environment.SANDBOX,)),
    _all("category", "r.category = 'optimization_modify'", categories=(Category.OPTIMIZATION,)),
    _all("three filters", "r.status = 'rejected' AND r.environment = 'sandbox' "
         "AND r.category = 'mini_program_launch'", statuses=(Status.REJECTED,),
         environments=(Environment.SANDBOX,), categories=(Category.LAUNCH,)),
    _all("submitter", _MINE, "U00023", submitters=("U00023",)),
    _all("submitter, completed", _MINE, "U00023", submitters=("U00023",),
         sort=Sort.COMPLETED_FIRST),
    Case("own and given", ListQuery(Scope.ALL), "TRUE", (OUTSIDER, OUTSIDER), OUTSIDER, FEW,
         source=f"{_NEWEST} AS k JOIN request r ON r.id = k.id",
         counted=f"{_both('status')} AS k",
         opened=f"{_both('status', more=f'AND {_IS_OPEN}')} AS k"),
    _given("approvals, open", f" AND a.{_IS_OPEN}", statuses=(Status.UNDER_REVIEW,)),
    _given("approvals, completed", "", Sort.COMPLETED_LAST),
    _all("due first", _OPEN, statuses=(Status.UNDER_REVIEW,), sort=Sort.DUE_FIRST),
    _given("approvals, due first", f" AND a.{_IS_OPEN}", Sort.DUE_FIRST,
           statuses=(Status.UNDER_REVIEW,)),
]  # fmt: skip
DEEP = CASES[:7]
MINE = Case("mine", ListQuery(Scope.MINE), _MINE, (ASKER,))
APPROVALS = _given("approvals", "")
_TEXT = "{text}"
SEARCHES = [
    _all("common word", _TEXT, "kape", words="kape"),
    _all("two words", f"{_TEXT} AND {_TEXT}", "kape", "queue", words="kape queue"),
    _all("no such word", _TEXT, "nowhere", words="nowhere"),
    _all("program id", _TEXT, "2171020092704321", words="2171020092704321"),
    _all("part of an id", _TEXT, "092704321", words="092704321"),
    _all("no such id", _TEXT, "2171020092799999", words="2171020092799999"),
    _all("word and status", f"{_TEXT} AND {_OPEN}", "padala", words="padala",
         statuses=(Status.UNDER_REVIEW,)),
    _all("word, completed", _TEXT, "jeepney", words="jeepney", sort=Sort.COMPLETED_FIRST),
    _all("MP-4321", "r.id = ?", 4321, words="MP-4321"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """One case, measured."""

    case: Case
    small: Taken
    ours: Taken
    floor: Taken

    def line(self, database: str, work: str, **aims: Any) -> Line:
        """As a line of the table."""
        return Line(work, database, self.ours, self.floor, self.small, note=self.case.name, **aims)


async def compare(
    cases: Sequence[Case], few: Place, many: Place, *, deep: bool = False, rounds: int, times: int
) -> list[Compared]:
    """Each case by turns: ours among few, ours among many, the floor among many."""
    async with few.store() as small, many.store() as large, few.bare() as lens, many.bare() as bare:
        for each in (lens, bare):
            await each.plan_for_values()
        found = []
        for case in cases:
            near = await _at(lens, case, few.count) if deep else case
            far = await _at(bare, case, many.count) if deep else case
            taken = await by_turns(
                lambda case=near: _ours(small, case),
                lambda case=far: _ours(large, case),
                lambda case=far: _floor(bare, case),
                rounds=rounds,
                times=times,
            )
            found.append(Compared(case, *taken))
        return found


def worst(database: str, work: str, found: Sequence[Compared], **aims: Any) -> list[Line]:
    """The case furthest from its floor, and the one that grows most."""
    by_ratio = max(found, key=lambda one: one.ours.median / one.floor.median)
    by_growth = max(found, key=lambda one: one.ours.median / one.small.median)
    chosen = [by_ratio] if by_ratio is by_growth else [by_ratio, by_growth]
    return [one.line(database, work, **aims) for one in chosen]


async def _ours(db: Database, case: Case) -> None:
    found = await listing.listing(db, case.query, asker=case.asker, policy=case.policy)
    assert found.page.total >= len(found.page.requests)


async def _at(bare: Bare, case: Case, count: int) -> Case:
    """The same list at a page deep in it: counted in requests of any kind."""
    at, id_ = case.keys
    falling = "DESC" if case.query.sort.descending else "ASC"
    depth = min(DEPTH, DEPTH * count // 1_000_000)
    rows = await bare.fetch(
        f"SELECT {at}, {id_} FROM {case.source} WHERE {case.where} AND {at} IS NOT NULL "
        f"ORDER BY {at} {falling}, {id_} {falling} LIMIT 1 OFFSET ?",
        (*case.values, min(depth, await _half(bare, case))),
    )
    return replace(case, query=case.query.at(Cursor(rows[0][0], rows[0][1], first=depth + 1)))


async def _half(bare: Bare, case: Case) -> int:
    at, _ = case.keys
    counted = f"SELECT count({at}) FROM {case.source} WHERE {case.where}"
    return int((await bare.fetch(counted, case.values))[0][0]) // 2


async def _floor(bare: Bare, case: Case) -> None:
    rows = await _page(bare, case)
    named = sorted({row[9] for row in rows})
    await bare.fetch(
        "SELECT user_id, name, email, timezone, locale, active FROM person "
        f"WHERE user_id IN ({', '.join('?' * len(named)) or 'NULL'})",
        named,
    )
    if case.query.cursor or len(rows) > PAGE_SIZE:
        await _count(bare, case)


async def _count(bare: Bare, case: Case) -> None:
    """What is open is not completed: where text is looked for, that leads to a shorter index."""
    short = " AND r.completed_on IS NULL" if case.query.filter.words else ""
    every, opened = (rows.format(text=bare.text) for rows in case.counts)
    limit = f"LIMIT {COUNT_LIMIT + 1}"
    await bare.fetch(
        f"SELECT (SELECT count(*) FROM (SELECT 1 FROM {every} {limit}) AS total), "
        f"(SELECT count(*) FROM (SELECT 1 FROM {opened}{short} {limit}) AS waiting)",
        case.values * 2,
    )


async def _page(bare: Bare, case: Case) -> list[tuple[Any, ...]]:
    """What is completed, and where that ends, what is not; each part from one index."""
    at, id_ = case.keys
    way, past = ("DESC", "<") if case.query.sort.descending else ("ASC", ">")
    cursor = case.query.cursor
    beyond = f"AND ({at}, {id_}) {past} (?, ?)" if cursor else ""
    by_completion, only_open = case.query.sort.by_completion, case.where == _OPEN
    page = f"SELECT {_FACTS} FROM {case.source} WHERE {case.where.format(text=bare.text)}"
    # An expression: SQLite takes a small constant for a reason to sort all there is.
    order = f"ORDER BY {at} {way}, {id_} {way} LIMIT {PAGE_SIZE + 1} + 0"
    place = (cursor.at, cursor.id) if cursor else ()
    rows: list[tuple[Any, ...]] = []
    if not (by_completion and only_open):
        some = f"AND {at} IS NOT NULL" if by_completion else ""
        rows = await bare.fetch(f"{page} {some} {beyond} {order}", (*case.values, *place))
    if by_completion and len(rows) <= PAGE_SIZE:
        rows += await bare.fetch(f"{page} AND {at} IS NULL {order}", case.values)
    return rows[: PAGE_SIZE + 1]
