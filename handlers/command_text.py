"""What people type after `/mp-requests`, read kindly: odd dashes, spaces and quotes, mentions."""

import re

from store.domain.absence_text import MENTION
from store.domain.typed_text import folded, seen, tidy

_TO_PERSON = re.compile(rf"(?:^|\s)(?:to\s+)?{MENTION.pattern}\s*$", re.IGNORECASE)


def split(text: str) -> tuple[str, str]:
    """The first word, folded and without quotes, and the rest as it was typed."""
    typed, *after = re.split(r"\s+", text.strip(" \t\n`"), maxsplit=1)
    word, rest = folded(typed).strip("\"'"), "".join(after).strip()
    return (word, rest) if word or not rest else split(rest)


def before_person(text: str) -> tuple[str, str | None]:
    """What was typed before the person at the end, whom `to` may announce; None without one."""
    found = _TO_PERSON.search(text)
    return (text[: found.start()], found[1]) if found else (text, None)


def said(text: str) -> str:
    """A sentence as its writer saw it; without the quotes around it, if it is one quotation."""
    sentence = tidy(seen(text))
    inside = sentence[1:-1]
    quoted = len(sentence) > 1 and folded(sentence[0]) == folded(sentence[-1]) == '"'
    return tidy(inside) if quoted and '"' not in folded(inside) else sentence
