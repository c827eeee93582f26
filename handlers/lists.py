"""Lists as people move through them: pages, filters, and the button that leads to My Approvals.

A list stands in a message or in Home; the same buttons serve in both, and carry the whole list.
"""

from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, filter_form, notices, paging, request_list
from blocks.filter_form import Origin
from blocks.message import Message
from blocks.text import safe
from handlers import clicks, named_people
from handlers.clicks import Click
from handlers.deps import Deps
from handlers.places import BesideMessage
from store import people
from store.domain.lists.filter_text import WordsError, parse, words
from store.domain.lists.query import ListQuery, Scope
from store.lists import listing
from store.messages import homes, outbox
from store.messages.outbox import Kind

ANSWERED_FOR = timedelta(minutes=29)
"""Slack: a response URL serves for 30 minutes; one is for what we still have to do."""
_OUT_OF_DATE = "This form is out of date. Close it and choose Filter again."


def register(app: AsyncApp) -> None:
    """Listen to the pages, the filter and its form, and to the digest's button."""
    for action_id in (buttons.PREVIOUS_PAGE, buttons.NEXT_PAGE, buttons.SHOW_ALL, buttons.NEED):
        app.action(action_id)(turn)
    app.action(buttons.FILTER)(ask)
    app.view(filter_form.CALLBACK_ID)(filtered)
    app.action(buttons.LIST_APPROVALS)(open_approvals)


async def first_page(text: str, scope: Scope, asker: str, deps: Deps) -> Message | str:
    """The list that these words ask for, or the sentence that says what is wrong with them. Without
    words it is the one that buttons open: of My Approvals what waits.
    """
    try:
        query = parse(await named_people.as_mentions(text, deps), scope, asker)
    except WordsError as error:
        return safe(error.sentence)
    if not words(query):
        query = paging.opening(scope)
    now = deps.clock()
    found = await listing.listing(deps.db, query, asker=asker, policy=deps.policy, now=now)
    return request_list.build(query, found.page, found.people, now=now, workspace=deps.workspace)


async def turn(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Put another list or page in the place of the one that was clicked on."""
    click = Click.read(body)
    if paging.parse(click.value, click.user):
        await _show(deps, click.user, _url(click), click.value)
    await ack()


async def ask(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the filters, filled in with those of the list that was clicked on."""
    click = Click.read(body)
    query = paging.parse(click.value, click.user)
    if query:
        origin = Origin(query.at(None), deps.clock(), _url(click))
        await clicks.open_view(client, click, filter_form.build(origin))
    await ack()


async def filtered(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Show the list the form asks for where the form was opened."""
    user, view = body["user"]["id"], body["view"]
    origin = Origin.parse(view["private_metadata"], user)
    if origin is None:
        await ack(response_action="errors", errors={filter_form.SEARCH: _OUT_OF_DATE})
        return
    query = filter_form.parse(origin, view["state"]["values"], user)
    if isinstance(query, dict):
        await ack(response_action="errors", errors=query)
    elif origin.url and deps.clock() - origin.opened > ANSWERED_FOR:
        sentence = await _too_late(query, deps)
        view = notices.notice_view("Too late for this list", sentence)
        await ack(response_action="update", view=view)
    else:
        await _show(deps, user, origin.url, paging.encode(query))
        await ack()


async def open_approvals(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """Answer with what waits in My Approvals, or the list that the button names, only to the person
    who asked.
    """
    click = Click.read(body)
    if url := _url(click):
        query = paging.parse(click.value, click.user) or paging.opening(Scope.APPROVALS)
        data = {"url": url, "query": paging.encode(query), "replace": False}
        await outbox.owe_reply(deps.db, Kind.LIST, click.user, data=data, now=deps.clock())
    await ack()


def _url(click: Click) -> str | None:
    """Where the list stands that was clicked on: at a response URL, or in Home."""
    return click.place.response_url if isinstance(click.place, BesideMessage) else None


async def _show(deps: Deps, user: str, url: str | None, place: str) -> None:
    """Put another list or page in the place of the one that stands there."""
    if url:
        data = {"url": url, "query": place, "replace": True}
        await outbox.owe_reply(deps.db, Kind.LIST, user, data=data, now=deps.clock())
    else:
        await homes.turn_to(deps.db, user, place=place, now=deps.clock())


async def _too_late(query: ListQuery, deps: Deps) -> str:
    async with deps.db.snapshot() as session:
        known = await people.known(session, query.filter.submitters)
    return (
        "This list is more than half an hour old, so Slack does not let us change it. "
        f"To see what you chose, type `{request_list.command(query, known)}`"
    )
