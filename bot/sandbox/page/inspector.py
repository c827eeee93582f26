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
from bot.sandbox.state.workspace_state import Call

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
    calls = enumerate(site.workspace.calls[-SHOWN:], max(0, len(site.workspace.calls) - SHOWN))
    entries = [_call(number, call) for number, call in calls]
    entries = [entry for entry in entries if entry.failed or entry.title not in _QUIET]
    entries += [_exchange(each) for each in list(site.workspace.exchanges.latest)[-SHOWN:]]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:SHOWN]


def find(site: Site, key: str) -> str:
    """The JSON of an entry; LookupError if it is gone."""
    way, _, number = key.partition("-")
    if way == "call" and number.isdigit() and int(number) < len(site.workspace.calls):
        return _pretty(_sent(site.workspace.calls[int(number)].args))
    for exchange in site.workspace.exchanges.latest:
        if way == "payload" and number == str(id(exchange)):
            return _pretty(_brought(exchange))
    raise LookupError("this payload is no longer kept")


def _call(number: int, call: Call) -> Entry:
    answer = call.response
    outcome = "no answer" if answer is None else "ok" if answer["ok"] else str(answer["error"])
    return Entry(f"call-{number}", "in", call.method, outcome, outcome != "ok", call.at)


def _exchange(each: Exchange) -> Entry:
    what = each.payload.get("command") or each.payload.get("event", each.payload).get("type")
    outcome = f"{each.ack.took * 1000:.0f} ms" if each.ack.acked else each.ack.reason
    key = f"payload-{id(each)}"
    return Entry(key, "out", f"{what}{_which(each)}", outcome, not each.ack.acked, each.at)


def _which(each: Exchange) -> str:
    actions = each.payload.get("actions") or [{}]
    view = each.payload.get("view") or {}
    named = each.payload.get("text") or actions[0].get("action_id") or view.get("callback_id")
    return f" {named}" if named else ""


def _sent(args: Mapping[str, Any]) -> Any:
    for name in ("view", "blocks"):
        if args.get(name):
            content = args[name]
            parsed = json.loads(content) if isinstance(content, str) else content
            return {"blocks": parsed} if name == "blocks" else parsed
    return dict(args)


def _brought(exchange: Exchange) -> Any:
    answer = exchange.ack.body
    return {"payload": exchange.payload, "answer": answer} if answer else exchange.payload


def _pretty(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
