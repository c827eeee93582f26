"""Draws the templates. Everything is escaped unless `markup` wrote it."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from bot.sandbox.page.markup import HtmlWriter
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
    html = HtmlWriter(reader, own_ids(workspace, person))
    tools = {
        "html": html,
        "words": functools.partial(_words, html),
        "own_picture": _own_picture(names),
    }
    return _environment().get_template(template).render(names=names, **tools, **context)


def _words(html: HtmlWriter, text: Mapping[str, Any] | None) -> Markup:
    """A text object, plain or mrkdwn."""
    if not text:
        return Markup("")
    if text.get("type") == "mrkdwn":
        return html.mrkdwn(text.get("text", ""))
    return Markup("<br>").join(escape(line) for line in decoded(text["text"]).split("\n"))


_SAMPLE_LOGO = re.compile(r"https://static\.example\.com/logo/([0-9]{1,32})\.png", re.ASCII)
"""Where the sample says its logos are: on no server, so they are drawn here."""


def _own_picture(names: Names) -> Callable[[str], str]:
    """A function from an address to a path here, empty for pictures that are not ours: those are
    never fetched."""
    root = names.workspace.root_url

    def path(address: str) -> str:
        if of_sample := _SAMPLE_LOGO.fullmatch(address):
            return f"/logos/{of_sample[1]}"
        ours = address.startswith(f"{root}avatars/")
        return f"/{address.removeprefix(root)}" if ours else ""

    return path
