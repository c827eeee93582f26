"""Slack's mrkdwn and rich text as HTML; everything a person or the app wrote is escaped.

Must stay true: markup is read before entities are decoded, and only what this file writes itself
is ever marked safe.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from bot.sandbox.screen.mrkdwn import MARKUP, decoded
from bot.sandbox.screen.reader import Reader

_QUOTED = re.compile(r"(?:>|&gt;) ?")
_FENCED = re.compile(r"(```(?s:.+?)```)")
_TAGS = {"bold": "b", "italic": "i", "strike": "s"}
_LINK = Markup('<a href="{}" target="_blank" rel="noreferrer noopener">{}</a>')
_MENTION = Markup('<span class="mention{}">{}{}</span>')
_SAFE_LINKS = ("https://", "http://", "mailto:")


@dataclass(frozen=True)
class HtmlWriter:
    """Writes texts as HTML for one reader; `own` are the ids that mean the reader."""

    reader: Reader
    own: frozenset[str]

    def mrkdwn(self, text: str) -> Markup:
        """A mrkdwn text: emphasis, code, quotes, links, mentions and dates."""
        return Markup("").join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[Markup]:
        first, *rest = _FENCED.split(text)
        yield from self._paragraphs(first.removesuffix("\n") if rest else first)
        for fenced, after in zip(rest[::2], rest[1::2], strict=True):
            yield Markup("<pre>{}</pre>").format(decoded(fenced[3:-3].strip("\n")))
            yield from self._paragraphs(after.strip("\n")) if after.strip("\n") else ()

    def _paragraphs(self, text: str) -> Iterator[Markup]:
        """Neighbouring quoted lines are one quotation."""
        for quoted, lines in groupby(text.split("\n"), lambda line: bool(_QUOTED.match(line))):
            if quoted:
                inside = [self._inline(_QUOTED.sub("", line, count=1)) for line in lines]
                yield Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(inside))
            else:
                yield Markup("<br>").join(self._inline(line) for line in lines)

    def _inline(self, text: str) -> Markup:
        parts, done = [], 0
        for found in MARKUP.finditer(text):
            parts.append(escape(decoded(text[done : found.start()])))
            parts.append(self._marked(found))
            done = found.end()
        return Markup("").join([*parts, escape(decoded(text[done:]))])

    def _marked(self, found: "re.Match[str]") -> Markup:
        kind, inside = found.lastgroup or "", found[found.lastgroup or 0]
        if kind == "angle":
            return self._angle(inside)
        if kind in ("pre", "code"):
            return Markup("<code>{}</code>").format(decoded(inside))
        tag = Markup(_TAGS[kind])  # noqa: S704 - one of our three tags
        return Markup("<{0}>{1}</{0}>").format(tag, self._inline(inside))

    def _angle(self, inside: str) -> Markup:
        target, _, label = inside.partition("|")
        if target.startswith("!date^"):
            _, unix, template, address = [*target.split("^", 3), "", ""][:4]
            shown = decoded(self.reader.date(unix, template, label))
            return link(address, shown) if address else escape(shown)
        if target.startswith("!subteam^"):
            return self.mention("@", target.removeprefix("!subteam^"), label.lstrip("@"))
        if target.startswith(("@", "#")):
            return self.mention(target[0], target[1:], label if target[0] == "#" else "")
        if target.startswith("!"):
            return self.mention("@", target[1:], target[1:])
        return link(decoded(target), decoded(label or target))

    def mention(self, sign: str, identity: str, label: str = "") -> Markup:
        """A mention by id; one of the reader or a group of theirs stands out."""
        own = " own" if identity in self.own or identity in _EVERYBODY else ""
        return _MENTION.format(own, sign, label or self.reader.names(identity))

    def rich(self, element: Mapping[str, Any]) -> Markup:
        """A rich_text block or one of its parts."""
        return _RICH.get(element["type"], _inline_part)(self, element)

    def rich_all(self, elements: Iterable[Mapping[str, Any]]) -> Markup:
        return Markup("").join(self.rich(each) for each in elements)


_EVERYBODY = frozenset({"here", "channel", "everyone"})


def link(address: str, label: str) -> Markup:
    """A link that opens elsewhere; a scheme a browser would run is shown as words."""
    if not address.lower().startswith(_SAFE_LINKS):
        return escape(label)
    return _LINK.format(address, label)


def _wrapped(tag: str) -> Callable[[HtmlWriter, Mapping[str, Any]], Markup]:
    shape = Markup(f"<{tag}>{{}}</{tag}>")  # noqa: S704 - tags of ours, below
    return lambda writer, part: shape.format(writer.rich_all(part.get("elements", [])))


def _list(writer: HtmlWriter, part: Mapping[str, Any]) -> Markup:
    tag = Markup("ol") if part.get("style") == "ordered" else Markup("ul")
    items = Markup("").join(
        Markup("<li>{}</li>").format(writer.rich(each)) for each in part.get("elements", [])
    )
    indent = min(int(part.get("indent", 0)), 8)
    return Markup('<{0} class="indent-{1}">{2}</{0}>').format(tag, indent, items)


_STYLES = {"bold": "b", "italic": "i", "strike": "s", "underline": "u", "code": "code"}


def _inline_part(writer: HtmlWriter, part: Mapping[str, Any]) -> Markup:
    shown = _PARTS.get(part["type"], _unknown_part)(writer, part)
    for style, tag in _STYLES.items():
        if (part.get("style") or {}).get(style):
            shown = Markup("<{0}>{1}</{0}>").format(Markup(tag), shown)  # noqa: S704 - as above
    return shown


def _unknown_part(_ink: HtmlWriter, part: Mapping[str, Any]) -> Markup:
    return escape(f"({part['type']} is not drawn here)")


def _date_part(writer: HtmlWriter, part: Mapping[str, Any]) -> Markup:
    unix, fallback = str(part["timestamp"]), str(part.get("fallback", ""))
    return escape(writer.reader.date(unix, part["format"], fallback))


_RICH: dict[str, Callable[[HtmlWriter, Mapping[str, Any]], Markup]] = {
    "rich_text": lambda writer, part: writer.rich_all(part.get("elements", [])),
    "rich_text_section": _wrapped("div"),
    "rich_text_quote": _wrapped("blockquote"),
    "rich_text_preformatted": _wrapped("pre"),
    "rich_text_list": _list,
}
_PARTS: dict[str, Callable[[HtmlWriter, Mapping[str, Any]], Markup]] = {
    "text": lambda _, part: escape(part["text"]),
    "link": lambda _, part: link(part["url"], part.get("text") or part["url"]),
    "emoji": lambda _, part: escape(f":{part['name']}:"),
    "user": lambda writer, part: writer.mention("@", part["user_id"]),
    "usergroup": lambda writer, part: writer.mention("@", part["usergroup_id"]),
    "channel": lambda writer, part: writer.mention("#", part["channel_id"]),
    "broadcast": lambda writer, part: writer.mention("@", part["range"], part["range"]),
    "color": lambda _, part: escape(part["value"]),
    "date": _date_part,
}
