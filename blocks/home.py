"""The Home tab: the platform's Approvals page, as far as this person may see it.

What must stay true: every button carries the whole list it leads to, so a tab drawn long ago
still leads where it says. Sections and buttons only: what Slack draws in Home on every client.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import ActionsBlock, Block, ContextBlock, DividerBlock
from slack_sdk.models.views import View

from blocks import buttons, paging, request_list, request_text
from blocks.text import mrkdwn
from store.domain.lists.query import ListQuery, Page, Scope
from store.domain.request import People, Status

CALLBACK_ID = "home"
_HELP = "All of this works by command as well: `/mp-requests help`"


@dataclass(frozen=True, slots=True)
class Shown:
    """One list as Home shows it: `tabs` are the ones this person has, `counts` those of this tab
    by status, whatever is filtered, capped like the totals of a page.
    """

    query: ListQuery
    page: Page
    people: People
    tabs: Sequence[Scope]
    counts: Mapping[Status, int]


def build(shown: Shown, *, now: datetime) -> View:
    """The whole tab; `now` dates it."""
    query, page = shown.query, shown.page
    turning = request_list.pages(query, page)
    blocks: list[Block] = [
        _tabs(shown),
        _counts(shown),
        buttons.row(buttons.link("New request", buttons.NEW), *request_list.tools(query)),
        DividerBlock(),
        request_list.heading(query, page),
        request_list.spoken(query, shown.people),
        *request_list.rows(query, page, shown.people),
        *([buttons.row(*turning)] if turning else []),
        request_list.foot(page, now),
        ContextBlock(elements=[mrkdwn(_HELP)]),
    ]
    return View(
        type="home",
        callback_id=CALLBACK_ID,
        private_metadata=paging.encode(query),
        blocks=blocks,
    )


def _tabs(shown: Shown) -> ActionsBlock:
    return buttons.row(
        *(
            buttons.link(
                scope.label,
                buttons.TAB[scope],
                paging.encode(paging.opening(scope)),
                marked=scope is shown.query.scope,
            )
            for scope in shown.tabs
        )
    )


def _counts(shown: Shown) -> ContextBlock:
    said = (
        f"{request_text.STATUS_MARKS[status]} {request_list.count(shown.counts.get(status, 0))} "
        f"{status.label}"
        for status in Status
    )
    return ContextBlock(elements=[mrkdwn("  ·  ".join(said))])
