"""The messages of one place in order: days between them, neighbours of one author together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.actions.people import Person
from bot.sandbox.page.names import Author, Names
from bot.sandbox.page.site import Site
from bot.sandbox.page.surfaces import Surface
from bot.sandbox.state.conversations import Conversation, Message

SHOWN = 100
"""How many messages a page begins with; the rest is one click away."""
ONE_AUTHOR_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Shown:
    """A message as it is drawn; `day` is set on the first of a day, `follows` joins the last."""

    message: Message
    author: Author
    surface: Surface
    mark: str
    at: datetime
    day: str
    follows: bool
    replies: int


@dataclass(frozen=True)
class Timeline:
    """What of a place is drawn, and how many older messages are not."""

    messages: list[Shown]
    earlier: int = 0


def main(site: Site, names: Names, where: Conversation, *, everything: bool) -> Timeline:
    """A place without its replies, which are in their threads."""
    seen = names.reader.sees(where)
    roots = [message for message in seen if not _is_reply(message)]
    kept = roots if everything else roots[-SHOWN:]
    return Timeline(_shown(site, names, kept, seen, "m"), len(roots) - len(kept))


def thread(site: Site, names: Names, where: Conversation, ts: str) -> Timeline:
    """The first message of a thread and the replies to it."""
    seen = names.reader.sees(where)
    inside = [message for message in seen if ts in (message.ts, message.thread_ts)]
    return Timeline(_shown(site, names, inside, [], "t"))


def _is_reply(message: Message) -> bool:
    return message.thread_ts is not None and message.thread_ts != message.ts


def _shown(
    site: Site, names: Names, messages: Iterable[Message], among: Iterable[Message], letter: str
) -> list[Shown]:
    """`letter` begins the ids: a message may be on the page twice, in its place and its thread."""
    reader = names.reader
    answered = [message.thread_ts for message in among if _is_reply(message)]
    shown: list[Shown] = []
    last: Message | None = None
    for message in messages:
        at, before = _at(message, reader), _at(last, reader) if last else None
        surface = Surface(reader, names, f"{letter}{message.ts}", message.state)
        new_day = before is None or before.date() != at.date()
        shown.append(
            Shown(
                message,
                names.author(message.user),
                surface,
                site.shown.mark(message),
                at,
                day=_day(at, reader) if new_day else "",
                follows=not new_day and _together(last, message),
                replies=answered.count(message.ts),
            )
        )
        last = message
    return shown


def _together(last: Message | None, message: Message) -> bool:
    if last is None or last.user != message.user:
        return False
    near = float(message.ts) - float(last.ts) < ONE_AUTHOR_WITHIN.total_seconds()
    return near and last.ephemeral_to == message.ephemeral_to is None


def _at(message: Message, reader: Person) -> datetime:
    return datetime.fromtimestamp(float(message.ts), UTC).astimezone(ZoneInfo(reader.tz))


def _day(at: datetime, reader: Person) -> str:
    today = reader.workspace.now().astimezone(at.tzinfo).date()
    near = {0: "Today", 1: "Yesterday"}.get((today - at.date()).days)
    return near or f"{at:%A, %B} {at.day}"
