"""A rich_text block as terminal text: sections, lists, quotes and preformatted text."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.style import Style
from rich.text import Text

from bot.sandbox.screen.mrkdwn import CODE, LINK, QUOTE_BAR, mention
from bot.sandbox.screen.reader import Reader

Part = Mapping[str, Any]


def rich_text(block: Part, reader: Reader) -> Text:
    """All elements of the block below one another."""
    return Text("\n").join(_element(each, reader) for each in block.get("elements", []))


def _element(element: Part, reader: Reader) -> Text:
    if element["type"] == "rich_text_list":
        return _list(element, reader)
    inline = Text().join(_part(each, reader) for each in element.get("elements", []))
    if element["type"] == "rich_text_quote":
        return Text("\n").join(Text(QUOTE_BAR).append_text(line) for line in inline.split("\n"))
    if element["type"] == "rich_text_preformatted":
        inline.stylize(CODE)
    return inline


def _list(element: Part, reader: Reader) -> Text:
    ordered, first = element.get("style") == "ordered", element.get("offset", 0) + 1
    margin = "  " * element.get("indent", 0)
    lines = []
    for number, each in enumerate(element.get("elements", []), first):
        mark = f"{number}." if ordered else "•"
        lines.append(Text(f"{margin}{mark} ").append_text(_element(each, reader)))
    return Text("\n").join(lines)


def _part(part: Part, reader: Reader) -> Text:
    shown = _PARTS[part["type"]](part, reader)
    style = part.get("style") or {}
    shown.stylize(
        Style(
            bold=style.get("bold"),
            italic=style.get("italic"),
            strike=style.get("strike"),
            underline=style.get("underline"),
        )
    )
    if style.get("code"):
        shown.stylize(CODE)
    return shown


def _date(part: Part, reader: Reader) -> Text:
    unix, fallback = str(part["timestamp"]), str(part.get("fallback", ""))
    return Text(reader.date(unix, part["format"], fallback))


_PARTS: dict[str, Callable[[Part, Reader], Text]] = {
    "text": lambda part, _: Text(part["text"]),
    "link": lambda part, _: Text(part.get("text") or part["url"], LINK),
    "emoji": lambda part, _: Text(f":{part['name']}:"),
    "user": lambda part, reader: mention("@", reader.names(part["user_id"])),
    "usergroup": lambda part, reader: mention("@", reader.names(part["usergroup_id"])),
    "channel": lambda part, reader: mention("#", reader.names(part["channel_id"])),
    "team": lambda part, reader: mention("@", reader.names(part["team_id"])),
    "broadcast": lambda part, _: mention("@", part["range"]),
    "color": lambda part, _: Text(part["value"]),
    "date": _date,
}
