"""Modals and home tabs: what is open for whom, in which order, in which version.

A person has one stack of at most three modals (Slack: a root and two pushed) and one home tab.
Every change gives the view a new hash, so that an update of an old version can be refused.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.state.controls import with_ids
from bot.sandbox.state.fields import State, state_of
from bot.sandbox.state.ids import APP_ID, BOT_ID, TEAM_ID, Ids, secret
from bot.sandbox.state.refusal import Refusal

Json = dict[str, Any]
# Slack: after a modal is opened the app may push two more.
DEEPEST = 3


@dataclass(eq=False)
class View:
    """A modal or home tab somebody has open; `payload` is what the bot sent, blocks named."""

    id: str
    user_id: str
    external_id: str
    hash: str
    payload: Json
    root_id: str
    previous_id: str | None
    state: State
    offered: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.payload["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str((self.payload.get("title") or {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        return str(self.payload.get("callback_id", ""))

    def to_slack(self) -> Json:
        """The view as Slack's API describes it."""
        shown: Json = {"id": self.id, "team_id": TEAM_ID, "type": self.type}
        shown |= {"app_id": APP_ID, "app_installed_team_id": TEAM_ID, "bot_id": BOT_ID}
        shown |= {name: self.payload.get(name) for name in ("title", "submit", "close")}
        for name in ("callback_id", "private_metadata"):
            shown[name] = self.payload.get(name, "")
        for name in ("clear_on_close", "notify_on_close"):
            shown[name] = bool(self.payload.get(name, False))
        shown |= {"blocks": self.blocks, "hash": self.hash}
        shown["state"] = {"values": copy.deepcopy(self.state)}
        shown |= {"external_id": self.external_id, "root_view_id": self.root_id}
        return shown | {"previous_view_id": self.previous_id}


class Views:
    """All open views of a workspace."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user_id: str) -> list[View]:
        """The person's open modals, the visible one last."""
        return list(self._stacks.get(user_id, []))

    def home(self, user_id: str) -> View | None:
        """The person's home tab, if one was published."""
        return self._homes.get(user_id)

    def find(self, view_id: str | None, external_id: str | None = None) -> View:
        """An open view, or Slack's `not_found`."""
        for view in self._all():
            if view.id == view_id or (external_id and view.external_id == external_id):
                return view
        raise Refusal("not_found")

    def _all(self) -> list[View]:
        modals = [view for stack in self._stacks.values() for view in stack]
        return [*modals, *self._homes.values()]

    def open(self, user_id: str, payload: Mapping[str, Any]) -> View:
        """Show a modal as the new root; what was open before is gone."""
        view = self._new(user_id, payload, below=None)
        self._stacks[user_id] = [view]
        return view

    def push(self, user_id: str, payload: Mapping[str, Any]) -> View:
        """Put a modal on top of the open one; `push_limit_reached` on the fourth."""
        stack = self._stacks.get(user_id)
        if not stack:
            raise Refusal("not_found")
        if len(stack) >= DEEPEST:
            raise Refusal("push_limit_reached")
        view = self._new(user_id, payload, below=stack[-1])
        stack.append(view)
        return view

    def publish(self, user_id: str, payload: Mapping[str, Any], known_hash: str | None) -> View:
        """Show a home tab; `hash_conflict` if the known one has changed since."""
        current = self._homes.get(user_id)
        if current is None:
            self._homes[user_id] = self._new(user_id, payload, below=None)
            return self._homes[user_id]
        return self.update(current, payload, known_hash)

    def update(self, view: View, payload: Mapping[str, Any], known_hash: str | None = None) -> View:
        """Change a view in place; entries in fields that stay are kept."""
        if known_hash and known_hash != view.hash:
            raise Refusal("hash_conflict")
        external_id = str(payload.get("external_id") or "")
        if external_id != view.external_id:
            self._check_free(external_id)
        view.payload = _named(payload)
        view.external_id = external_id
        view.hash = _fresh_hash()
        view.state = state_of(view.blocks, view.state)
        return view

    def close(self, view: View) -> None:
        """Take one modal off the stack."""
        self._stacks[view.user_id].remove(view)

    def clear(self, user_id: str) -> None:
        """Close all modals of a person."""
        self._stacks.pop(user_id, None)

    def _new(self, user_id: str, payload: Mapping[str, Any], below: View | None) -> View:
        external_id = str(payload.get("external_id") or "")
        self._check_free(external_id)
        named = _named(payload)
        identity = self._ids.new("V")
        root, previous = (below.root_id, below.id) if below else (identity, None)
        state = state_of(named["blocks"])
        hash_ = _fresh_hash()
        return View(identity, user_id, external_id, hash_, named, root, previous, state)

    def _check_free(self, external_id: str) -> None:
        if external_id and any(view.external_id == external_id for view in self._all()):
            raise Refusal("duplicate_external_id")


def _named(payload: Mapping[str, Any]) -> Json:
    return {**payload, "blocks": with_ids(payload.get("blocks"))}


def _fresh_hash() -> str:
    return f"{secret(10)}.{secret(8)}"
