"""What only a whole list of blocks can show: sums of text, and ids used twice."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.limits.specs import Complaint


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object in a value, outermost first."""
    for _, each in _placed(value, ""):
        yield each


def _placed(value: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield at, value
        for name, each in value.items():
            yield from _placed(each, f"{at}/{name}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _placed(each, f"{at}/{index}")


def text_length(blocks: list[Any]) -> int:
    """Characters of all text in the blocks: text objects, markdown, rich text and cells."""
    texts = (each.get("text") for each in objects(blocks))
    return sum(len(text) for text in texts if isinstance(text, str))


def markdown_length(blocks: list[Any]) -> int:
    """Characters of the markdown blocks alone."""
    return text_length([each for each in objects(blocks) if each.get("type") == "markdown"])


def json_size(value: Any) -> int:
    """Bytes of the value as compact JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str).encode())


def duplicates(blocks: list[Any], at: str) -> Iterator[Complaint]:
    """Slack: a block_id once in a message or view, an action_id once in a block."""
    yield from _twice(blocks, at, "block_id")
    for index, block in enumerate(blocks):
        yield from _twice(block, f"{at}/{index}", "action_id")


def _twice(value: Any, at: str, name: str) -> Iterator[Complaint]:
    seen: set[str] = set()
    for pointer, each in _placed(value, at):
        given = each.get(name)
        if isinstance(given, str) and given in seen:
            yield Complaint(f"{pointer}/{name}", f"`{name}` must be unique: {given}")
        elif isinstance(given, str):
            seen.add(given)
