"""Layout blocks as pieces of the screen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.style import Style
from rich.text import Text

from bot.sandbox.screen.elements import DIM, element, picture, text_object
from bot.sandbox.screen.mrkdwn import LINK
from bot.sandbox.screen.nodes import (
    Beside,
    Boxed,
    Divider,
    Grid,
    Line,
    Node,
    Pairs,
    Row,
    Stack,
    StandardMarkdown,
)
from bot.sandbox.screen.reader import Reader
from bot.sandbox.screen.rich_text import rich_text

Block = Mapping[str, Any]

BOLD = Style(bold=True)
_ALERTS = {"info": "(i)", "warning": "(!)", "error": "(x)", "success": "(ok)"}
_STEPS = {"pending": "( )", "in_progress": "(…)", "complete": "(✓)", "error": "(x)"}


def draw(blocks: Sequence[Block], reader: Reader) -> Stack:
    """The blocks below one another, as the reader sees them."""
    return Stack([_block(each, reader) for each in blocks])


def _block(block: Block, reader: Reader) -> Node:
    return _DRAWN.get(block["type"], _unknown)(block, reader)


def _styled(text: Text, style: Style) -> Line:
    text.stylize(style)
    return Line(text)


def _section(block: Block, reader: Reader) -> Node:
    parts: list[Node] = []
    if block.get("text"):
        parts.append(Line(text_object(block["text"], reader)))
    if block.get("fields"):
        parts.append(Pairs([text_object(each, reader) for each in block["fields"]]))
    accessory = block.get("accessory")
    return Beside(Stack(parts), element(accessory, reader)) if accessory else Stack(parts)


def _actions(block: Block, reader: Reader) -> Node:
    nodes = [element(each, reader) for each in block["elements"]]
    row = Row([node.text for node in nodes if isinstance(node, Line)])
    return Stack([row, *(node for node in nodes if not isinstance(node, Line))])


def _context(block: Block, reader: Reader) -> Node:
    parts = [
        picture(each) if each["type"] == "image" else text_object(each, reader)
        for each in block["elements"]
    ]
    for part in parts:
        part.stylize(DIM)
    return Row(parts)


def _image(block: Block, reader: Reader) -> Node:
    title = text_object(block.get("title"), reader)
    return Stack([*([Line(title)] if title else []), Line(picture(block))])


def _input(block: Block, reader: Reader) -> Node:
    label = text_object(block["label"], reader)
    label.stylize(BOLD)
    if block.get("optional"):
        label.append(" (optional)", DIM)
    parts: list[Node] = [Line(label), element(block["element"], reader)]
    if block.get("error"):
        parts.append(Line(Text(f"! {block['error']}", Style(color="red"))))
    if block.get("hint"):
        parts.append(_styled(text_object(block["hint"], reader), DIM))
    return Stack(parts)


def _cell(cell: Block, reader: Reader) -> Text:
    if cell["type"] == "rich_text":
        return rich_text(cell, reader)
    return Text(str(cell.get("text", cell.get("value", ""))))


def _table(block: Block, reader: Reader) -> Node:
    grid = Grid([[_cell(each, reader) for each in row] for row in block["rows"]])
    caption = block.get("caption")
    return Stack([Line(Text(caption, BOLD)), grid]) if caption else grid


def _alert(block: Block, reader: Reader) -> Node:
    mark = _ALERTS.get(block.get("level", ""), "(-)")
    return Boxed(Line(Text(f"{mark} ").append_text(text_object(block["text"], reader))))


def _card(block: Block, reader: Reader) -> Node:
    parts: list[Node] = [
        Line(picture(block[name])) for name in ("hero_image", "icon") if name in block
    ]
    for name, style in (("title", BOLD), ("subtitle", DIM), ("body", Style())):
        if block.get(name):
            parts.append(_styled(text_object(block[name], reader), style))
    if block.get("actions"):
        parts.append(_actions({"elements": block["actions"]}, reader))
    return Boxed(Stack(parts))


def _container(block: Block, reader: Reader) -> Node:
    title = block.get("rich_text_title")
    name = rich_text(title, reader) if title else text_object(block.get("title"), reader)
    parts: list[Node] = []
    if block.get("subtitle"):
        parts.append(_styled(text_object(block["subtitle"], reader), DIM))
    # a collapsed container shows its title alone until somebody opens it
    if not (block.get("is_collapsible") and block.get("default_collapsed")):
        parts.append(draw(block["child_blocks"], reader))
    return Boxed(Stack(parts), title=name.plain)


def _task(block: Block, reader: Reader) -> Node:
    said = [rich_text(block[name], reader) for name in ("details", "output") if name in block]
    links = [Text(each.get("text") or each["url"], LINK) for each in block.get("sources", [])]
    title = Line(Text(f"{_STEPS[block['status']]} {block['title']}"))
    return Stack([title, Stack([Line(each) for each in [*said, *links]], indent=4)])


def _plan(block: Block, reader: Reader) -> Node:
    return Stack([Line(Text(block["title"], BOLD)), draw(block.get("tasks", []), reader)])


def _video(block: Block, reader: Reader) -> Node:
    title = _styled(text_object(block["title"], reader), BOLD)
    about = Line(text_object(block.get("description"), reader))
    return Stack([title, about, Line(Text(f"(video: {block['alt_text']})", DIM))])


def _unknown(block: Block, _: Reader) -> Node:
    return Line(Text(f"(this block is not drawn here: {block['type']})", DIM))


_DRAWN: dict[str, Callable[[Block, Reader], Node]] = {
    "section": _section,
    "actions": _actions,
    "context_actions": _actions,
    "context": _context,
    "divider": lambda *_: Divider(),
    "header": lambda block, reader: _styled(text_object(block["text"], reader), BOLD),
    "image": _image,
    "input": _input,
    "rich_text": lambda block, reader: Line(rich_text(block, reader)),
    "markdown": lambda block, _: StandardMarkdown(block["text"]),
    "table": _table,
    "data_table": _table,
    "alert": _alert,
    "card": _card,
    "carousel": lambda block, reader: draw(block["elements"], reader),
    "container": _container,
    "task_card": _task,
    "plan": _plan,
    "video": _video,
}
