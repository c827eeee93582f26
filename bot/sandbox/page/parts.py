"""The parts of the page that change by themselves, each drawn on its own.

A part is redrawn whole and compared with what the browser has; only what differs is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.actions.people import Person
from bot.sandbox.page import fault_switches, inspector, timeline
from bot.sandbox.page.drawing import draw
from bot.sandbox.page.names import Names
from bot.sandbox.page.site import Site
from bot.sandbox.page.surfaces import Surface
from bot.sandbox.platform import Mood
from bot.sandbox.state.conversations import Conversation
from bot.sandbox.state.views import View

HOME = "home"


@dataclass(frozen=True)
class Look:
    """What a browser shows: whose Slack, which place (or `home`), which thread."""

    site: Site
    person: Person
    place: str
    thread: str = ""
    everything: bool = False

    @property
    def names(self) -> Names:
        """Names as this person sees them."""
        return Names(self.site.workspace, self.site.app_name, self.person)

    @property
    def conversation(self) -> Conversation:
        """The place; on Home the direct messages it belongs to. LookupError if not in there."""
        if self.place == HOME:
            return self.person.dm
        where = self.site.workspace.conversations.get(self.place)
        if where is None or self.person.id not in where.members:
            raise LookupError(f"{self.person.handle} is not in {self.place}")
        return where

    @property
    def base(self) -> str:
        """The address of everything this person does."""
        return f"/as/{self.person.handle}"

    def query(self) -> str:
        """The part of an address that names the thread and whether all messages are shown."""
        everything = "&all=1" if self.everything else ""
        return f"?thread={self.thread}{everything}" if self.thread or everything else ""


def parts(look: Look) -> dict[str, str]:
    """Every part as HTML."""
    return {name: part(look) for name, part in _PARTS.items()}


def context(look: Look) -> dict[str, Any]:
    """What every template may use."""
    now = look.site.workspace.now().astimezone(ZoneInfo(look.person.tz))
    return {"look": look, "site": look.site, "person": look.person, "now": now}


def _part(template: str, **more: Callable[[Look], Any]) -> Callable[[Look], str]:
    def drawn(look: Look) -> str:
        extra = {name: value(look) for name, value in more.items()}
        return draw(template, look.names, **context(look), **extra)

    return drawn


def _unread(look: Look) -> dict[str, int]:
    """Unread messages of everybody, by person."""
    places = look.site.workspace.conversations.values()
    return {
        person.id: sum(place.unread[person.id] for place in places)
        for person in look.site.members()
    }


def _main(look: Look) -> str:
    if look.place == HOME:
        home = look.person.home
        surface = _surface(look, home) if home else None
        return draw("home.html", look.names, **context(look), home=home, surface=surface)
    shown = timeline.main(look.site, look.names, look.conversation, everything=look.everything)
    return draw("messages.html", look.names, **context(look), timeline=shown)


def _thread(look: Look) -> str:
    if not look.thread or look.place == HOME:
        return ""
    shown = timeline.thread(look.site, look.names, look.conversation, look.thread)
    return draw("thread.html", look.names, **context(look), timeline=shown)


def _dialogs(look: Look) -> str:
    top = look.person.views[-1:]
    surfaces = [(view, _surface(look, view)) for view in top]
    return draw("dialogs.html", look.names, **context(look), surfaces=surfaces)


def _surface(look: Look, view: View) -> Surface:
    errors = look.site.errors.get(view.id, {})
    return Surface(look.person, look.names, view.id, view.state, view.offered, errors, is_view=True)


_PARTS: dict[str, Callable[[Look], str]] = {
    "top": _part("top.html", unread=_unread),
    "sidebar": _part("sidebar.html", places=lambda look: look.site.workspace.inbox(look.person)),
    "header": _part("header.html"),
    "main": _main,
    "thread": _thread,
    "dialogs": _dialogs,
    "clock": _part("clock.html"),
    "faults": _part("faults.html", switches=lambda look: fault_switches.switches(look.site)),
    "platform": _part("platform.html", moods=lambda _look: list(Mood)),
    "payloads": _part("payloads.html", entries=lambda look: inspector.latest(look.site)),
}
