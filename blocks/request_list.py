"""A page of requests: the count first, then two lines a request, then the way to other pages.

At most ten requests a page keep the message far from Slack's 50 blocks and 13,000 characters.
"""

import re
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, ContextBlock, SectionBlock
from store.domain.query_words import words

from blocks import buttons, facts, paging
from blocks.message import Message
from blocks.text import date, escape, line, mrkdwn, who
from store.domain.query import COUNT_LIMIT, PAGE_SIZE, Filter, ListQuery, Page, Scope
from store.domain.request import People, Request, Status

_PERSON = re.compile(r"&lt;@([UW][A-Z0-9]+)(?:\|[^&]*)?&gt;")


def build(query: ListQuery, page: Page, people: People, *, now: datetime) -> Message:
    """The page as a message. `now` dates the answer, since a list ages from then on."""
    heading = f"*{query.scope.label}* · {_counts(page)}"
    fallback = f"{query.scope.label}: {_counts(page)}"
    if not page.requests:
        return Message(fallback, (_section(heading), _section(_nothing(query, page, people))))
    rows = [_row(request, people) for request in page.requests[:PAGE_SIZE]]
    return Message(
        fallback,
        (_section(heading), *rows, *_pages(query, page), _foot(query, page, people, now)),
    )


def _row(request: Request, people: People) -> SectionBlock:
    completed = (
        f"completed {date(request.completed_on)}" if request.completed_on else "not completed"
    )
    text = "\n".join(
        (
            f"*{request.ref} {line(request.title, 300)}*",
            " · ".join(
                (
                    facts.status(request),
                    f"{facts.ENVIRONMENT_MARKS[request.environment]} {request.environment.label}",
                    request.category.label,
                    line(request.mini_program_name, 150),
                    line(request.version, 80) if request.version else "no version",
                )
            ),
            f"by {who(request.submitted_by, people)} · created {date(request.created_at)}"
            f" · {completed}",
        )
    )
    return SectionBlock(text=mrkdwn(text), accessory=buttons.details(request, "View"))


def _counts(page: Page) -> str:
    under_review = f"{_count(page.under_review)} {Status.UNDER_REVIEW.label}"
    total = "1 request" if page.total == 1 else f"{_count(page.total)} requests"
    return f"{total}, {under_review}" if page.total else "no requests"


def _count(number: int) -> str:
    return f"{number:,}" if number <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def _pages(query: ListQuery, page: Page) -> list[Block]:
    previous = paging.encode(query, page.previous) if page.previous else None
    following = paging.encode(query, page.next) if page.next else None
    row: list[ButtonElement] = []
    if previous:
        row.append(buttons.link("Previous", buttons.PREVIOUS_PAGE, previous))
    if following:
        row.append(buttons.link("Next", buttons.NEXT_PAGE, following))
    return [buttons.row(*row)] if row else []


def _foot(query: ListQuery, page: Page, people: People, now: datetime) -> ContextBlock:
    last = page.first + len(page.requests) - 1
    place = f"{page.first:,} to {last:,} of {_count(page.total)}"
    return ContextBlock(
        elements=[mrkdwn(f"{place} · {_spoken(query, people)} · as of {date(now)}")]
    )


def _spoken(query: ListQuery, people: People) -> str:
    """The words that make this list, ready to be typed again; people by name."""
    said = _PERSON.sub(lambda found: f"@{who(found[1], people)}", escape(words(query)))
    return said or "no filter"


_COMMANDS = {
    Scope.MINE: "`/mp-requests mine`",
    Scope.APPROVALS: "`/mp-requests approvals`",
    Scope.ALL: "`/mp-requests list`",
}
_NONE_YET = {
    Scope.MINE: "You have not submitted a request yet. `/mp-requests new` starts one.",
    Scope.APPROVALS: "No request is assigned to you yet. When one is, its card comes to you here.",
    Scope.ALL: "There is no request you can see yet. `/mp-requests new` starts one.",
}


def _nothing(query: ListQuery, page: Page, people: People) -> str:
    command = _COMMANDS[query.scope]
    if page.total or query.cursor:
        return f"Nothing is left on this page. {command} starts again from the top."
    if query.filter == Filter():
        return _NONE_YET[query.scope]
    return f"No request matches {_spoken(query, people)}. Take a word away, or see all: {command}"


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text))
