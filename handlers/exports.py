"""Exports: the button of every list, and `/mp-requests export [which list] [filters] [format]`.

Nothing is read here: the wish is stored, and a loop of its own makes and sends the file.
"""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, notices, paging
from blocks import export as export_blocks
from blocks.message import Message
from blocks.text import safe
from handlers.clicks import Click
from handlers.deps import Deps
from handlers.places import BesideMessage, NewModal, show_view
from store import exports, people
from store.domain.export import Export, Format
from store.domain.lists.filter_text import WordsError, parse
from store.domain.lists.query import ListQuery, Scope
from store.messages import outbox
from store.messages.outbox import Kind

_COMING = "Your download is being prepared. It comes to you as a direct message; close this."
_FORMATS = {format.value: format for format in Format} | {
    "excel": Format.XLSX,
    "jsonl": Format.JSON,
}


def register(app: AsyncApp) -> None:
    """Listen to the button."""
    app.action(buttons.EXPORT)(export_list)


async def ask(text: str, asker: str, deps: Deps) -> Message | str:
    """Take the typed wish, or say what is wrong with its words."""
    scope, words, format = _read(text)
    try:
        query = parse(words, scope, asker)
    except WordsError as error:
        return safe(error.sentence)
    export = await _asked(query, format, asker, deps)
    async with deps.db.snapshot() as session:
        known = await people.known(session, query.filter.submitters)
    return export_blocks.accepted(export, known)


async def export_list(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """The list that was clicked on, whole and as CSV."""
    click = Click.read(body)
    query = paging.parse(click.value, click.user)
    if query:
        export = await _asked(query, Format.CSV, click.user, deps)
        match click.place:
            case BesideMessage(url):
                data = {"url": url, "export": export.id}
                now = deps.clock()
                await outbox.owe_reply(deps.db, Kind.EXPORT, click.user, data=data, now=now)
            case NewModal() as home:
                await show_view(client, home, notices.notice_view("Download", _COMING))
    await ack()


async def _asked(query: ListQuery, format: Format, asker: str, deps: Deps) -> Export:
    asked = await exports.ask(deps.db, query, format, asker=asker, now=deps.clock())
    return asked.export


def _read(text: str) -> tuple[Scope, str, Format]:
    """Which list comes first, the format first or last; in quotes each is a word to search for."""
    words = text.split()
    scope = Scope(words.pop(0).casefold()) if words and words[0].casefold() in set(Scope) else None
    format = None
    for place in (-1, 0):
        if format is None and words and words[place].casefold() in _FORMATS:
            format = _FORMATS[words.pop(place).casefold()]
    return scope or Scope.ALL, " ".join(words), format or Format.CSV
