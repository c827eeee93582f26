"""The same message or view drawn more plainly, for where Slack refuses it as it is, or would not
say so.

What must stay true: each way says the same, less of it. Slack does not say how it counts the
characters it limits (code points, UTF-16 or bytes), so a text that is near its limit by any count
is clipped to a third of it.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from blocks import text
from blocks.message import Json, Message, drawn

_LONGEST = 3000
"""Slack: text of a section, and of whatever has no limit of its own here."""
_LIMITS = {
    ("alert", "text"): 200,
    ("button", "text"): 75,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("confirm", "text"): 300,
    ("confirm", "title"): 100,
    ("header", "text"): 150,
    ("input", "hint"): 2000,
    ("input", "label"): 2000,
    ("option_groups", "label"): 75,
    ("options", "description"): 75,
    ("options", "text"): 75,
    ("section", "fields"): 2000,
}
"""Slack: characters of a text, by the type of what holds it (or the name it goes by) and its place.
"""
_WHOLE = 13_000
"""Slack: characters of all texts of a message together; not documented, seen at 13,172."""
_TEXTS = {"mrkdwn", "plain_text"}


def messages(message: Message, hint: str) -> Iterator[Message]:
    """Without the picture it has, then clipped, then its words alone with `hint` below them."""
    blocks = drawn(message.blocks)
    bare = [_without_picture(block) for block in blocks]
    if bare != blocks:
        yield replace(message, blocks=tuple(bare))
    yield replace(message, blocks=tuple(_clipped(bare, whole=_WHOLE)))
    yield Message("\n".join(filter(None, (message.text, hint))), ())


def views(view: View | Json) -> Iterator[Json]:
    """Without the pictures it has, then clipped. A view has blocks, so there is no third way."""
    shown = view.to_dict() if isinstance(view, View) else view
    bare = [_without_picture(block) for block in shown["blocks"]]
    if bare != shown["blocks"]:
        yield shown | {"blocks": bare}
    yield shown | {"blocks": _clipped(bare, whole=_WHOLE)}


def message_at_once(blocks: Sequence[Block | Json]) -> list[Json]:
    """The blocks of a message that is not tried twice."""
    return _clipped([_without_picture(block) for block in drawn(blocks)], whole=_WHOLE)


def view_at_once(view: View | Json) -> Json:
    """A view that is not tried twice. What somebody typed in it stays as it is."""
    shown = view.to_dict() if isinstance(view, View) else view
    return shown | {"blocks": _clipped([_without_picture(each) for each in shown["blocks"]])}


def without_alerts(view: View) -> Json:
    """With a section in place of each alert: not every workspace takes alerts."""
    shown = view.to_dict()
    blocks = [
        {"type": "section", "text": block["text"]} if block["type"] == "alert" else block
        for block in shown["blocks"]
    ]
    return {**shown, "blocks": blocks}


def _without_picture(block: Json) -> Json:
    picture = (block.get("accessory") or {}).get("type") == "image"
    return {name: value for name, value in block.items() if not (picture and name == "accessory")}


def _clipped(blocks: Sequence[Json], *, whole: int | None = None) -> list[Json]:
    clipped = deepcopy(list(blocks))
    texts = list(_texts(clipped, "blocks", _LONGEST))
    if whole and sum(_size(each["text"]) for each, _ in texts) > whole:
        share = whole // len(texts)
        texts = [(each, min(limit, share)) for each, limit in texts]
    for each, limit in texts:
        if _size(each["text"]) > limit:
            each["text"] = _cut(each["text"], limit // 3)
    return clipped


def _texts(value: Any, holder: str, limit: int) -> Iterator[tuple[Json, int]]:
    """Every text object in a value, with Slack's limit on it."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each, holder, limit)
    elif isinstance(value, dict) and value.get("type") in _TEXTS:
        yield value, limit
    elif isinstance(value, dict):
        holder = value.get("type", holder)
        for name, each in value.items():
            yield from _texts(each, name, _LIMITS.get((holder, name), _LONGEST))


def _size(said: str) -> int:
    """The most that any way of counting makes of it: JSON with everything but ASCII spelled out."""
    return len(json.dumps(said)) - 2


def _cut(said: str, most: int) -> str:
    """At most so many bytes, and no mention, date or entity cut in two."""
    whole = said.encode()[: most - len("…".encode())].decode(errors="ignore")
    end = text.cut(said, len(whole))
    opened = said.rfind("<", 0, end)
    if opened > said.rfind(">", 0, end):
        end = opened
    return f"{said[:end].rstrip()}…"
