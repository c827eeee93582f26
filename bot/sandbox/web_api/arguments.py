"""The arguments of one Web API call, however the caller sent them.

Slack takes them from the query, a form or a JSON body, and structures may come as JSON text;
below this file nobody needs to know which.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.state.refusal import Refusal


class Arguments(Mapping[str, Any]):
    """What a call was given, read by meaning; a missing required one refuses the call."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    def __getitem__(self, name: str) -> Any:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def text(self, name: str) -> str:
        """A required text, else `invalid_arguments` naming the field."""
        value = str(self._given.get(name, ""))
        if not value:
            message = f"[ERROR] missing required field: {name}"
            raise Refusal("invalid_arguments", response_metadata={"messages": [message]})
        return value

    def optional(self, name: str) -> str | None:
        """A text that may be absent; empty counts as absent."""
        return str(self._given[name]) if self._given.get(name) not in (None, "") else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean, from JSON or from `1`, `true`, `0`, `false` in a form."""
        value = self._given.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def whole(self, name: str, default: int) -> int:
        """A whole number, or `invalid_arguments`."""
        try:
            return int(self._given.get(name, default))
        except (TypeError, ValueError):
            raise Refusal("invalid_arguments") from None

    def structure(self, name: str, *, otherwise: str = "invalid_arguments") -> Any:
        """A JSON structure, parsed if it came as text; None when absent."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(otherwise) from None

    def names(self, name: str) -> list[str]:
        """A list of ids, from JSON or comma-separated."""
        value = self._given.get(name, [])
        if not isinstance(value, str | list):
            raise Refusal("invalid_arguments")
        parts = value.split(",") if isinstance(value, str) else value
        return [str(part).strip() for part in parts if str(part).strip()]


async def read_arguments(request: web.Request) -> dict[str, Any]:
    """Merge query, form and JSON body; the body wins."""
    merged: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        merged.update(await _json_body(request))
    elif request.method == "POST":
        form = await request.post()
        merged.update({name: value for name, value in form.items() if isinstance(value, str)})
    return merged


async def _json_body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal("invalid_json") from None
    if not isinstance(body, dict):
        raise Refusal("json_not_object")
    return body
