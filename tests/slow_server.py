"""A way to a PostgreSQL server that can stop carrying anything, as a frozen server would."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.postgres_server import Server

_SOCKET = ".s.PGSQL.5432"


class Way:
    """Carries what is said in both directions until it is frozen; then nothing, and never an end.

    `freeze_after(word)` freezes only the answers, once the server has been told that word; of all
    connections, or `only_there`, where it was said.
    """

    def __init__(self) -> None:
        self._asked, self._answered = asyncio.Event(), asyncio.Event()
        self._asked.set()
        self._answered.set()
        self._word: bytes | None = None
        self._only_there = False
        self._held: set[asyncio.Event] = set()  # of single connections
        self._answering = True
        self.round_trips = 0
        """How often something was asked after an answer: what several sent together take once."""
        self.said = asyncio.Event()
        """Set when the word was said."""

    def freeze(self) -> None:
        """From now on nothing arrives, on either side."""
        self._asked.clear()
        self._answered.clear()

    def freeze_after(self, word: bytes, *, only_there: bool = False) -> None:
        """From then on nothing of what the server says arrives."""
        self._word, self._only_there = word, only_there

    def thaw(self) -> None:
        """All that was said arrives."""
        self._word = None
        self._asked.set()
        self._answered.set()
        for own in self._held:
            own.set()

    async def carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        own: asyncio.Event,
        *,
        asking: bool,
    ) -> None:
        """One direction of one connection, to its end; `own` lets its answers pass."""
        gate = self._asked if asking else self._answered
        try:
            while said := await source.read(65536):
                await gate.wait()
                self.round_trips += asking and self._answering
                self._answering = not asking
                if asking and self._word and self._word in said:
                    (own if self._only_there else self._answered).clear()
                    self._held.add(own)
                    if self._only_there:
                        self._word = None
                    self.said.set()
                if not asking:
                    await own.wait()
                target.write(said)
                await target.drain()
        except ConnectionError:
            pass
        finally:
            target.close()


@asynccontextmanager
async def way_to(server: Server, folder: Path) -> AsyncIterator[tuple[Way, Server]]:
    """A way to this server, and the server as it is reached by it."""
    way, carrying = Way(), set[asyncio.Task[None]]()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection(str(server.folder / _SOCKET))
        own = asyncio.Event()
        own.set()
        carrying.add(asyncio.create_task(way.carry(reader, there[1], own, asking=True)))
        carrying.add(asyncio.create_task(way.carry(there[0], writer, own, asking=False)))

    folder.mkdir()  # noqa: ASYNC240 - of a moment
    listening: Any = await asyncio.start_unix_server(met, str(folder / _SOCKET))
    async with listening:
        try:
            yield way, Server(folder)
        finally:
            for task in carrying:
                task.cancel()
            await asyncio.wait(carrying)
