"""What people type after `/mp-requests`, read kindly: odd dashes, spaces and quotes, mentions."""

import re
import unicodedata
from html import unescape

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－"), "-")
_QUOTES = str.maketrans("“”„‟«»‘’‚‛", '""""""\'\'\'\'')
_REF = re.compile(r"(?:mp[-\s]*|#)?0*([1-9]\d{0,17})(?!\w|\.\w)", re.IGNORECASE)
_MENTION = re.compile(r"<[@#!][A-Z0-9^]*\|([^<>]*)>|<([@#!][^<>|]*)>")
_LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]*)(?:\|[^<>]*)?>")


def split(text: str) -> tuple[str, str]:
    """The first word, folded and without quotes, and the rest as it was typed."""
    word, *rest = re.split(r"\s+", text.strip(" \t\n`"), maxsplit=1)
    folded = unicodedata.normalize("NFKC", word).translate(_DASHES).translate(_QUOTES)
    return folded.strip("\"'`").casefold(), "".join(rest).strip()


def ref(text: str) -> tuple[int, str] | None:
    """The request that a text begins with (`MP-12`, `mp12`, `#12`, `12`), and the rest."""
    begun = text.lstrip(" \"'`“”‘’")
    found = _REF.match(begun[:40].translate(_DASHES))
    if not found:
        return None
    return int(found[1]), begun[found.end() :].lstrip("\"'`“”‘’:,. ").strip()


def said(text: str) -> str:
    """A sentence as its writer saw it: Slack's marks for people and links read as plain text."""
    named = _MENTION.sub(lambda found: f"@{(found[1] or found[2]).lstrip('@#!')}", text)
    return unescape(_LINK.sub(lambda found: found[1], named)).strip().strip('"“”').strip()
