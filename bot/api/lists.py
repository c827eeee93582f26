"""Lists by the API: what Slack's lists show to somebody who sees every request, page by page."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bot import interchange
from bot.api.door import Parts
from bot.api.problems import Problem, wrong_fields
from store import people
from store.domain.lists import days
from store.domain.lists.cursor import decode_cursor, encode_cursor
from store.domain.lists.filter_names import (
    CATEGORIES,
    DUE,
    ENVIRONMENTS,
    SENT,
    SORTS,
    STATUSES,
    WAITS,
    WordsError,
    of_what_is_open,
)
from store.domain.lists.filter_text import FREE_WORDS_LIMIT, SUBMITTER_LIMIT
from store.domain.lists.query import COUNT_LIMIT, Cursor, Days, Filter, ListQuery, Page, Scope, Sort
from store.domain.request import People
from store.domain.typed_text import tidy
from store.lists import listing

_SEVERAL = "several after a comma, or given several times"

_DAYS = (
    "`2026-10`, `2026-10-05`, `>2026-11-01` or `2026-10-01..2026-10-31`; whole days where the "
    "policy's time zone is"
)


class Asked(BaseModel):
    """What a list may be asked for, by the names that one types in Slack."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(description="Words of a mini program's name or id, or MP-12")] = ""
    status: Annotated[list[str], Field(description=f"Statuses; {_SEVERAL}")] = []
    env: Annotated[list[str], Field(description=f"Environments; {_SEVERAL}")] = []
    category: Annotated[list[str], Field(description=f"Categories; {_SEVERAL}")] = []
    by: Annotated[list[str], Field(description=f"Who submitted: addresses, ids; {_SEVERAL}")] = []
    sent: Annotated[
        list[str], Field(description=f"What the platform said to approvals; {_SEVERAL}")
    ] = []
    created: Annotated[str | None, Field(description=f"Created At: {_DAYS}")] = None
    completed: Annotated[str | None, Field(description=f"Completed On: {_DAYS}")] = None
    waits: Annotated[list[str], Field(description=f"For whom it waits; {_SEVERAL}")] = []
    due: Annotated[list[str], Field(description=f"When it is due; {_SEVERAL}")] = []
    sort: Annotated[str | None, Field(description=", ".join(SORTS.canonical))] = None
    cursor: Annotated[str | None, Field(description="`next` or `previous` of a page")] = None
    external_id: Annotated[
        str | None, Field(description="The one with this external id, in full; nothing beside it")
    ] = None


async def page(parts: Parts, asked: Asked) -> dict[str, Any]:
    """The page that is asked for. Raises Problem."""
    query = await _query(parts, asked)
    async with parts.db.snapshot() as session:
        found = await listing.every(session, query, policy=parts.policy, now=parts.clock())
        requests = found.page.requests
        acting = (
            (e.decided_by, e.decided_for, e.tester, e.reviewed_by, *e.escalated_to)
            for e in requests
        )
        deciders = {user for users in acting for user in users if user}
        named = {**await people.known(session, deciders - found.people.keys()), **found.people}
    return _shown(found.page, named)


def unknown(names: Sequence[str]) -> Problem:
    """422: a list cannot be asked for this."""
    known = ", ".join(Asked.model_fields)
    return wrong_fields(dict.fromkeys(names, f"A list knows {known}."))


def _shown(page: Page, named: People) -> dict[str, Any]:
    return {
        "requests": [interchange.summary(request, named) for request in page.requests],
        "total": min(page.total, COUNT_LIMIT),
        "more_than_total": page.total > COUNT_LIMIT,
        "next": encode_cursor(page.next) if page.next else None,
        "previous": encode_cursor(page.previous) if page.previous else None,
    }


async def _query(parts: Parts, asked: Asked) -> ListQuery:
    wrong: dict[str, str] = {}

    def chosen(names: Any, field: str, values: list[str]) -> Any:
        try:
            return names.chosen(_several(values))
        except WordsError as error:
            wrong[field] = error.sentence
            return ()

    words = " ".join(tidy(asked.q).split())
    if len(words) > FREE_WORDS_LIMIT:
        wrong["q"] = f"A search has at most {FREE_WORDS_LIMIT} characters; this has {len(words):,}."
    sorts: tuple[Sort, ...] = chosen(SORTS, "sort", [asked.sort] if asked.sort else [])
    wanted = Filter(
        statuses=chosen(STATUSES, "status", asked.status),
        environments=chosen(ENVIRONMENTS, "env", asked.env),
        categories=chosen(CATEGORIES, "category", asked.category),
        submitters=await _submitters(parts, _several(asked.by), wrong),
        sent=chosen(SENT, "sent", asked.sent),
        created=_days(asked.created, "created", wrong),
        completed=_days(asked.completed, "completed", wrong),
        due=chosen(DUE, "due", asked.due),
        waits=chosen(WAITS, "waits", asked.waits),
        words=words,
    )
    sort, cursor = sorts[0] if sorts else Sort.NEWEST, _cursor(asked.cursor, wrong)
    try:
        wanted = of_what_is_open(wanted, sort)
    except WordsError as error:
        wrong["status"] = error.sentence
    if wrong:
        raise wrong_fields(wrong)
    return ListQuery(Scope.ALL, wanted, sort, cursor)


def _several(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _days(text: str | None, field: str, wrong: dict[str, str]) -> Days:
    try:
        return days.parse(text) if text else Days()
    except WordsError as error:
        wrong[field] = error.sentence
        return Days()


def _cursor(text: str | None, wrong: dict[str, str]) -> Cursor | None:
    cursor = decode_cursor(text) if text else None
    if text and cursor is None:
        wrong["cursor"] = "This is no cursor of a page; take `next` or `previous` as it was given."
    return cursor


async def _submitters(parts: Parts, named: list[str], wrong: dict[str, str]) -> tuple[str, ...]:
    """Only who is on record can have submitted anything; Slack is not asked."""
    if len(named) > SUBMITTER_LIMIT:
        wrong["by"] = f"This takes at most {SUBMITTER_LIMIT} people."
        return ()
    found = []
    async with parts.db.snapshot() as session:
        for name in dict.fromkeys(map(tidy, named)):
            met = await people.with_email(session, name) if "@" in name else None
            found.append(met.person.user_id if met else name)
    return tuple(found)
