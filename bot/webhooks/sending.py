"""One signed POST to one address, and what became of it."""

import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from standardwebhooks.webhooks import Webhook

from store.domain.hook import Hook, is_public
from store.domain.json_values import holdable
from store.domain.typed_text import tidy

CONNECT_SECONDS = 5
TRY_SECONDS = 15
"""How long a try may take, from the connection to the end of the answer."""
LONGEST_ANSWER = 64 * 2**10
"""Bytes of an answer that are read."""
REASON_LIMIT = 1000
"""Characters of a reason that are kept."""
NO_REASON = "No reason given by the platform"
_AddrInfo = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a try: a status, or none where there was no answer. `retry_after` in seconds.

    `said` is short and safe to show: it holds nothing that the receiver wrote. `refused_for` is the
    reason in the words of the platform, where that took an approval and did not accept it.
    """

    status: int | None
    said: str
    retry_after: float | None = None
    refused_for: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing any more."""
        return self.status == 410


class ForbiddenAddressError(OSError):
    """The name leads to an address that is not to be connected to: a private one, most likely."""


class Poster:
    """Posts to hooks. Which address is allowed is checked on the one that is connected to."""

    def __init__(
        self,
        public: aiohttp.ClientSession,
        private: aiohttp.ClientSession,
        free: aiohttp.ClientSession,
    ) -> None:
        self._public, self._private, self._free = public, private, free

    async def post(self, hook: Hook, id_: str, body: Mapping[str, Any], *, at: datetime) -> Heard:
        """Sign and send it once; `at` is aware UTC. Redirects are not followed."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "mp-approvals",
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(hook.secret).sign(id_, at, text),
        }
        session = self._free if hook.allow_private else self._public
        if not hook.url.startswith("https://"):  # in the clear only where nobody listens in
            session = self._private
        try:
            async with session.post(
                hook.url, data=text.encode(), headers=headers, allow_redirects=False
            ) as answer:
                said = await _read(answer)
                refused_for = _refused_for(said) if hook.is_platform else None
                wait = _wait(answer.headers)
                return Heard(answer.status, f"HTTP {answer.status}", wait, refused_for)
        except TimeoutError:
            return Heard(None, f"no answer within {TRY_SECONDS} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            forbidden = isinstance(getattr(error, "os_error", error), ForbiddenAddressError)
            return Heard(None, "a forbidden address" if forbidden else type(error).__name__)


@asynccontextmanager
async def posting() -> AsyncIterator[Poster]:
    """Connections for as long as the block lasts."""
    async with (
        _session(_public_socket) as public,
        _session(_private_socket) as private,
        _session(None) as free,
    ):
        yield Poster(public, private, free)


def _session(factory: Callable[[_AddrInfo], socket.socket] | None) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=TRY_SECONDS, sock_connect=CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(socket_factory=factory, limit=0)
    return aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    )


def _public_socket(info: _AddrInfo) -> socket.socket:
    """A socket for this address, if it is a public one. Raises ForbiddenAddressError."""
    return _socket(info, allowed=is_public(str(info[4][0])))


def _private_socket(info: _AddrInfo) -> socket.socket:
    """The same for an address that is not public."""
    return _socket(info, allowed=not is_public(str(info[4][0])))


def _socket(info: _AddrInfo, *, allowed: bool) -> socket.socket:
    if not allowed:
        raise ForbiddenAddressError("not to be connected to")
    return socket.socket(*info[:3])


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The answer, as far as it is read."""
    said = b""
    while len(said) < LONGEST_ANSWER and (part := await answer.content.read(LONGEST_ANSWER)):
        said += part
    return said[:LONGEST_ANSWER]


def _refused_for(said: bytes) -> str | None:
    """Why the platform does not accept it; None where it does, and where it says nothing of it."""
    try:
        answer = holdable(json.loads(said))
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or answer.get("accepted") is not False:
        return None
    reason = answer.get("reason")
    return (tidy(reason)[:REASON_LIMIT] if isinstance(reason, str) else "") or NO_REASON


def _wait(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isdigit() and len(text) < 6 else None
