"""Now is an argument; this is where the argument comes from."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment as an aware UTC datetime."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
