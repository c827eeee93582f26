"""Words that came from people, made safe to show; and moments, ages, sizes and counts in words.

What must stay true: text from outside reaches a mrkdwn object only through `line`, `field`, `quote`
or `link`. It is escaped first and clipped after, so that a limit holds for what is really sent and
no cut falls inside an entity or a link.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from types import MappingProxyType

from slack_sdk.models.blocks import MarkdownTextObject, PlainTextObject

from store.domain.links import Hosts, Link, found
from store.domain.request import People

JUST_NOW = "just now"
SECTION_LIMIT = 2900
"""Slack: section text at most 3000; the rest is room for marks around it."""

FOLDED_LIMIT = 1000
"""Ours: characters of a folded text as it is sent, where two stand in one section."""
LABEL_SHOWN = 200
ADDRESS_SHOWN = 60
"""Ours: characters of an address behind its host."""

# Controls, half emoji, line separators that Slack does not draw as lines, direction overrides.
_UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069\ufeff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Slack has no escape for its marks and reads them across zero-width characters, so each becomes
# a look-alike; inside a word (snake_case, 2*3) Slack reads no mark and the text stays as typed.
_LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼"}
_MARK = re.compile(r"(?<![0-9A-Za-z])[*_~]|[*_~](?![0-9A-Za-z])")
_QUOTE_MARK = re.compile(r"^(\s*)>+", re.MULTILINE)
_SHOWN_AS = re.compile(r"<!date\^[^|<>]*\|([^<>]*)>|<@([UW][A-Z0-9]+)>")
_LINK = re.compile(r"<https://[^|<>]*\|([^<>]*)>")
_TOKEN = re.compile(r"<(?:https://|!date\^|@)")
_CUT_ENTITY = re.compile(r"&[a-z]{0,3}$")
_ZWJ = "\u200d"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_MARKS = {"Mn", "Mc", "Me"}


def clean(text: str) -> str:
    """The text without what cannot be shown: controls, lone surrogates, direction overrides."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _UNSHOWN.sub("", unified)


def escape(text: str) -> str:
    """The text so that Slack shows it as typed: no mention, link, quote, bold or code in it."""
    unquoted = _QUOTE_MARK.sub(r"\1›", clean(text))
    unmarked = _MARK.sub(lambda mark: _LOOKALIKES[mark[0]], unquoted).replace("`", "ˋ")
    return unmarked.translate(_ENTITIES)


def safe(sentence: str) -> str:
    """A sentence of our own that repeats a person's words: its code marks stay, theirs cannot
    mention or link anybody.
    """
    return clean(sentence).translate(_ENTITIES)


def unmarked(sentence: str) -> str:
    """A finished sentence of mrkdwn as plain text, for who reads it outside Slack."""
    return unescape(_SHOWN_AS.sub(lambda found: found[1] or found[2], sentence))


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of escaped text, ending in "…" where something was left out."""
    return text if len(text) <= limit else text[: cut(text, limit - 1)].rstrip() + "…"


def cut(text: str, limit: int) -> int:
    """The last place at or before `limit` where a cut harms no entity and no drawn character."""
    end = min(limit, len(text))
    while 0 < end < len(text) and _joined(text, end):
        end -= 1
    entity = _CUT_ENTITY.search(text, max(0, end - 4), end)
    end = entity.start() if entity and end < len(text) else end
    opened = text.rfind("<", 0, end)
    is_within = opened >= 0 and _TOKEN.match(text, opened) and text.find(">", opened) >= end
    return opened if is_within else end


def pieces(text: str, limit: int) -> Iterator[str]:
    """Escaped text in parts of at most `limit` characters, cut where it harms nothing."""
    while len(text) > limit:
        end = cut(text, limit) or limit
        yield text[:end]
        text = text[end:]
    yield text


def packed(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Escaped paragraphs gathered into as few parts of at most `limit` characters as may be."""
    held = ""
    for piece in (piece for text in texts for piece in pieces(text, limit)):
        if held and len(held) + len(piece) + 2 > limit:
            yield held
            held = piece
        else:
            held = f"{held}\n\n{piece}" if held else piece
    if held:
        yield held


def field(text: str, limit: int) -> str:
    """Several lines from a person, safe in mrkdwn."""
    return _isolated(clip(escape(text.strip()), limit - 2))


def line(text: str, limit: int) -> str:
    """One line from a person, safe in mrkdwn; line breaks become spaces."""
    return field(_one_line(text), limit)


def plain(text: str, limit: int) -> str:
    """One line from a person for a plain_text object, where Slack reads no marks at all."""
    return clip(_one_line(clean(text)), limit)


