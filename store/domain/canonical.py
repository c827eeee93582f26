"""One text for each JSON value, whatever has kept it meanwhile: what a seal is computed from.

JSONB keeps neither the order of keys nor the form of numbers, and RFC 8785 knows doubles only. So
keys are sorted by code point, and a number is written by its exact decimal value: 1.0 is 1, 1e22 is
twenty-three digits, -0 is 0, 2^53+1 is itself. No two different values have one text.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal

# Made once: `json.dumps` makes one for each text, and a history is sealed text by text.
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def canonical(value: object) -> str:
    """The text of a JSON value. Raises TypeError for what is none."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _decimal(value)
    if isinstance(value, Mapping):
        pairs = (f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value))
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(canonical, value))}]"
    raise TypeError(f"{type(value).__name__} is not JSON")


def digest(value: object) -> str:
    """The SHA-256 of a JSON value, in hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def salted_digest(value: object, salt: str) -> str:
    """The HMAC-SHA256 of a value: without the salt nobody can try what it may have been."""
    return hmac.new(salt.encode(), canonical(value).encode(), hashlib.sha256).hexdigest()


def _decimal(value: float) -> str:
    """By the shortest digits that stand for it: those a database is given, and gives back."""
    text = format(Decimal(repr(value)), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
