"""Webhooks: what a platform hears, where it is sent to, and how long that is tried."""

import ipaddress
import secrets
from base64 import b64encode
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

URL_LIMIT = 2000
"""Characters of an address."""
GIVE_UP_AFTER = timedelta(days=3)
"""How long one delivery is tried before its hook is paused."""
_WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds before the next tries; from then on each waits like the last."""


class HookEvent(StrEnum):
    """What happened to a request, in the words of a webhook."""

    SUBMITTED = "request.submitted"
    APPROVED = "request.approved"
    REJECTED = "request.rejected"
    WITHDRAWN = "request.withdrawn"
    MOVED = "request.moved"
    STAGE_PASSED = "request.stage_passed"
    ESCALATED = "request.escalated"
    ASKED = "request.asked"
    ANSWERED = "request.answered"
    QUESTION_CLOSED = "request.question_closed"
    TESTING = "request.testing"
    TESTING_ENDED = "request.testing_ended"
    HANDED_OVER = "request.handed_over"
    EMERGENCY_REVIEWED = "request.emergency_reviewed"
    TEXT_HIDDEN = "request.text_hidden"


TEST = "test"
"""The type of what `hooks test` sends."""
BY_KIND = {event.value.removeprefix("request."): event for event in HookEvent}
"""The event that a kind of change is for others; other kinds are our own affair."""
SENT_AGAIN = "sent_again"
"""The kind of the event by which the platform is told of an approval once more, and nobody else."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where webhooks go. Times are aware UTC; `paused_why` is told where it is paused.

    One of them may be the platform's own: its answer to an approval goes on record.
    """

    id: int
    url: str
    events: AbstractSet[HookEvent]
    secret: str
    allow_private: bool
    created_at: datetime
    is_platform: bool = False
    last_answer: str | None = None
    last_at: datetime | None = None
    paused_at: datetime | None = None
    paused_why: str | None = None


def new_secret() -> str:
    """As the Standard Webhooks specification writes one."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def message_id(request_id: int, revision: int) -> str:
    """The same for every try and every replay, so that a receiver knows what it has."""
    return f"msg_{request_id}_{revision}"


def wait_after(attempts: int, jitter: float) -> timedelta:
    """Until the next try; `jitter` from 0 to 1 adds up to a tenth, so that tries spread."""
    seconds = _WAITS[min(attempts, len(_WAITS)) - 1]
    return timedelta(seconds=seconds * (1 + jitter / 10))


def problem_with(url: str, *, allow_private: bool) -> str | None:
    """Why webhooks cannot go to this address, as a sentence; None where they can."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "This is no web address."
    if len(url) > URL_LIMIT or not url.isascii() or not url.isprintable() or " " in url:
        return f"An address has at most {URL_LIMIT:,} printable ASCII characters."
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return "Only https:// is sent to; with --allow-private also http:// at private addresses."
    if not host:
        return "The address names no host."
    if parts.username or parts.password or parts.fragment:
        return "The address has no user, password or fragment; the signature is what is checked."
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's: not this machine, its network, or a way into either."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _TUNNELS):
            return False
    return found.is_global and not found.is_multicast


_TUNNELS = [ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
                                                     "2001::/32", "::/96")]  # fmt: skip
"""IPv6 networks in which an IPv4 address stands, which may be a private one."""
