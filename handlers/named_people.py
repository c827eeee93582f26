"""People whose names were typed after `by:`, as we print them: `by:@Erin Garcia`."""

import re

from handlers.deps import Deps
from store import people

MOST_WORDS = 5
"""Of how many words a name is looked for."""
_AFTER_BY = re.compile(r"\bby\s*:\s*@", re.IGNORECASE)
_NEXT = re.compile(r"\s*,\s*@")
_WORD = re.compile(r"[^\s,:<>@]+")


async def as_mentions(text: str, deps: Deps) -> str:
    """The text with each such name as Slack delivers a person it knows: `by:<@U123>`.

    A name that nobody or several people have is left as it is, to be asked about.
    """
    wanted = {name for start in _starts(text) for name, _ in _candidates(text, start)}
    if not wanted:
        return text
    async with deps.db.snapshot() as session:
        known = await people.by_name(session, wanted)
    place = 0
    while begins := _AFTER_BY.search(text, place):
        place = begins.end()
        while True:
            found = [c for c in _candidates(text, place) if c[0].casefold() in known]
            if not found:
                break
            name, end = found[0]
            mention = f"<@{known[name.casefold()]}>"
            text = f"{text[: place - 1]}{mention}{text[end:]}"
            place += len(mention) - 1
            following = _NEXT.match(text, place)
            if not following:
                break
            place = following.end()
    return text


def _starts(text: str) -> list[int]:
    """Where a name may begin: after each @."""
    return [found.end() for found in re.finditer("@", text)] if _AFTER_BY.search(text) else []


def _candidates(text: str, start: int) -> list[tuple[str, int]]:
    """The names that may begin there, the longest first, and where each ends."""
    found: list[tuple[str, int]] = []
    place = start
    for _ in range(MOST_WORDS):
        gap = len(text[place:]) - len(text[place:].lstrip(" "))
        word = _WORD.match(text, place + gap)
        if not word or (found and not gap):
            break
        place = word.end()
        found.append((" ".join(text[start:place].split()), place))
    return found[::-1]
