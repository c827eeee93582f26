"""That the clock of a request rests: since when, and what its moments were before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOVED = ("due_at", "remind_at", "escalate_at")
"""The moments of a request that move on by the working time it rested."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Since when it rests, and the moments that move on when that is over. Times are aware UTC."""

    since: datetime
    before: Mapping[str, datetime | None]

    def stored(self) -> dict[str, str | None]:
        """As a row holds it."""
        moments = {"since": self.since, **self.before}
        return {n: at.astimezone(UTC).isoformat() if at else None for n, at in moments.items()}

    @classmethod
    def read(cls, kept: "Rest | Mapping[str, Any] | None") -> "Rest | None":
        """Read that back; what is read already stays."""
        if kept is None or isinstance(kept, Rest):
            return kept
        moments = {n: datetime.fromisoformat(at) if at else None for n, at in kept.items()}
        since = moments.pop("since")
        assert since is not None, "it rests since some moment"
        return cls(since, moments)
