"""The last payloads both ways, as JSON that Block Kit Builder takes where it can.

Block Kit Builder knows `{"blocks": [...]}` and whole views; for a call that carries one of these
the inspector shows just that, for everything else what went over the wire.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.delivery.exchanges import Exchange
from bot.sandbox.page.site import Site

SHOWN = 40
_QUIET = frozenset({"auth.test", "apps.connections.open"})


@dataclass(frozen=True)
class Entry:
    """One payload; `way` is `in` for the app's calls, `out` for what was delivered to it."""

    key: str
    way: str
    title: str
    outcome: str
    failed: bool
    at: datetime


def latest(site: Site) -> list[Entry]:
    """The newest first."""
    entries: list[Entry] = []
    calls = site.workspace.calls
    first = max(0, len(calls) - SHOWN)
    for number, call in enumerate(calls[first:], first):
        answer = call.response
        outcome = "no answer" if answer is None else "ok" if answer["ok"] else str(answer["error"])
        failed = outcome != "ok"
        if failed or call.method not in _QUIET:
            key = f"call-{number}"
            entries.append(Entry(key, "in", call.method, outcome, failed, call.at))
    for each in list(site.workspace.exchanges.latest)[-SHOWN:]:
        outcome = f"{each.ack.took * 1000:.0f} ms" if each.ack.acked else each.ack.reason
        key = f"payload-{id(each)}"
        entries.append(Entry(key, "out", _title(each), outcome, not each.ack.acked, each.at))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:SHOWN]


def _title(exchange: Exchange) -> str:
    """The command or kind of payload, and what of the app's it names."""
    payload = exchange.payload
    what = payload.get("command") or payload.get("event", payload).get("type")
    actions = payload.get("actions") or [{}]
    view = payload.get("view") or {}
    named = payload.get("text") or actions[0].get("action_id") or view.get("callback_id")
    return f"{what} {named}" if named else str(what)


def find(site: Site, key: str) -> str:
    """The JSON of an entry; LookupError if it is gone."""
    way, _, number = key.partition("-")
    if way == "call" and number.isdigit() and int(number) < len(site.workspace.calls):
        return _pretty(_blocks_or_all(site.workspace.calls[int(number)].args))
    for exchange in site.workspace.exchanges.latest:
        if way == "payload" and number == str(id(exchange)):
            answer = exchange.ack.body
            return _pretty(
                {"payload": exchange.payload, "answer": answer} if answer else exchange.payload
            )
    raise LookupError("this payload is no longer kept")


def _blocks_or_all(args: Mapping[str, Any]) -> Any:
    """What Block Kit Builder takes, if the call has it."""
    for name in ("view", "blocks"):
        if args.get(name):
            content = args[name]
            parsed = json.loads(content) if isinstance(content, str) else content
            return {"blocks": parsed} if name == "blocks" else parsed
    return dict(args)


def _pretty(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
