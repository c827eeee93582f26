"""Exports: the button of every list, and `/mp-requests export` with list, filters and format.

Nothing is read here: the wish is stored, and a loop of its own makes and sends the file.
"""

import re
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, notices, paging
from blocks import export as export_blocks
from blocks.message import Message
from blocks.text import safe
from handlers import named_people
from handlers.clicks import Click
from handlers.deps import Deps
from handlers.places import BesideMessage, NewModal, show_view
from store import exports, people
from store.domain.export import Export, Format
from store.domain.lists.filter_names import WordsError, echo
from store.domain.lists.filter_text import parse
from store.domain.lists.query import ListQuery, Scope
from store.domain.typed_text import DOUBLE_QUOTES, folded
from store.messages import outbox
from store.messages.outbox import Kind

_COMING = "Your download is being prepared. You will get it as a direct message."
_SCOPES = {scope.value: scope for scope in Scope}
_FORMATS = {format.value: format for format in Format} | {
    "excel": Format.XLSX,
    "jsonl": Format.JSON,
}
_OTHER_FORMATS = {
    *("doc", "docx", "html", "ods", "parquet", "pdf", "tsv", "txt", "xls", "xml", "yaml", "zip")
}
"""What other programs export, so that it is no word to search for."""
_TOKEN = re.compile(r'"[^"]*"|<[^<>]*>|[^\s"<]+|\s+|.', re.DOTALL)
_QUOTES = str.maketrans(dict.fromkeys(DOUBLE_QUOTES, '"'))
_Chosen = TypeVar("_Chosen", Scope, Format)


def register(app: AsyncApp) -> None:
    """Listen to the button."""
    app.action(buttons.EXPORT)(export_list)


async def ask(text: str, asker: str, deps: Deps) -> Message | str:
    """Take the typed wish, or say what is wrong with its words."""
    try:
        scope, format, words = _read(text)
        query = parse(await named_people.as_mentions(words, deps), scope, asker)
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


def _read(text: str) -> tuple[Scope, Format, str]:
    """Which list, in which format, and the other words; in quotes each is a word to search for.

    Raises WordsError for another format, and for two of one kind.
    """
    scopes, formats, others = [Scope.ALL], [Format.CSV], ""
    for token in _TOKEN.findall(text.translate(_QUOTES)):
        name = folded(token)
        if name in _SCOPES:
            scopes.append(_SCOPES[name])
        elif name in _FORMATS:
            formats.append(_FORMATS[name])
        elif name in _OTHER_FORMATS:
            raise WordsError(
                f"I can't make {echo(token)}. Use `csv`, `xlsx` or `json`. "
                "To search for the word itself, put it in quotes."
            )
        else:
            others += token
    return _last(scopes, "list"), _last(formats, "format"), others


def _last(chosen: list[_Chosen], noun: str) -> _Chosen:
    """The one that was named, else the first. Raises WordsError where several were."""
    named = dict.fromkeys(chosen[1:])
    if len(named) > 1:
        both = " and ".join(f"`{each.value}`" for each in named)
        raise WordsError(f"A download has one {noun}; this names {both}.")
    return chosen[-1]
