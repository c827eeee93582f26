"""A bare FastAPI route with one INSERT: the least that can take in a request and keep it."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from typing import Any

import aiosqlite
import psycopg
from fastapi import FastAPI
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from bot.web_server import serving

TABLE = "bench_intake"
_CONNECTIONS = 8
"""Of PostgreSQL; SQLite has one writer."""


class HandedIn(BaseModel):
    """What is taken in."""

    external_id: str
    title: str
    details: dict[str, Any]


async def serve() -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app, url = FastAPI(openapi_url=None), os.environ["DATABASE_URL"]
    async with AsyncExitStack() as stack:
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            lite = await stack.enter_async_context(aiosqlite.connect(path, isolation_level=None))

            @app.post("/requests", status_code=201)
            async def keep(new: HandedIn) -> HandedIn:
                insert = f"INSERT INTO {TABLE} VALUES (?, ?, ?)"
                values = (new.external_id, new.title, new.model_dump_json())
                await lite.execute(insert, values)
                return new

        else:
            free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
            for _ in range(_CONNECTIONS):
                server = await psycopg.AsyncConnection.connect(url, autocommit=True)
                free.put_nowait(await stack.enter_async_context(server))

            @app.post("/requests", status_code=201)
            async def keep_there(new: HandedIn) -> HandedIn:
                insert = f"INSERT INTO {TABLE} VALUES (%s, %s, %s)"
                connection = await free.get()
                try:
                    values = (new.external_id, new.title, Jsonb(new.details))
                    await connection.execute(insert, values)
                finally:
                    free.put_nowait(connection)
                return new

        address = await stack.enter_async_context(serving(app, host="127.0.0.1", port=0))
        print(address, flush=True)  # noqa: T201 - how the parent hears of it
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve())
