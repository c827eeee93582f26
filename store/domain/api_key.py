"""Keys of the HTTP API: what each may do, and how its text reads.

A key is shown once. `mpk_1a2b3c4d_…`: the first two parts are its prefix, which may stand in a log
and in `keys list`; the last is the secret, of which only a hash is kept.
"""

import hashlib
import re
import secrets
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NAME_LIMIT = 60
"""Characters of a key's name."""
_KEY = re.compile(r"(?P<prefix>mpk_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")


class Right(StrEnum):
    """What a key may do: hand in and move on, look, say what was decided on the platform."""

    SUBMIT = "submit"
    READ = "read"
    DECIDE = "decide"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key on record; times are aware UTC. `last_used_at` is true to a minute."""

    id: int
    name: str
    prefix: str
    rights: AbstractSet[Right]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def actor(self) -> str:
        """How the history names whoever acts with it."""
        return f"key:{self.id}"


def new_text() -> str:
    """A key that nobody can guess: 32 random bytes behind a prefix of four."""
    return f"mpk_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def prefix_of(text: str) -> str | None:
    """The part of a key that is no secret; None for what is no key."""
    found = _KEY.fullmatch(text)
    return found["prefix"] if found else None


def hash_of(text: str) -> str:
    """What is kept of a key. One round is enough: 32 random bytes cannot be tried out."""
    return hashlib.sha256(text.encode()).hexdigest()
