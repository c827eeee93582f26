"""Slack's mrkdwn and plain text as styled terminal text.

Must stay true: markup is read before entities are decoded, so an escaped `&lt;@U1&gt;` is
words and never a mention.
"""

import re

from rich.style import Style
from rich.text import Text

from bot.sandbox.screen.reader import Reader

MARKUP = re.compile(
    r"```(?P<pre>(?s:.+?))```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<angle>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])"
)
_STYLES = {"bold": Style(bold=True), "italic": Style(italic=True), "strike": Style(strike=True)}
CODE = Style(color="red")
MENTION = Style(color="blue", bold=True)
LINK = Style(color="blue", underline=True)
QUOTE_BAR = "┃ "


def decoded(text: str) -> str:
    """Slack's three entities as the characters they stand for; no others are known to it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str) -> Text:
    """A plain_text object: no markup."""
    return Text(decoded(text))


def mrkdwn(text: str, reader: Reader) -> Text:
    """A mrkdwn object: emphasis, code, links, mentions, dates and quotes."""
    lines = [_line(line, reader) for line in _lines(text)]
    return Text("\n").join(lines)


def _lines(text: str) -> list[str]:
    # a code block keeps its line breaks and is one piece of markup
    pieces = re.split(r"(```(?s:.+?)```)", text)
    kept = [piece.replace("\n", "\0") if piece.startswith("```") else piece for piece in pieces]
    return "".join(kept).split("\n")


def _line(line: str, reader: Reader) -> Text:
    quoted = re.match(r"(?:>|&gt;) ?", line)
    body = _inline(line[quoted.end() :] if quoted else line, reader)
    return Text(QUOTE_BAR).append_text(body) if quoted else body


def _inline(text: str, reader: Reader) -> Text:
    shown, done = Text(), 0
    for found in MARKUP.finditer(text):
        shown.append(decoded(text[done : found.start()]))
        shown.append_text(_marked(found, reader))
        done = found.end()
    return shown.append(decoded(text[done:]))


def _marked(found: re.Match[str], reader: Reader) -> Text:
    kind, inside = found.lastgroup or "", found[found.lastgroup or 0]
    if kind == "angle":
        return _angle(inside, reader)
    if kind in ("pre", "code"):
        return Text(decoded(inside.replace("\0", "\n").strip("\n")), CODE)
    styled = _inline(inside, reader)
    styled.stylize(_STYLES[kind])
    return styled


def _angle(inside: str, reader: Reader) -> Text:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return mention("@", reader.names(target[1:]))
    if target.startswith("#"):
        return mention("#", label or reader.names(target[1:]))
    if target.startswith("!date^"):
        return _date(target, label, reader)
    if target.startswith("!subteam^"):
        return mention("@", label.lstrip("@") or reader.names(target.removeprefix("!subteam^")))
    if target.startswith("!"):
        return mention("@", target[1:])
    return Text(decoded(label or target), LINK)


def mention(sign: str, name: str) -> Text:
    return Text(f"{sign}{name}", MENTION)


def _date(target: str, fallback: str, reader: Reader) -> Text:
    _, unix, template, link = [*target.split("^", 3), "", ""][:4]
    return Text(decoded(reader.date(unix, template, fallback)), LINK if link else "")
