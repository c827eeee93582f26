"""What somebody was called to by an escalation, where it stands among other things.

All texts are finished mrkdwn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, ContextBlock, SectionBlock

from blocks import buttons, paging, request_text
from blocks.text import age, line, mrkdwn
from store.domain.lists.query import Filter, ListQuery, Scope, Sort
from store.domain.request import Request, Status


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the requests, the first called to come first, and how many there are."""

    requests: Sequence[Request] = ()
    count: int = 0


def part(called: Part, now: datetime) -> list[Block]:
    """A row each, with the way to it; how many more there are."""
    if not called.requests:
        return []
    head = SectionBlock(text=mrkdwn("*You are called: nobody has decided these for long*"))
    more = called.count - len(called.requests)
    rest: list[Block] = [ContextBlock(elements=[mrkdwn(f"and {more:,} more")])] if more > 0 else []
    return [head, *(_row(request, now) for request in called.requests), *rest]


def _row(request: Request, now: datetime) -> SectionBlock:
    mark = request_text.ENVIRONMENT_MARKS[request.environment]
    said = f"{mark} *{line(request.title, 300)}* · {request.environment.label}"
    row = f"{said} · {age(request.created_at, now)}"
    return SectionBlock(text=mrkdwn(row), accessory=buttons.details(request))


def show() -> ButtonElement:
    """The way to the list that they are in: what is open of all that its reader sees."""
    waiting = ListQuery(Scope.ALL, Filter(statuses=(Status.UNDER_REVIEW,)), Sort.OLDEST)
    return buttons.link("Show", buttons.LIST_APPROVALS, paging.encode(waiting))
