"""A page of requests: what it is and how many, then two lines a request, then the way to others.

What must stay true: all nine columns of the platform are there. What every row has in common (one
status asked for) stands in the heading; what a title says already is not said twice.

At most ten requests a page keep the message far from Slack's 50 blocks and 13,000 characters.
Rows and not a table: nine columns do not fit on a phone, and a table's cells hold no button.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, SectionBlock

from blocks import buttons, paging, request_text
from blocks.message import Message
from blocks.text import date, line, mrkdwn, safe, who
from store.domain.lifecycle import Act
from store.domain.lists.filter_text import words
from store.domain.lists.query import (
    COUNT_LIMIT,
    Filter,
    ListQuery,
    Page,
    Scope,
    default_sort,
    is_about_due,
)
from store.domain.request import People, Request, Status
from store.domain.typed_text import folded
from store.domain.workspace import Workspace

NO_LINKS = Workspace()
"""Where no address is known, rows have their button alone."""
NOTHING_MORE: Mapping[str, str] = {}
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>")


def build(
    query: ListQuery,
    page: Page,
    people: People,
    *,
    now: datetime,
    workspace: Workspace = NO_LINKS,
) -> Message:
    """The page as a message. `now` dates the answer, since a list ages from then on; rows lead to
    the reader's own cards in the workspace.
    """
    return Message(
        f"{query.scope.label}: {counted(query, page)}",
        (
            heading(query, page),
            *rows(query, page, people, workspace),
            *turning(query, page),
            acts(query, page),
            foot(query, page, people, now),
        ),
    )


def heading(query: ListQuery, page: Page) -> SectionBlock:
    """Which list, how much is in it, and its order where that is of another date than usual."""
    order = f" · {query.sort.label}" if query.sort.by_completion else ""
    return _section(f"*{query.scope.label}* · {counted(query, page)}{order}")


def rows(
    query: ListQuery, page: Page, people: People, workspace: Workspace = NO_LINKS
) -> list[Block]:
    """The requests of the page; without any, a sentence with a next step."""
    if not page.requests:
        return [_section(_nothing(query, page))]
    found: list[Block] = []
    alone = _status(query, page)
    for each in page.requests:
        card = page.cards.get(each.id)
        place = workspace.permalink(card) if card else None
        found += _row(each, page.acts.get(each.id, frozenset()), query, people, place, alone)
    return found


def command(query: ListQuery, people: People) -> str:
    """The command that gives this list, as one would type it, with people by name.

    Escaped, and without a backtick, so that it can stand between two.
    """
    given = words(query).replace("&lt;", "<").replace("&amp;", "&").replace("`", "ˋ")
    parts = _PERSON.split(given)
    named = [_named(part, people) if place % 2 else safe(part) for place, part in enumerate(parts)]
    return f"/mp-requests {query.scope.value} {''.join(named)}".rstrip()


def counted(query: ListQuery, page: Page) -> str:
    """ "37 requests, 4 Under Review"; of a list of one status "4 Under Review", or "4 are waiting
    for you". "1,000+" stands for whatever is more.
    """
    if not page.total:
        return "no requests"
    if query == paging.opening(Scope.APPROVALS).at(query.cursor):
        return f"{count(page.total)} {'is' if page.total == 1 else 'are'} waiting for you"
    if query.filter.due:
        return f"{count(page.total)} overdue"
    if alone := _status(query, page):
        return f"{count(page.total)} {alone.label}"
    total = "1 request" if page.total == 1 else f"{count(page.total)} requests"
    left = f", {count(page.under_review)} {Status.UNDER_REVIEW.label}" if page.under_review else ""
    return total + left


def count(number: int) -> str:
    """A number that may have been counted only up to the limit."""
    return f"{number:,}" if number <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def turning(query: ListQuery, page: Page) -> list[Block]:
    """Previous and Next, as far as there are such pages."""
    ways = (
        ("Previous", buttons.PREVIOUS_PAGE, page.previous),
        ("Next", buttons.NEXT_PAGE, page.next),
    )
    found = [
        buttons.link(label, action_id, paging.encode(query.at(cursor)), about=query.scope.label)
        for label, action_id, cursor in ways
        if cursor
    ]
    return [buttons.row(*found)] if found else []


def acts(query: ListQuery, page: Page, *, more: Mapping[str, str] = NOTHING_MORE) -> ActionsBlock:
    """Two acts and a menu: the way into the queue of this list, for who may decide anything on the
    page; a new request; and in the menu what may be done with the list, and `more`.
    """
    here, whole = query.at(None), ListQuery(query.scope, sort=default_sort(query.scope))
    may_decide = any(Act.APPROVE in acts for acts in page.acts.values())
    place, about = paging.encode(here), query.scope.label
    start = buttons.link("Start reviewing", buttons.QUEUE_START, place, about=about, marked=True)
    entries = {"filter": place, "all": paging.encode(whole), "download": place, **more, "help": ""}
    if here == whole:
        del entries["all"]
    return buttons.row(
        *([start] if may_decide else []),
        buttons.link("New request", buttons.NEW),
        *buttons.list_menu(entries),
    )


def foot(query: ListQuery, page: Page, people: People, now: datetime) -> ContextBlock:
    """ "1 to 10 · as of today at 11:00", and the command that gives this list where it is filtered;
    an empty page has no place in it.
    """
    last = page.first + len(page.requests) - 1
    said = [f"{page.first:,} to {last:,}"] if page.total > len(page.requests) > 0 else []
    said.append(f"as of {date(now)}")
    if is_filtered(query):
        said.append(f"`{command(query, people)}`")
    return ContextBlock(elements=[mrkdwn(" · ".join(said))])


def is_filtered(query: ListQuery) -> bool:
    """Whether it is another list than a button leads to by itself."""
    plain_list = ListQuery(query.scope, sort=default_sort(query.scope))
    return query.at(None) not in (plain_list, paging.opening(query.scope))


def _status(query: ListQuery, page: Page) -> Status | None:
    """The one status that all of the list have, by its filter or by itself; None for several."""
    if len(query.filter.statuses) == 1:
        return query.filter.statuses[0]
    if 0 < page.total == page.under_review <= COUNT_LIMIT:
        return Status.UNDER_REVIEW
    found = {request.status for request in page.requests}
    return found.pop() if len(found) == 1 and page.total == len(page.requests) else None


def _row(
    request: Request,
    acts: AbstractSet[Act],
    query: ListQuery,
    people: People,
    card: str | None,
    alone: Status | None,
) -> Iterator[Block]:
    mark = request_text.ENVIRONMENT_MARKS[request.environment]
    by_due = is_about_due(query.filter, query.sort)
    title, said = line(request.title, 300), folded(request.title)
    small = [
        request.ref,
        "" if alone else request_text.status(request),
        line(request.stage_now.name, 80) if request.is_open and request.terms.named else "",
        f"{who(request.tester, people)} is testing" if request.tester else "",
        *(f"handed to you by {who(each.by, people)}" for each in request.handed),
        "🚨 approved in an emergency" if request.is_emergency else "",
        request_text.waits_for(request, people) if request.rest else "",
        request_text.sent(request),
        request.category.label,
        "" if folded(request.mini_program_name) in said else line(request.mini_program_name, 150),
        "" if request.version and folded(request.version) in said else _version(request),
        "" if query.scope is Scope.MINE else f"by {who(request.submitted_by, people)}",
        f"created {date(request.created_at)}",
        request_text.due(request) if request.terms.target_hours or by_due else "",
        f"completed {date(request.completed_on)}" if request.completed_on else "",
    ]
    named = f"<{card}|{title}>" if card else title
    head = mrkdwn(f"*{named}* · {mark} {request.environment.label}")
    yield SectionBlock(text=head, accessory=buttons.menu(request, acts))
    yield ContextBlock(elements=[mrkdwn(" · ".join(filter(None, small)))])


def _version(request: Request) -> str:
    return line(request.version, 80) if request.version else "no version"


def _named(user_id: str, people: People) -> str:
    return f"@{who(user_id, people)}" if user_id in people else f"@{user_id}"


_COMMANDS = {scope: f"`/mp-requests {scope.value}`" for scope in Scope}
_NONE_YET = {
    Scope.MINE: "You have not submitted a request yet. `/mp-requests new` starts one.",
    Scope.APPROVALS: "No request is assigned to you yet. When one is, its card comes to you here.",
    Scope.ALL: "There are no requests for you to see yet. `/mp-requests new` starts one.",
}


def _nothing(query: ListQuery, page: Page) -> str:
    again = _COMMANDS[query.scope]
    if page.total or query.cursor:
        return f"Nothing is left on this page. {again} starts again from the top."
    if query.filter == Filter():
        return _NONE_YET[query.scope]
    if query == paging.opening(Scope.APPROVALS):
        return "Nothing is waiting for you. *Show all*, in the menu, lists what was decided."
    whole = "what is waiting for you" if query.scope is Scope.APPROVALS else "all"
    return f"No request matches. Remove a filter, or see {whole} with {again}."


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text))
