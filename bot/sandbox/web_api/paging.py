"""Pages of a list: `limit` and `cursor` in, `next_cursor` out."""

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from bot.sandbox.state.refusal import Refusal
from bot.sandbox.web_api.arguments import Arguments

T = TypeVar("T")
# Slack: list methods give at most 1000 entries a page and 100 unless asked.
_USUAL, _MOST = 100, 1000


def page(things: Sequence[T], arguments: Arguments) -> tuple[list[T], dict[str, Any]]:
    """The page asked for and the `response_metadata` that leads to the next."""
    start, cursor = 0, arguments.optional("cursor")
    if cursor is not None:
        try:
            start = int(base64.b64decode(cursor, validate=True).removeprefix(b"next:"))
        except ValueError:
            raise Refusal("invalid_cursor") from None
    limit = arguments.whole("limit", _USUAL) or _USUAL
    if not 1 <= limit <= _MOST:
        raise Refusal("invalid_limit")
    end = start + limit
    following = base64.b64encode(b"next:%d" % end).decode() if end < len(things) else ""
    return list(things[start:end]), {"response_metadata": {"next_cursor": following}}
