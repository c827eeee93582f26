"""Pages of lists: Previous and Next, and the button that opens My Approvals from a digest."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from blocks import buttons, paging, request_list
from blocks.message import Message
from blocks.text import safe
from handlers import clicks
from handlers.clicks import Click
from handlers.deps import Deps
from store import queries
from store.domain.query import Filter, ListQuery, Scope
from store.domain.query_words import WordsError, default_sort, parse
from store.domain.request import Status
from store.outbox import Kind


def register(app: AsyncApp) -> None:
    """Listen to the pages and to the digest's button."""
    app.action(buttons.PREVIOUS_PAGE)(turn)
    app.action(buttons.NEXT_PAGE)(turn)
    app.action(buttons.LIST_APPROVALS)(open_approvals)


async def first_page(text: str, scope: Scope, asker: str, deps: Deps) -> Message | str:
    """The list that these words ask for, or the sentence that says what is wrong with them."""
    try:
        query = parse(text, scope, asker)
    except WordsError as error:
        return safe(error.sentence)
    found = await queries.listing(deps.db, query, asker=asker, policy=deps.policy)
    return request_list.build(query, found.page, found.people, now=deps.clock())


async def turn(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Put another page in the place of the one that was clicked on."""
    click = Click.read(body)
    if click.response_url and paging.parse(click.value, click.user):
        data = {"url": click.response_url, "query": click.value, "replace": True}
        await clicks.reply(deps, click, Kind.LIST, data)
    await ack()


async def open_approvals(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Answer with what waits in My Approvals, only to the person who asked.

    Without what was decided long ago: oldest first, that would fill the first pages.
    """
    click = Click.read(body)
    if click.response_url:
        waiting = Filter(statuses=(Status.UNDER_REVIEW,))
        query = ListQuery(Scope.APPROVALS, waiting, default_sort(Scope.APPROVALS))
        data = {"url": click.response_url, "query": paging.encode(query), "replace": False}
        await clicks.reply(deps, click, Kind.LIST, data)
    await ack()
