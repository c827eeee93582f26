"""The download loop: claim one, have its file made by a process of its own, send it.

Killed half-way, the lease runs out and somebody makes it again. The file's id is on record before
the file is shared, so whoever takes over looks for it first: one file, not two.
"""

import asyncio
import logging
import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.exports.make import Order
from bot.exports.slack_files import Files
from bot.outgoing.verdict import Sent, TryAgain, judge
from bot.profiles import Profiles
from handlers.slack_errors import Answer, answer_of
from store import exports
from store.domain.clock import Clock
from store.domain.export import Export
from store.domain.policy import Policy
from store.engine.database import Database

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 2
"""Downloads made at once: one that is large does not hold up the next person's."""
ATTEMPTS = 5
IDLE_SECONDS = 2.0
"""The longest wait between two looks for what somebody else left half-way."""
PROGRESS_SECONDS = 3.0
"""How often the asker hears how far it is. Slack: chat.update about 50 times a minute."""
LONGEST_SILENCE = 150
"""Seconds in which the maker must say something; with one step more still within the lease."""
SETTLING = timedelta(seconds=5)
"""Slack shows a shared file a moment after it has said yes."""
_HOPELESS = {"missing_scope", "not_allowed_token_type"}
"""Somebody has to mend this first, and the asker is waiting: say so now."""


class MakingError(Exception):
    """The file was not made; the text says how its maker ended."""


class AbandonedError(Exception):
    """The lease ran out, and the export is somebody else's."""


class Downloads:
    """Makes and sends what was asked for. `wake()` after a commit makes it look at once."""

    def __init__(
        self,
        db: Database,
        files: Files,
        profiles: Profiles,
        policy: Policy,
        clock: Clock,
        *,
        progress_seconds: float = PROGRESS_SECONDS,
    ) -> None:
        self._db, self._files, self._profiles = db, files, profiles
        self._policy, self._clock = policy, clock
        self.progress_seconds = progress_seconds
        self._jitter = random.SystemRandom().random
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be asked for: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Make downloads until cancelled; what is in hand then is given back."""
        async with asyncio.TaskGroup() as group:  # unlike gather, it waits for all to give back
            for _ in range(SIDE_BY_SIDE):
                group.create_task(self._work())

    async def run_once(self) -> int:
        """Make one download, if any is asked for; how many were taken in hand."""
        export = await exports.claim(self._db, owner=uuid4().hex, now=self._clock())
        if export is None:
            return 0
        try:
            await self._attempt(export)
        except asyncio.CancelledError:
            await self._put_back(export, timedelta(), "stopped")
            raise
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            await self._refused(export, answer_of(error))
        except (MakingError, OSError) as error:
            log.warning("export %s was not made: %s", export.id, error)
            await self._again(export, SETTLING, "not_made")
        except AbandonedError:
            log.warning("export %s took too long and is somebody else's now", export.id)
        return 1

    async def _work(self) -> None:
        while True:
            try:
                busy = await self.run_once()
            except Exception:
                log.exception("a download was left; it is made again when its lease ends")
                busy = 0
            if not busy:
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _attempt(self, export: Export) -> None:
        if export.attempts > ATTEMPTS:  # whoever made it died of it each time
            await exports.fail(self._db, export, now=self._clock(), why="not_made")
        else:
            await self._deliver(export)

    async def _deliver(self, export: Export) -> None:
        channel = await self._files.conversation(export.asker)
        rows = export.rows
        if not await self._is_there(export, channel):
            zone = await self._profiles.zone(export.asker)
            async with _folder() as folder:
                path = folder / export.file_name(zone)
                rows = await self._make(export, path, zone)
                if rows:
                    await self._send(export, path, channel)
        await exports.finish(self._db, export, now=self._clock(), rows=rows)

    async def _is_there(self, export: Export, channel: str) -> bool:
        """Whether an earlier attempt got as far as the asker."""
        file_id, since = export.file_id, export.created_at
        return bool(file_id) and await self._files.is_shared(file_id or "", channel, since=since)

    async def _make(self, export: Export, path: Path, zone: ZoneInfo) -> int:
        """Have the file written; how many requests are in it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.exports", str(export.id)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin, "asked for above"
        try:
            with suppress(ConnectionError):  # it ended without reading: its code says more
                process.stdin.write(self._order(path, zone))
                await process.stdin.drain()
            rows = await self._follow(export, process)
        finally:
            if process.returncode is None:
                process.kill()
            process.stdin.close()
            await process.wait()
        if process.returncode:
            raise MakingError(f"the maker ended with {process.returncode}")
        return rows

    def _order(self, path: Path, zone: ZoneInfo) -> bytes:
        url = self._db.engine.url.render_as_string(hide_password=False)
        order = Order(database_url=url, policy=self._policy, path=path, zone=zone.key)
        return f"{order.model_dump_json()}\n".encode()

    async def _follow(self, export: Export, process: asyncio.subprocess.Process) -> int:
        """Pass on how far the maker is, until it has ended."""
        assert process.stdout, "asked for by _make"
        now = asyncio.get_running_loop().time
        rows, told = 0, now()
        while line := await self._heard(process.stdout):
            rows = int(line)
            if now() - told >= self.progress_seconds:
                moment = self._clock()
                _ours(await exports.advance(self._db, export, now=moment, rows=rows))
                told = now()
        await process.wait()
        return rows

    async def _heard(self, said: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(LONGEST_SILENCE):
                return await said.readline()
        except TimeoutError:
            raise MakingError("the maker fell silent") from None

    async def _send(self, export: Export, path: Path, channel: str) -> None:
        length = (await asyncio.to_thread(path.stat)).st_size
        url, file_id = await self._files.offer(path.name, length)
        _ours(await exports.hold(self._db, export, now=self._clock()))
        await self._files.send(path, url)
        _ours(await exports.hold(self._db, export, now=self._clock(), file_id=file_id))
        await self._files.share(file_id, path.name, channel)

    async def _refused(self, export: Export, answer: Answer) -> None:
        """Slack did not take it, or perhaps did: later, or never."""
        verdict = judge(answer, attempt=export.attempts, jitter=self._jitter())
        assert not isinstance(verdict, Sent), "an error is no success"
        log.warning("export %s was not sent: %s", export.id, verdict.why)
        if isinstance(verdict, TryAgain) and verdict.why not in _HOPELESS:
            wait = max(timedelta(seconds=verdict.seconds), SETTLING)
            await self._again(export, wait, verdict.why)
        else:
            await exports.fail(self._db, export, now=self._clock(), why=verdict.why)

    async def _again(self, export: Export, wait: timedelta, why: str) -> None:
        if export.attempts < ATTEMPTS:
            await self._put_back(export, wait, why)
        else:
            await exports.fail(self._db, export, now=self._clock(), why=why)

    async def _put_back(self, export: Export, wait: timedelta, why: str) -> None:
        now = self._clock()
        await exports.put_back(self._db, export, now=now, until=now + wait, why=why)


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """A folder that is gone in the end; off the event loop, which a large file's end would stop."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="mp-approvals-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)


def _ours(still: bool) -> None:
    if not still:
        raise AbandonedError
