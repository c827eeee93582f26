"""Messages, modals and home tabs drawn for a terminal.

`message` and `view` draw; `text` reads the same drawing as plain words for tests. Must stay
true: the fallback text of a message is not shown when it has blocks, as in Slack's client.
Open `blocks.py` first.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.sandbox.screen.blocks import draw
from bot.sandbox.screen.elements import DIM
from bot.sandbox.screen.mrkdwn import decoded, mrkdwn
from bot.sandbox.screen.nodes import Beside, Boxed, Divider, Line, Node, Row, Stack
from bot.sandbox.screen.reader import Reader

__all__ = ["message", "text", "view"]


def message(
    payload: Mapping[str, Any],
    *,
    names: Callable[[str], str],
    reader_tz: str,
    now: datetime,
    width: int = 78,
    color: bool = False,
    title: str = "",
    ephemeral: bool = False,
    edited: bool = False,
) -> str:
    """A message in a frame `width` columns wide, with ANSI styles if `color`.

    `names` turns an id into a name, `reader_tz` is an IANA zone, `now` an aware time.
    """
    reader = Reader(names, reader_tz, now)
    parts: list[Node] = [Line(Text("Only visible to you", DIM))] if ephemeral else []
    parts.append(_message(payload, reader))
    if edited:
        parts.append(Line(Text("(edited)", DIM)))
    return _printed(Boxed(Stack(parts), title), width, color)


def view(
    payload: Mapping[str, Any],
    *,
    names: Callable[[str], str],
    reader_tz: str,
    now: datetime,
    width: int = 78,
    color: bool = False,
    errors: Mapping[str, str] | None = None,
) -> str:
    """A modal or home tab in its frame; `errors` by block_id stand below their inputs."""
    return _printed(_view(payload, Reader(names, reader_tz, now), errors or {}), width, color)


def text(
    shown: Any,
    *,
    names: Callable[[str], str] = str,
    reader_tz: str = "UTC",
    now: datetime | None = None,
) -> str:
    """The words on screen, one paragraph, button or cell row a line, without empty lines.

    Takes blocks, a message's or view's JSON, or an object with `payload` or with `blocks` and
    `text`. Without `now` no date reads as "today".
    """
    lines = _node(_content(shown), Reader(names, reader_tz, now)).lines()
    return "\n".join(line.strip() for line in lines if line.strip())


def _content(shown: Any) -> Mapping[str, Any]:
    if isinstance(shown, Mapping):
        return shown
    if isinstance(shown, Sequence):
        return {"blocks": shown}
    if hasattr(shown, "payload"):
        return _content(shown.payload)
    return {"text": shown.text, "blocks": shown.blocks}


def _node(content: Mapping[str, Any], reader: Reader) -> Node:
    if content.get("type") in ("modal", "home"):
        return _view(content, reader, {})
    return _message(content, reader)


def _message(payload: Mapping[str, Any], reader: Reader) -> Node:
    if payload.get("blocks"):
        return draw(payload["blocks"], reader)
    return Line(mrkdwn(payload.get("text") or "", reader))


def _view(payload: Mapping[str, Any], reader: Reader, errors: Mapping[str, str]) -> Node:
    blocks = [{**each, "error": errors.get(each.get("block_id", ""))} for each in payload["blocks"]]
    body = draw(blocks, reader)
    if payload["type"] == "home":
        return Boxed(body, title="Home")
    foot = Beside(Stack([]), _buttons(payload))
    return Boxed(Stack([body, Divider(), foot]), decoded(payload["title"]["text"]))


def _buttons(payload: Mapping[str, Any]) -> Row:
    submit, close = payload.get("submit"), payload.get("close")
    # Slack's own words when the app names none
    leave = close["text"] if close else ("Cancel" if submit else "Close")
    texts = [Text(f"[ {leave} ]"), *([Text(f"▸[ {submit['text']} ]")] if submit else [])]
    return Row(texts)


def _printed(node: Node, width: int, color: bool) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(node)
    return captured.get()
