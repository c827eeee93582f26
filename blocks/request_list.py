"""A page of requests: the count first, then two lines a request, then the way to other pages.

At most ten requests a page keep the message far from Slack's 50 blocks and 13,000 characters.
"""

import re
from datetime import datetime

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from blocks import buttons, facts, paging
from blocks.message import Message
from blocks.text import date, escape, line, mention, mrkdwn, who
from store.domain.query import COUNT_LIMIT, Filter, ListQuery, Page, Scope
from store.domain.query_words import words
from store.domain.request import People, Request, Status

_PERSON = re.compile(r"&lt;@([UW][A-Z0-9]+)&gt;")


def build(query: ListQuery, page: Page, people: People, *, now: datetime) -> Message:
    """The page as a message. `now` dates the answer, since a list ages from then on."""
    fallback = f"{query.scope.label}: {_counts(page)}"
    spoken = _spoken(query, people)
    heading = _section(
        f"*{query.scope.label}* · {_counts(page)}" + (f"\n{spoken}" if spoken else "")
    )
    if not page.requests:
        return Message(fallback, (heading, _section(_nothing(query, page))))
    rows = [_row(request, people) for request in page.requests]
    return Message(fallback, (heading, *rows, *_pages(query, page), _foot(page, now)))


def _row(request: Request, people: People) -> SectionBlock:
    completed = (
        f"completed {date(request.completed_on)}" if request.completed_on else "not completed"
    )
    standing = (
        facts.status(request),
        f"{facts.ENVIRONMENT_MARKS[request.environment]} {request.environment.label}",
        request.category.label,
        line(request.mini_program_name, 150),
        line(request.version, 80) if request.version else "no version",
    )
    history = (
        f"by {who(request.submitted_by, people)}",
        f"created {date(request.created_at)}",
        completed,
    )
    heading = f"*{request.ref} {line(request.title, 300)}*"
    text = "\n".join((heading, " · ".join(standing), " · ".join(history)))
    return SectionBlock(text=mrkdwn(text), accessory=buttons.details(request, "View"))


def _counts(page: Page) -> str:
    under_review = f"{_count(page.under_review)} {Status.UNDER_REVIEW.label}"
    total = "1 request" if page.total == 1 else f"{_count(page.total)} requests"
    return f"{total}, {under_review}" if page.total else "no requests"


def _count(number: int) -> str:
    return f"{number:,}" if number <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def _pages(query: ListQuery, page: Page) -> list[Block]:
    ways = (
        ("Previous", buttons.PREVIOUS_PAGE, page.previous),
        ("Next", buttons.NEXT_PAGE, page.next),
    )
    row = [
        buttons.link(label, action_id, paging.encode(query.at(cursor)))
        for label, action_id, cursor in ways
        if cursor
    ]
    return [buttons.row(*row)] if row else []


def _foot(page: Page, now: datetime) -> ContextBlock:
    last = page.first + len(page.requests) - 1
    place = f"{page.first:,} to {last:,} of {_count(page.total)}"
    return ContextBlock(elements=[mrkdwn(f"{place} · as of {date(now)}")])


def _spoken(query: ListQuery, people: People) -> str:
    """The words that make this list, as they would be typed, with people by name."""
    typed = words(query).replace("&lt;", "<").replace("&amp;", "&")
    return _PERSON.sub(lambda found: _named(found[1], people), escape(typed))


def _named(user_id: str, people: People) -> str:
    return f"@{who(user_id, people)}" if user_id in people else mention(user_id)


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


def _nothing(query: ListQuery, page: Page) -> str:
    command = _COMMANDS[query.scope]
    if page.total or query.cursor:
        return f"Nothing is left on this page. {command} starts again from the top."
    if query.filter == Filter():
        return _NONE_YET[query.scope]
    return f"No request matches these words. Take one away, or see all with {command}."


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text))
