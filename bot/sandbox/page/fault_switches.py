"""The faults that a reader of the page can switch on, to watch the bot recover."""

from dataclasses import dataclass

from bot.sandbox.page.site import Site
from bot.sandbox.state.faults import FaultKind

SLOW_SECONDS = 2.0
TIMES = 3
"""How many calls of a method meet a fault of the Web API."""


@dataclass(frozen=True)
class Switch:
    """A fault as the page shows it; `left` is how many calls will still meet it."""

    key: str
    name: str
    about: str
    left: int = 0
    is_on: bool = False


@dataclass(frozen=True)
class _WebApiFault:
    name: str
    about: str
    methods: tuple[str, ...]
    kind: FaultKind
    status: int = 500


_WEB_API_FAULTS = {
    "limited": _WebApiFault(
        "Slack answers 429",
        f"to the next {TIMES} posts and {TIMES} updates; Retry-After is 2 seconds",
        ("chat.postMessage", "chat.update"),
        "status",
        429,
    ),
    "broken": _WebApiFault(
        "Slack answers 500",
        f"to the next {TIMES} posts and {TIMES} updates",
        ("chat.postMessage", "chat.update"),
        "status",
    ),
    "lost": _WebApiFault(
        "The connection is lost",
        f"after each of the next {TIMES} posts: sent, but the bot cannot know",
        ("chat.postMessage",),
        "drop_after",
    ),
}


def switches(site: Site) -> list[Switch]:
    """What can be switched on, and what is."""
    shown = []
    for key, each in _WEB_API_FAULTS.items():
        planned = site.workspace.faults.planned()
        same = (
            fault for fault in planned if (fault.kind, fault.status) == (each.kind, each.status)
        )
        left = sum(fault.times for fault in same)
        shown.append(Switch(key, each.name, each.about, left, is_on=left > 0))
    shown.append(Switch("hangup", "Socket Mode hangs up", "once; the bot connects again"))
    if site.controls.slow_database is not None:
        about = f"each transaction takes {SLOW_SECONDS:g} s longer, until switched off"
        shown.append(Switch("slow", "The database is slow", about, is_on=site.controls.slow_by > 0))
    return shown


async def switch(site: Site, key: str) -> None:
    """Switch a fault on, or a lasting one off; "clear" ends all. LookupError if there is none."""
    faults = site.workspace.faults
    if fault := _WEB_API_FAULTS.get(key):
        for method in fault.methods:
            faults.add(method, fault.kind, times=TIMES, status=fault.status, retry_after=2)
    elif key == "hangup":
        await site.workspace.socket_mode.close()
    elif key == "slow":
        _slow_database(site, 0.0 if site.controls.slow_by else SLOW_SECONDS)
    elif key == "clear":
        faults.clear()
        _slow_database(site, 0.0)
    else:
        raise LookupError(f"there is no fault {key!r}")


def _slow_database(site: Site, seconds: float) -> None:
    if site.controls.slow_database is not None:
        site.controls.slow_database(seconds)
        site.controls.slow_by = seconds
