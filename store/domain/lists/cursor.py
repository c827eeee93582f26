"""The place where a page begins, as text for a button or an address.

The checksum catches slips, not attackers; a forged page shows nobody more than they may see.
"""

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from store.domain.lists.query import Cursor

# Microseconds since 1970 (empty: not completed), id, b(ackwards) or f(orwards), first number.
_CURSOR = re.compile(
    r"(?P<place>(?P<at>-?[0-9]{1,18})?\.(?P<id>[0-9]{1,18})\.(?P<way>[bf])\.(?P<first>[0-9]{1,9}))"
    r"\.(?P<checksum>[0-9a-f]{8})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_cursor(cursor: Cursor) -> str:
    """The place as url-safe text of under 100 characters."""
    at = "" if cursor.at is None else str((cursor.at - _EPOCH) // timedelta(microseconds=1))
    place = f"{at}.{cursor.id}.{'b' if cursor.backwards else 'f'}.{cursor.first}"
    return f"{place}.{_checksum(place)}"


def decode_cursor(text: str) -> Cursor | None:
    """The place in the text, or None for anything `encode_cursor` did not write."""
    parts = _CURSOR.fullmatch(text)
    if not parts or parts["checksum"] != _checksum(parts["place"]):
        return None
    try:
        at = _EPOCH + timedelta(microseconds=int(parts["at"])) if parts["at"] else None
    except OverflowError:
        return None
    return Cursor(at, int(parts["id"]), parts["way"] == "b", int(parts["first"]))


def _checksum(place: str) -> str:
    return blake2b(place.encode(), digest_size=4).hexdigest()
