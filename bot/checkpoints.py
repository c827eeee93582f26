"""Checkpoints to every place that is configured: a channel, a file, a webhook.

The channel gets its by the outbox. Of the file and the webhook it is known what they have, so that
what failed is made good at the next tick, and nothing comes twice.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.audit_key import AuditKey
from store.audit import checkpoints
from store.domain.checkpoint import Checkpoint
from store.domain.clock import Clock
from store.engine.database import Database

log = logging.getLogger(__name__)

WEBHOOK_SECONDS = 10
_TAIL = 4_096
"""Bytes at the end of the file in which its last line is looked for; a line has some 400."""
_AT_ONCE = 100
"""Checkpoints that one tick tells the webhook."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Makes checkpoints with a key, and tells these places."""

    db: Database
    http: aiohttp.ClientSession
    clock: Clock
    key: AuditKey
    channel: str | None = None
    file: Path | None = None
    webhook: str | None = None

    async def make(self) -> int:
        """Make the checkpoint that is due, and tell every place what it does not have; how many."""
        made = await checkpoints.make(
            self.db, self.key.sign, now=self.clock(), channel=self.channel
        )
        if self.file:
            await self._append(self.file)
        if self.webhook:
            await self._post(self.webhook)
        return int(made is not None)

    async def _append(self, file: Path) -> None:
        """To the file go the checkpoints after its last line."""
        try:
            last = last_in(file)
            new = [each async for each in checkpoints.after(self.db, size=last.size if last else 0)]
            if new:
                with file.open("a", encoding="utf-8") as out:
                    out.writelines(f"{each.line()}\n" for each in new)
        except OSError as error:
            log.warning("checkpoints were not written to AUDIT_FILE: %s", error.strerror)

    async def _post(self, webhook: str) -> None:
        """In order, until one is not taken; the rest waits for the next tick."""
        limit = aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
        for each in await checkpoints.not_delivered(self.db, limit=_AT_ONCE):
            try:
                async with self.http.post(
                    webhook,
                    data=each.line(),
                    headers={"Content-Type": "application/json"},
                    timeout=limit,
                    allow_redirects=False,
                ) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("a checkpoint was not taken: %s", type(error).__name__)
                return
            if not 200 <= status < 300:
                log.warning("a checkpoint was not taken: HTTP %s", status)
                return
            await checkpoints.record_delivered(self.db, each, now=self.clock())


def last_in(file: Path) -> Checkpoint | None:
    """The checkpoint in the last line of a file; None where there is none."""
    if not file.exists():
        return None
    with file.open("rb") as found:
        found.seek(max(0, file.stat().st_size - _TAIL))
        lines = found.read().decode("utf-8", "replace").splitlines()
    read = (Checkpoint.read(line) for line in reversed(lines))
    return next((each for each in read if each), None)
