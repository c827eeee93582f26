"""A platform at the door: it holds a key and asks the HTTP API, in this process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from bot import http
from store import api_keys
from store.domain.api_key import ApiKey, Right
from store.domain.request import Category
from store.engine.database import Database
from tests.cast import sample_of
from tests.harness_slack import Team


def release(**changes: Any) -> dict[str, Any]:
    """Alice's release as the platform hands it in, with whatever the story changes."""
    filled = sample_of(Category.RELEASE) | {
        "external_id": "apply-1",
        "submitted_by": "alice@example.com",
        "created_at": "2026-11-20T10:00:00+08:00",
    }
    return filled | changes


@dataclass
class Platform:
    """Whoever holds the key."""

    client: httpx.AsyncClient
    key: ApiKey

    async def hands_in(self, **changes: Any) -> httpx.Response:
        return await self.client.post("/requests", json=release(**changes))

    async def says(self, ref: str, what: str, **said: Any) -> httpx.Response:
        """`withdraw`, `release-stage`, `decision`, `question`, `answer` or `close-question`."""
        return await self.client.post(f"/requests/{ref}/{what}", json=said)

    async def decides(self, ref: str, verdict: str, **more: Any) -> httpx.Response:
        said = {"verdict": verdict, "decided_by": "Operator Wu", **more}
        return await self.says(ref, "decision", **said)

    async def review(self, ref: str) -> dict[str, Any]:
        """What is on record of the review."""
        found: dict[str, Any] = (await self.client.get(f"/requests/{ref}")).json()["review"]
        return found


async def new_key(
    db: Database, team: Team, *, name: str = "platform", rights: Sequence[Right] = tuple(Right)
) -> tuple[ApiKey, str]:
    async with db.transaction() as session:
        return await api_keys.create(session, name, rights, now=team.clock())


@asynccontextmanager
async def at_the_door(
    team: Team, *, rights: Sequence[Right] = tuple(Right), name: str = "platform"
) -> AsyncIterator[Platform]:
    """A platform with a key of its own."""
    key, text = await new_key(team.bot.db, team, name=name, rights=rights)
    async with asking(team, text) as client:
        yield Platform(client, key)


def asking(team: Team, text: str | None = None, **more: Any) -> httpx.AsyncClient:
    """A client, with this key if any."""
    headers = {"Authorization": f"Bearer {text}"} if text else {}
    transport = httpx.ASGITransport(http.build(team.bot), **more)
    return httpx.AsyncClient(
        transport=transport, base_url="http://bot/api/v1", headers=headers, timeout=60
    )
