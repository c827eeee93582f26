"""The number of a request as people write it: `MP-12`, `mp 12`, `#12`, `12`.

Pure, and the only reader of such numbers. Copied from chats, sheets and pages they come in quotes,
brackets and stars, in full width, with invisible marks; they are read all the same.
"""

import re
import unicodedata
from dataclasses import dataclass

from store.domain.typed_text import folded, tidy

_OPENING, _CLOSING = "'\"*_~([{<【「『《〈〔", "'\"*_~)]}>】」』》〉〕"
"""What may stand around a number, folded: what opens, and in the same place what closes it."""
_OPEN, _CLOSE = re.escape(_OPENING), re.escape(_CLOSING)
_NUMBER = re.compile(
    rf"""\s*(?P<open>[{_OPEN}]*)\s*
    (?P<prefix>mp[-\s]*|\#\s*)?0*(?P<number>[1-9][0-9]{{0,17}})
    (?![^\W_]|[-._/][^\W_])             # 3.2.4, 1-2, 1/2 and 1st are no numbers of requests
    (?P<close>[{_CLOSE}]*)
    (?:[:;,.、。]+(?=\s|$)|[:;,、]|\s+(?:-+|[:;])(?=\s))?\s*""",
    re.VERBOSE,
)
_NAMED = re.compile(r"(?<![^\W_])mp[-\s]?0*([1-9][0-9]{0,17})(?![^\W_]|[-./][^\W_])")
_AND = re.compile(r"(?:and|&|\+)\s+", re.IGNORECASE)
_LOOKED_AT = 120
"""Characters in which a number has to end; more than any of its spellings takes."""


@dataclass(frozen=True, slots=True)
class Leading:
    """The number a text begins with, and the `rest` as it was typed, without what separates them.

    `named` means it was written with MP, so that it can be nothing but a request.
    """

    number: int
    named: bool
    rest: str


def leading(text: str) -> Leading | None:
    """The number this text begins with; None for one that begins otherwise.

    `text` is as its writer saw it (`typed_text.seen`).
    """
    plain, ends = _plain(text)
    found = _NUMBER.match(plain)
    if not found:
        return None
    rest = tidy(text[ends[found.end() - 1] :])
    for mark in found["open"][: len(found["open"]) - len(found["close"])]:
        # Opened before the number and closed at the end: “MP-12 no contact is named”.
        if rest and folded(rest[-1]) == _CLOSING[_OPENING.index(mark)]:
            rest = rest[:-1].rstrip()
    return Leading(int(found["number"]), (found["prefix"] or "").startswith("mp"), rest)


def exactly(text: str) -> Leading | None:
    """The number that this text is, and nothing more."""
    found = leading(text)
    return found if found and not found.rest else None


def named_in(text: str) -> tuple[int, ...]:
    """Every number written with MP anywhere in a text, each once, in its order."""
    return tuple(dict.fromkeys(int(number) for number in _NAMED.findall(folded(text))))


def several(text: str, *, only_named: bool = False) -> tuple[tuple[int, ...], str]:
    """The numbers this text begins with, each once, and the rest as it was typed.

    With `only_named` a bare number after the first belongs to the rest: "MP-3 12 domains lack …".
    """
    numbers: list[int] = []
    while found := leading(_AND.sub("", text, count=1) if numbers and _AND.match(text) else text):
        if numbers and only_named and not found.named:
            break
        numbers.append(found.number)
        text = found.rest
    return tuple(dict.fromkeys(numbers)), text


def _plain(text: str) -> tuple[str, list[int]]:
    """The beginning of the text folded, character by character, and where each ends in it."""
    plain, ends = "", []
    for place, character in enumerate(text[:_LOOKED_AT], start=1):
        is_digit = unicodedata.category(character) == "Nd"
        alike = str(unicodedata.decimal(character)) if is_digit else folded(character)
        alike = " " if character.isspace() else alike
        plain += alike
        ends += [place] * len(alike)
    return plain, ends
