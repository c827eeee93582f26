"""The export loop: claims an export, has its file made by a process of its own, sends it.

Killed half-way, the lease runs out and somebody makes it again. The file's id is on record before
the file is shared, so whoever takes over looks for it first: one file, not two.
"""

import asyncio
import errno
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

from blocks import export as export_blocks
from bot.exports.make import FULL_DISK, Order
from bot.exports.slack_files import Files
from bot.outgoing.verdict import Sent, TryAgain, judge
from bot.profiles import Profiles
from handlers.slack_errors import Answer, answer_of
from store import exports, people
from store.domain.clock import Clock
from store.domain.export import Export
from store.domain.policy import PolicyInForce
from store.engine.database import Database
from store.engine.trouble import FULL, cause_of

log = logging.getLogger(__name__)

CONCURRENCY = 2
"""Exports made at once: a large one does not delay the next person's."""
ATTEMPTS = 5
IDLE_SECONDS = 2.0
"""The longest idle time between two polls: another process may have left one half-way."""
PROGRESS_SECONDS = 3.0
"""How often the asker hears how far it is. Slack: chat.update about 50 times a minute."""
LONGEST_SILENCE = 150
"""Seconds in which the maker must report progress; with one step more still within the lease."""
LEAST_RETRY = timedelta(seconds=5)
"""The shortest wait before a retry: Slack shows a shared file a moment after it has said yes."""


class MakingError(Exception):
    """The file was not made; the text says how its maker ended."""


class AbandonedError(Exception):
    """The lease ran out, and the export is somebody else's."""


class ExportLoop:
    """Makes and sends what was asked for. `notify()` after a commit makes it poll at once."""

    def __init__(
        self,
        db: Database,
        files: Files,
        profiles: Profiles,
        in_force: PolicyInForce,
        clock: Clock,
        *,
        progress_seconds: float = PROGRESS_SECONDS,
    ) -> None:
        self._db, self._files, self._profiles = db, files, profiles
        self._in_force, self._clock = in_force, clock
        self.progress_seconds = progress_seconds
        self._jitter = random.SystemRandom().random
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """An export may be asked for: poll now."""
        self._notified.set()

    async def run(self) -> None:
        """Make exports until cancelled; what is being made then is put back."""
        async with asyncio.TaskGroup() as group:  # unlike gather, it waits until all are put back
            for _ in range(CONCURRENCY):
                group.create_task(self._work())

    async def run_once(self) -> int:
        """Make one export, if any is asked for; how many were claimed."""
        export = await exports.claim(self._db, owner=uuid4().hex, now=self._clock())
        if export is None:
            return 0
        try:
            if export.attempts > ATTEMPTS:  # whoever made it died of it each time
                await exports.fail(self._db, export, now=self._clock(), why="not_made")
            else:
                await self._deliver(export)
        except asyncio.CancelledError:
            await self._put_back(export, timedelta(), "stopped")
            raise
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            await self._refused(export, answer_of(error))
        except (MakingError, OSError) as error:
            log.warning("export %s was not made: %s", export.id, error)
            why = "no_room" if cause_of(error) == FULL else "not_made"
            await self._retry(export, LEAST_RETRY, why)
        except AbandonedError:
            log.warning("export %s took too long and is somebody else's now", export.id)
        return 1

    async def _work(self) -> None:
        while True:
            try:
                busy = await self.run_once()
            except Exception:
                log.exception("an export was left; it is made again when its lease ends")
                busy = 0
            if not busy:
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._notified.wait()
                self._notified.clear()

    async def _deliver(self, export: Export) -> None:
        """Make the file and send it, unless an earlier attempt got as far as the asker."""
        channel = await self._files.conversation(export.asker)
        rows, file_id = export.rows, export.file_id
        if not file_id or not await self._files.is_shared(
            file_id, channel, since=export.created_at
        ):
            zone = await self._profiles.zone(export.asker)
            async with _folder() as folder:
                path = folder / export.file_name(zone)
                rows = await self._make(export, path, zone)
                if rows:
                    await self._send(export, path, channel, rows)
        await exports.finish(self._db, export, now=self._clock(), rows=rows)

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
        if process.returncode == FULL_DISK:
            raise OSError(errno.ENOSPC, FULL)
        if process.returncode:
            raise MakingError(f"the maker ended with {process.returncode}")
        return rows

    def _order(self, path: Path, zone: ZoneInfo) -> bytes:
        url = self._db.engine.url.render_as_string(hide_password=False)
        order = Order(database_url=url, policy=self._in_force.policy, path=path, zone=zone.key)
        return f"{order.model_dump_json()}\n".encode()

    async def _follow(self, export: Export, process: asyncio.subprocess.Process) -> int:
        """Show the asker how far the maker is, until it has ended; how many requests it wrote."""
        assert process.stdout, "asked for by _make"
        now = asyncio.get_running_loop().time
        rows, reported = 0, now()
        while True:
            try:
                async with asyncio.timeout(LONGEST_SILENCE):
                    line = await process.stdout.readline()
            except TimeoutError:
                raise MakingError("the maker fell silent") from None
            if not line:
                break
            rows = int(line)
            if now() - reported >= self.progress_seconds:
                moment = self._clock()
                _still_ours(await exports.record_progress(self._db, export, now=moment, rows=rows))
                reported = now()
        await process.wait()
        return rows

    async def _send(self, export: Export, path: Path, channel: str, rows: int) -> None:
        length = (await asyncio.to_thread(path.stat)).st_size
        url, file_id = await self._files.offer(path.name, length)
        _still_ours(await exports.renew_lease(self._db, export, now=self._clock()))
        await self._files.send(path, url)
        _still_ours(await exports.renew_lease(self._db, export, now=self._clock(), file_id=file_id))
        async with self._db.snapshot() as session:
            known = await people.known(session, export.query.filter.submitters)
        said = export_blocks.comment(export, known, rows=rows)
        await self._files.share(file_id, path.name, channel, said)

    async def _refused(self, export: Export, answer: Answer) -> None:
        """Slack did not take it, or perhaps did: later, or never.

        What somebody has to mend first is not waited for: the asker hears of it now.
        """
        verdict = judge(answer, attempt=export.attempts, jitter=self._jitter())
        assert not isinstance(verdict, Sent), "an error is no success"
        log.warning("export %s was not sent: %s", export.id, verdict.why)
        if isinstance(verdict, TryAgain) and not verdict.refused:
            wait = max(timedelta(seconds=verdict.seconds), LEAST_RETRY)
            await self._retry(export, wait, verdict.why)
        else:
            await exports.fail(self._db, export, now=self._clock(), why=verdict.why)

    async def _retry(self, export: Export, wait: timedelta, why: str) -> None:
        if export.attempts < ATTEMPTS:
            await self._put_back(export, wait, why)
        else:
            await exports.fail(self._db, export, now=self._clock(), why=why)

    async def _put_back(self, export: Export, wait: timedelta, why: str) -> None:
        now = self._clock()
        await exports.put_back(self._db, export, now=now, until=now + wait, why=why)


@asynccontextmanager
async def _folder() -> AsyncIterator[Path]:
    """A folder that is deleted at the end, in a thread: deleting a large file takes its time."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="mp-approvals-"))
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)


def _still_ours(still: bool) -> None:
    if not still:
        raise AbandonedError
