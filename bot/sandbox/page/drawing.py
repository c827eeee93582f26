"""The templates, and what they may ask for. Everything is escaped unless `markup` wrote it."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from bot.sandbox.page.markup import Ink
from bot.sandbox.page.names import Names, own_ids
from bot.sandbox.screen.mrkdwn import decoded
from bot.sandbox.screen.reader import Reader

TEXT_INPUTS = {
    "plain_text_input": "text",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "text",
    "rich_text_input": "text",
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
}
"""Elements that are an HTML input, with its type."""


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.sandbox.page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["TEXT_INPUTS"] = TEXT_INPUTS
    environment.filters["decoded"] = decoded
    return environment


def draw(template: str, names: Names, **context: Any) -> str:
    """A template as this reader sees it."""
    person, workspace = names.reader, names.workspace
    reader = Reader(names.of, person.tz, workspace.now())
    ink = Ink(reader, own_ids(workspace, person))
    tools = {"ink": ink, "words": functools.partial(_words, ink), "own_picture": _is_ours(names)}
    return _environment().get_template(template).render(names=names, **tools, **context)


def _words(ink: Ink, text: Mapping[str, Any] | None) -> Markup:
    """A text object, plain or mrkdwn."""
    if not text:
        return Markup("")
    if text.get("type") == "mrkdwn":
        return ink.mrkdwn(text.get("text", ""))
    return Markup("<br>").join(escape(line) for line in decoded(text["text"]).split("\n"))


def _is_ours(names: Names) -> Callable[[str], str]:
    """Gives the path of one of the workspace's own pictures; no other is ever fetched."""
    root = names.workspace.root_url

    def path(address: str) -> str:
        ours = address.startswith(f"{root}avatars/")
        return f"/{address.removeprefix(root)}" if ours else ""

    return path