def quote(text: str, limit: int = SECTION_LIMIT, *, hosts: Hosts = ()) -> str:
    """A person's words as a Slack quotation, each line of it; at most `limit` characters.

    Addresses at these `hosts` are links. In a text that is folded an address counts by what is
    seen of it, or it would be what is left out.
    """
    said = "\n".join(f"> {part}" for part in linked(text.strip(), hosts).split("\n"))
    return clip(said, min(_room(said, limit), max(limit, FOLDED_LIMIT)))


def quotes(text: str, limit: int = sys.maxsize, *, hosts: Hosts = ()) -> Iterator[str]:
    """A person's words as Slack quotations, each of as much as a section takes; together at most
    `limit` characters.
    """
    for piece in pieces(quote(text, limit, hosts=hosts), SECTION_LIMIT):
        yield piece if piece.startswith("> ") else f"> {piece}"


def linked(text: str, hosts: Hosts) -> str:
    """Several lines from a person, in which the addresses at these hosts are links."""
    parts = found(clean(text), hosts)
    return "".join(link(part) if isinstance(part, Link) else escape(part) for part in parts)


def link(to: Link, label: str = "") -> str:
    """A link; its host stands behind its label, or is how an address without one begins: where it
    leads is seen before it is followed, whatever the label says.
    """
    address = to.url.translate(_ENTITIES)
    if not label:
        rest = to.path if to.path != "/" else ""
        return f"<{address}|{to.host}{clip(escape(rest), ADDRESS_SHOWN)}>"
    return f"<{address}|{line(label.replace('|', '¦'), 200)}> ({to.host})"


def mrkdwn(text: str) -> MarkdownTextObject:
    """Finished mrkdwn. Verbatim, so that a bare domain in it does not turn into a link."""
    return MarkdownTextObject(text=text, verbatim=True)


def words(text: str) -> PlainTextObject:
    """Finished plain text; `:smile:` in it stays as typed."""
    return PlainTextObject(text=text, emoji=False)


def mention(user_id: str) -> str:
    """Names a person and pings them: only for whoever has to act."""
    return f"<@{user_id}>"


def who(user_id: str, people: People) -> str:
    """Names a person without a ping; somebody we have no name of is mentioned."""
    person = people.get(user_id)
    return line(person.name, 80) if person and person.name.strip() else mention(user_id)


def names(
    user_ids: Sequence[str],
    people: People,
    last: str = "or",
    notes: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """ "Bob", "Bob or Carol", "Bob, Carol or 3 others"; `last` joins the last two.

    `notes` are what stands behind a name, in finished mrkdwn.
    """
    shown = [who(user, people) + notes.get(user, "") for user in user_ids[:3]]
    if len(user_ids) > 3:
        return f"{', '.join(shown[:2])} {last} {plural(len(user_ids) - 2, 'other')}"
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def date(moment: datetime) -> str:
    """A moment in the reader's own time zone; UTC where a client cannot draw it."""
    spare = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|{spare}>"


def clock(moment: datetime) -> str:
    """The time of day of a moment, by the reader's clock."""
    spare = moment.astimezone(UTC).strftime("%H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{{time}}|{spare}>"


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest whole unit: "2 days", "3 hours", "5 minutes", "just now"."""
    waited = now - since
    for unit, name in _UNITS:
        if waited >= unit:
            return plural(waited // unit, name)
    return JUST_NOW


def plural(count: int, noun: str) -> str:
    """ "1 request", "1,204 requests"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ordinal(number: int) -> str:
    """ "1st", "2nd", "3rd", "11th", "22nd"."""
    teens = number % 100 in {11, 12, 13}
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_UNITS = (
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)


def _room(said: str, shown: int) -> int:
    """How many characters are sent for so many that are seen."""
    room = shown
    for each in _LINK.finditer(said):
        if each.start() >= room:
            break
        room += len(each[0]) - len(each[1])
    return room


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _joined(text: str, place: int) -> bool:
    """Whether the characters around a place are drawn as one: accents, emoji sequences, flags."""
    before, after = text[place - 1], text[place]
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        letters = place - len(text[:place].rstrip(_FLAG_LETTERS))
        return letters % 2 == 1
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return skin_tone or _ZWJ in (before, after) or unicodedata.category(after) in _MARKS


def _isolated(text: str) -> str:
    """Right-to-left words fenced off, or they would reorder the facts that follow them."""
    rtl = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text)
    return f"\u2068{text}\u2069" if rtl else text
