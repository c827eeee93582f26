"""Text as people type and paste it, and as Slack delivers it: fit to keep, to compare, to read.

Pure. What must stay true: both sides of a comparison are `folded`, and whether a text is empty is
asked after what nobody can see is gone.
"""

import re
import unicodedata

SINGLE_QUOTES = "‘’‚‛ʻʼʹ′"
DOUBLE_QUOTES = "“”„‟«»＂"
DASHES = "‐‑‒–—―−﹣－"

_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Unicode's default-ignorable characters (zero widths, marks and overrides of direction, variation
# selectors, Hangul fillers, tags), and the Braille blank.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ALIKE = str.maketrans(
    dict.fromkeys(f"{SINGLE_QUOTES}`", "'")
    | dict.fromkeys(DOUBLE_QUOTES, '"')
    | dict.fromkeys(DASHES, "-")
)
_ACUTE = " \u0301"
"""What compatibility makes of ´, which some keyboards have in place of an apostrophe."""
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}


def tidy(text: str) -> str:
    """Trimmed, without control characters (PostgreSQL holds no NUL) and half emoji.

    Line breaks and tabs stay: a description may have paragraphs. A text of which nothing can be
    seen is empty.
    """
    fit = _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return fit if _UNSEEN.sub("", fit).strip() else ""


def one_line(text: str) -> str:
    """The text with its line breaks and runs of spaces as single spaces."""
    return " ".join(text.split())


def as_code(text: str) -> str:
    """An id, version or address as it was meant: no invisible marks, full width made plain."""
    return one_line(unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))


def folded(text: str) -> str:
    """The text as texts are compared: without case, width, kinds of quotes, dashes and spaces,
    and what cannot be seen.
    """
    return refolded(unicodedata.normalize("NFKC", text).casefold())


def refolded(compatible: str) -> str:
    """The second half of `folded`, for text whose compatibility forms and case are gone already.

    The store once kept such texts; the migration that rewrites them has a copy of this.
    """
    alike = _UNSEEN.sub("", compatible).replace(_ACUTE, "'").translate(_ALIKE)
    return one_line(unicodedata.normalize("NFKC", alike))


def seen(text: str) -> str:
    """Text of a command as its writer saw it: Slack's marks as words, its entities as characters.

    `<@U1|bob>` is @bob, `<!subteam^S1|@reviewers>` @reviewers, `<!here>` @here, `<#C1|general>`
    #general, a date its own words, a link what stood there, with its address where that is another.
    """
    worded = _MARKED.sub(lambda mark: _words(mark[1], mark[2] or ""), text)
    return _ENTITY.sub(lambda entity: _CHARACTERS[entity[1]], worded)


def _words(target: str, label: str) -> str:
    if target.startswith("!date^"):
        return label
    if target.startswith(("@", "!")):
        return "@" + (label or target.rpartition("^")[2]).lstrip("@!")
    if target.startswith("#"):
        return "#" + (label or target).lstrip("#")
    address = re.sub(r"^(?:mailto|tel):", "", target)
    return label if label and label in target else f"{label} ({address})" if label else address
