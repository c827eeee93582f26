"""What a person does in the browser, one function an act: each calls one method of `Person`.

An act gets what the browser sent and gives the sentence to show, if any. LookupError and
ValueError are things Slack's own client would not have let them do.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from bot.sandbox.actions.command_text import escape
from bot.sandbox.actions.member import Answer
from bot.sandbox.page import fault_switches, forms
from bot.sandbox.page.parts import Look
from bot.sandbox.platform import Mood, Platform
from bot.sandbox.state.controls import find
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.views import View

Json = dict[str, Any]
Act = Callable[[Look, Json], Awaitable[str | None]]


async def click(look: Look, given: Json) -> str | None:
    """A button or an entry of an overflow menu; confirmations were asked before."""
    value = given.get("value") or None
    return (await look.person.click(_place(look, given), given["action_id"], value=value)).warning


async def choose(look: Look, given: Json) -> str | None:
    """A value put into a control."""
    where = _place(look, given)
    control = find(where.blocks, given["action_id"], None, "what is on the screen")
    value = forms.value(control, given["value"], look.person.tz)
    answer = await look.person.choose(where, given["action_id"], value)
    return answer.warning


async def options(look: Look, given: Json) -> str | None:
    """Letters typed into an external select; what the app offers is drawn with the view."""
    view = _view(look, given)
    await look.person.type_options(view, given["action_id"], given["typed"])
    return None


async def submit(look: Look, given: Json) -> str | None:
    """The submit button of a modal, with what stands in its text fields."""
    view = _view(look, given)
    values = forms.typed(view, given["values"], look.person.tz)
    errors = forms.problems(look.person, view, values)
    answer = Answer(acked=True) if errors else await look.person.submit(view, values)
    look.site.errors[view.id] = errors or answer.errors
    return answer.warning


async def close(look: Look, given: Json) -> str | None:
    """The close button of a modal, or Escape."""
    view = _view(look, given)
    look.site.errors.pop(view.id, None)
    return (await look.person.close(view)).warning


async def write(look: Look, given: Json) -> str | None:
    """A line in the composer: a slash command or a message; in that of a thread, a reply."""
    text = str(given["text"]).strip()
    if not text:
        return None
    if "thread" in given:
        return _reply(look, str(given["thread"]), text)
    if not text.startswith("/"):
        look.person.say(escape(text, look.site.workspace), look.conversation)
        return None
    name = text.split()[0]
    if name not in {command["command"] for command in look.site.commands}:
        return f"{name} is not a valid command."
    return (await look.person.command(text, channel=look.conversation)).warning


async def shortcut(look: Look, given: Json) -> str | None:
    """A global shortcut."""
    return (await look.person.shortcut(given["callback_id"])).warning


async def message_shortcut(look: Look, given: Json) -> str | None:
    """A shortcut from the menu of a message."""
    shown = look.site.shown.message(_where(look, given), given["ts"], given["mark"])
    return (await look.person.message_shortcut(given["callback_id"], shown)).warning


async def home(look: Look, _given: Json) -> str | None:
    """The Home tab was opened."""
    return (await look.person.open_home()).warning


async def read(look: Look, _given: Json) -> str | None:
    """The place is on the screen: its messages are read."""
    look.person.read(look.conversation)
    return None


async def clock(look: Look, given: Json) -> str | None:
    """Move the clock on. Returns a sentence if that moment is past."""
    move_to = look.site.controls.move_to
    if move_to is None:
        raise LookupError("this workspace has no clock to move")
    now = look.site.workspace.now().astimezone(ZoneInfo(look.person.tz))
    if given["to"] in _MOMENTS:
        moment = _MOMENTS[given["to"]](now)
    else:
        moment = datetime.fromisoformat(given["to"]).replace(tzinfo=now.tzinfo)
    if moment <= now:
        return "The clock only moves on: choose a later moment."
    await move_to(moment)
    return None


async def fault(look: Look, given: Json) -> str | None:
    """A fault, switched on or off."""
    await fault_switches.switch(look.site, given["key"])
    return None


async def mood(look: Look, given: Json) -> str | None:
    """How the platform answers from now on."""
    _platform(look).mood = Mood(given["mood"])
    return None


async def hand_in(look: Look, _given: Json) -> str | None:
    """The platform hands a request in. Returns a sentence where the API does not take it."""
    platform = _platform(look)
    try:
        status, said = await platform.hand_in(platform.next_request())
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"The API was not reached ({type(error).__name__})."
    if status == 201:
        return None
    return f"The API answered {status}: {said.get('detail') or said.get('title') or said}"


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        *(click, choose, options, submit, close, write, shortcut, home, read, clock, fault),
        *(message_shortcut, mood, hand_in),
    )
}


def _reply(look: Look, thread_ts: str, text: str) -> str | None:
    """Slack takes no command in a thread."""
    if thread_ts not in {message.ts for message in look.person.sees(look.conversation)}:
        raise LookupError("there is no such thread")
    if text.startswith("/"):
        return f"{text.split()[0]} is not supported in threads. Sorry!"
    said = escape(text, look.site.workspace)
    look.person.say(said, look.conversation, thread_ts=thread_ts)
    return None


def _platform(look: Look) -> Platform:
    if look.site.platform is None:
        raise LookupError("this workspace has no platform")
    return look.site.platform


def _next(now: datetime, hour: int) -> datetime:
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _next_weekday(now: datetime, hour: int) -> datetime:
    moment = _next(now, hour)
    while moment.weekday() > 4:
        moment += timedelta(days=1)
    return moment


_MOMENTS: dict[str, Callable[[datetime], datetime]] = {
    "hour": lambda now: now + timedelta(hours=1),
    "day": lambda now: now + timedelta(days=1),
    "afternoon": lambda now: _next(now, 14),
    "morning": lambda now: _next_weekday(now, 9),
}


def _place(look: Look, given: Json) -> Message | View:
    if "view" in given:
        return _view(look, given)
    return look.site.shown.message(_where(look, given), given["ts"], given["mark"])


def _where(look: Look, given: Json) -> Conversation:
    where = look.site.workspace.conversations.get(given["channel"])
    if where is None:
        raise LookupError("there is no such place")
    return where


def _view(look: Look, given: Json) -> View:
    home = [look.person.home] if look.person.home else []
    for view in [*look.person.views, *home]:
        if view.id == given["view"]:
            return view
    raise LookupError("this window is closed already")
