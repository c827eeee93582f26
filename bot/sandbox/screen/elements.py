"""Buttons, menus, pickers and inputs as terminal text."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.style import Style
from rich.text import Text

from bot.sandbox.screen.mrkdwn import mrkdwn, plain
from bot.sandbox.screen.nodes import Field, Line, Node, Row, Stack
from bot.sandbox.screen.reader import Reader
from bot.sandbox.screen.rich_text import rich_text

Element = Mapping[str, Any]

DIM = Style(dim=True)
# the marks stand outside the brackets: colour alone would be lost without a colour terminal
_BUTTONS = {
    "primary": ("▸", Style(color="green", bold=True)),
    "danger": ("!", Style(color="red", bold=True)),
}


def text_object(value: Mapping[str, Any] | None, reader: Reader) -> Text:
    """A plain_text or mrkdwn object; nothing when it is not there."""
    if not value:
        return Text()
    text = value.get("text", "")
    return mrkdwn(text, reader) if value.get("type") == "mrkdwn" else plain(text)


def element(each: Element, reader: Reader) -> Node:
    """One element as it stands in a block, with its initial value."""
    return _DRAWN.get(each["type"], _unknown)(each, reader)


def picture(each: Element) -> Text:
    return Text(f"(picture: {each.get('alt_text', '')})", DIM)


def _button(each: Element, reader: Reader) -> Node:
    mark, style = _BUTTONS.get(each.get("style", ""), ("", Style()))
    label = text_object(each.get("text"), reader).plain
    return Line(Text(f"{mark}[ {label} ]{'↗' if each.get('url') else ''}", style))


def _menu(each: Element, reader: Reader) -> Node:
    chosen = ", ".join(_chosen(each, reader))
    label = chosen or text_object(each.get("placeholder"), reader).plain or "Choose"
    return Line(Text(f"[ {label} v ]"))


def _chosen(each: Element, reader: Reader) -> Iterator[str]:
    for name, value in each.items():
        if name.startswith("initial_") and value:
            for one in value if isinstance(value, list) else [value]:
                yield _choice_label(name, one, reader)


def _choice_label(name: str, value: Any, reader: Reader) -> str:
    if isinstance(value, Mapping):
        return text_object(value.get("text"), reader).plain
    if name == "initial_date_time":
        return reader.date(str(value), "{date_num} {time}", str(value))
    if "channel" in name or "conversation" in name:
        return f"#{reader.names(value)}"
    return f"@{reader.names(value)}" if "user" in name else str(value)


def _options(each: Element, reader: Reader, on: str, off: str) -> Node:
    chosen = [*each.get("initial_options", []), each.get("initial_option")]
    lines: list[Node] = []
    for option in each.get("options", []):
        mark = on if option in chosen else off
        lines.append(Line(Text(f"{mark} ").append_text(text_object(option["text"], reader))))
        if option.get("description"):
            lines.append(Line(Text("    ").append_text(_small(option["description"], reader))))
    return Stack(lines)


def _small(value: Mapping[str, Any], reader: Reader) -> Text:
    shown = text_object(value, reader)
    shown.stylize(DIM)
    return shown


def _field(each: Element, reader: Reader) -> Node:
    value = each.get("initial_value")
    if isinstance(value, Mapping):
        shown = rich_text(value, reader)
    else:
        shown = Text(value) if value else _small(each.get("placeholder") or {}, reader)
    return Field(shown, tall=bool(each.get("multiline") or each["type"] == "rich_text_input"))


def _feedback(each: Element, reader: Reader) -> Node:
    both = (each["positive_button"], each["negative_button"])
    return Row([Text(f"[ {text_object(one['text'], reader).plain} ]") for one in both])


def _unknown(each: Element, _: Reader) -> Node:
    return Line(Text(f"(this element is not drawn here: {each['type']})", DIM))


_MENUS = ("static", "external", "users", "conversations", "channels")
_DRAWN: dict[str, Callable[[Element, Reader], Node]] = {
    "button": _button,
    "workflow_button": _button,
    "icon_button": _button,
    "feedback_buttons": _feedback,
    "overflow": lambda *_: Line(Text("[ ... ]")),
    "image": lambda each, _: Line(picture(each)),
    "checkboxes": lambda each, reader: _options(each, reader, "[x]", "[ ]"),
    "radio_buttons": lambda each, reader: _options(each, reader, "(•)", "( )"),
    "datepicker": _menu,
    "timepicker": _menu,
    "datetimepicker": _menu,
    **{f"{kind}_select": _menu for kind in _MENUS},
    **{f"multi_{kind}_select": _menu for kind in _MENUS},
    "plain_text_input": _field,
    "rich_text_input": _field,
    "email_text_input": _field,
    "url_text_input": _field,
    "number_input": _field,
    "file_input": lambda *_: Line(Text("[ Upload file ]")),
}
