"""What people type after `away` and `back`, read kindly: `until 3 Dec to @carol`.

Text is what Slack delivers: people as `<@U123|name>`. Sentences of LeaveError are plain text: they
are escaped where they are shown.
"""

import re
from datetime import date

from store.domain import typed_dates
from store.domain.absences import Leave
from store.domain.typed_text import folded, seen

EXAMPLE = "`/mp-requests away until 3 Dec to @carol`"
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_KEYWORDS = {
    **dict.fromkeys(("from", "since"), "from"),
    **dict.fromkeys(("until", "till", "through"), "until"),
    "to": "to",
}


class LeaveError(ValueError):
    """What was typed says no absence; the text is the sentence that says what is not understood."""


def parse(text: str, asker: str, today: date) -> Leave:
    """The absence these words ask for, days read as seen from `today`. Raises LeaveError.

    Before the first keyword stands who is away, if it is not the asker. After `to` stands who
    stands in; a day there is the last one, as in `from 1 Dec to 3 Dec`.
    """
    parts: dict[str, str] = {"": ""}
    keyword = ""
    for word in re.findall(r"<[^<>]*>|[^\s<]+", text):
        if found := _KEYWORDS.get(folded(word)):
            keyword = found
            if keyword == "to" and "to" in parts:
                raise LeaveError(_unclear(text))
            parts.setdefault(keyword, "")
        else:
            parts[keyword] = f"{parts[keyword]} {word}".strip()

    # A name follows a day without `to` as well: "until 3 Dec @carol".
    for name in ("from", "until"):
        days, *people = re.split(r" ?(?=<@)", parts.get(name, ""), maxsplit=1)
        if people and "to" not in parts:
            parts[name], parts["to"] = days, people[0]
    if "to" in parts and not MENTION.fullmatch(parts["to"]) and "until" not in parts:
        days, *people = re.split(r" ?(?=<@)", parts.pop("to"), maxsplit=1)
        parts |= {"until": days} | ({"to": people[0]} if people else {})

    return Leave(
        user=person(parts[""], asker),
        by=asker,
        first=_day(parts["from"], today) if "from" in parts else None,
        last=_day(parts["until"], today) if "until" in parts else None,
        delegate=person(parts["to"], "") if "to" in parts else None,
    )


def person(text: str, asker: str) -> str:
    """Who is meant: the one who is mentioned, or whoever asks. Raises LeaveError."""
    mentioned = MENTION.fullmatch(text)
    if mentioned:
        return mentioned[1]
    if asker and folded(text) in {"", "me"}:
        return asker
    said = seen(text) or "nobody"
    raise LeaveError(
        f"I don't know who `{said}` is, so nothing was changed. Type @ and pick the person, "
        f"for example {EXAMPLE}."
    )


def _day(text: str, today: date) -> date:
    day = typed_dates.read_day(text, today)
    if day is None:
        raise LeaveError(
            f"I don't know which day `{seen(text)}` is, so nothing was changed. "
            f"Write it like {typed_dates.HOW}."
        )
    return day


def _unclear(text: str) -> str:
    return f"I don't understand `{seen(text)}`, so nothing was changed. For example: {EXAMPLE}."
