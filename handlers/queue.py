"""The queue: one modal, in which one request after the other is decided or skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, decision_form, paging
from blocks import queue as queue_blocks
from handlers import clicks, several, views
from handlers.clicks import Click
from handlers.deps import Deps
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import Scope
from store.domain.lists.queue import Queue
from store.domain.request import Request
from store.requests import queue as queues
from store.requests import read
from store.requests.decide import decide, examine


def register(app: AsyncApp) -> None:
    """Listen to the buttons that open it, and to those in it."""
    app.action(buttons.QUEUE_START)(start)
    app.action(buttons.REVIEW)(review)
    app.action(buttons.QUEUE_APPROVE)(approve)
    app.action(buttons.QUEUE_APPROVE_WITH_NOTE)(ask_note)
    app.action(buttons.QUEUE_REJECT)(ask_why)
    app.action(buttons.QUEUE_SKIP)(skip)


async def start(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open it at the first request of the list it was started from."""
    click = Click.read(body)
    query = paging.parse(click.value, click.user) or paging.opening(Scope.APPROVALS)
    view = await _next(Queue(query.at(None), deps.clock()), click.user, deps)
    await clicks.open_view(client, click, view)
    await ack()


async def review(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open it at one request; after that one it goes on with what waits for them."""
    click, now = Click.read(body), deps.clock()
    seen = await read.look(
        deps.db, click.request.id, viewer=click.user, policy=deps.policy, now=now
    )
    if isinstance(seen, Refused):
        await clicks.refuse(click, seen, deps, client)
    elif Act.APPROVE not in seen.acts:  # decided meanwhile, or somebody else's to decide
        await views.show_details(clicks.opening(client, click), seen)
    else:
        queue = Queue(paging.opening(Scope.APPROVALS), now, apart=click.request.id)
        view = queue_blocks.build(queue, seen.request, seen.people, 1)
        await clicks.open_view(client, click, view)
    await ack()


async def approve(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Record the approval, acknowledge, and show what comes next."""
    click = Click.read(body)
    decision = click.decision(Act.APPROVE, deps.clock())
    answer = await decide(deps.db, decision, deps.policy)
    if isinstance(answer, Refused) and answer.denial is Denial.NOTE_WANTED:  # drawn before it was
        await ask_note(ack, body, client, deps)
        return
    await ack()
    told = await clicks.told(answer, click.user, deps)
    stays = isinstance(answer, Refused) and answer.denial is Denial.STALE
    metadata = carried(body)
    await go_on(click.view_id, metadata, click.user, [told], deps, client, stays=stays)


async def ask_why(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Open the reject form on top; what it leads to is shown here (`handlers.decide`)."""
    click, metadata = Click.read(body), carried(body)
    if found := await _examined(click, Act.REJECT, metadata, deps, client):
        await clicks.open_view(client, click, decision_form.build(found, queue=metadata))
    await ack()


async def ask_note(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """The same of the form that takes a note with the approval."""
    click, metadata = Click.read(body), carried(body)
    if found := await _examined(click, Act.APPROVE, metadata, deps, client):
        form = await several.approval_form_of(
            [found], click.user, deps, from_card=True, queue=metadata
        )
        await clicks.open_view(client, click, form)
    await ack()


async def _examined(
    click: Click,
    act: Literal[Act.APPROVE, Act.REJECT],
    metadata: str,
    deps: Deps,
    client: AsyncWebClient,
) -> Request | None:
    """The request where they may decide it so now; else the queue goes on and says why not."""
    answer = await examine(deps.db, click.decision(act, deps.clock()), deps.policy)
    if isinstance(answer, Request):
        return answer
    told = await clicks.worded(answer, click.user, deps)
    stays = answer.denial is Denial.STALE
    await go_on(click.view_id, metadata, click.user, [told], deps, client, stays=stays)
    return None


async def skip(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Leave it for the end of the queue."""
    click = Click.read(body)
    metadata = carried(body)
    await go_on(click.view_id, metadata, click.user, [], deps, client, skipped=True)
    await ack()


async def go_on(
    view_id: str | None,
    metadata: str,
    user: str,
    told: Sequence[str],
    deps: Deps,
    client: AsyncWebClient,
    *,
    skipped: bool = False,
    stays: bool = False,
) -> None:
    """Show what comes next in the queue in this view, with what became of the last on top.

    It `stays` at a request that has changed since it was shown.
    """
    queue = queue_blocks.parse(metadata, user)
    if queue is None or view_id is None:
        return
    if stays and queue.place:
        queue = replace(queue, place=replace(queue.place, id=queue.place.id - 1))
    else:
        queue = queue.past(skipped=skipped)
    view = await _next(queue, user, deps, told=told)
    await views.shown(partial(client.views_update, view_id=view_id)(view=view))


def carried(body: Mapping[str, Any]) -> str:
    """What the modal carries; nothing where the click came from no modal, as no button of ours."""
    return (body.get("view") or {}).get("private_metadata") or ""


async def _next(queue: Queue, user: str, deps: Deps, *, told: Sequence[str] = ()) -> View:
    found = await queues.upcoming(deps.db, queue, asker=user, policy=deps.policy, now=deps.clock())
    if found.seen is None:
        return queue_blocks.ended(found.queue, told=told)
    return queue_blocks.build(
        found.queue, found.seen.request, found.seen.people, found.left, told=told
    )
