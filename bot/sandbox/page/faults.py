"""The bad days a reader of the page can switch on, to watch the bot heal."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from bot.sandbox.page.site import Site
from bot.sandbox.state.faults import Fault

SLOW_SECONDS = 2.0


@dataclass(frozen=True)
class State:
    """One bad day as the page shows it; `left` is how often it will still happen."""

    key: str
    name: str
    about: str
    left: int = 0
    is_on: bool = False


def states(site: Site) -> list[State]:
    """What can be switched on, and what is."""
    planned = site.workspace.faults.planned()
    shown = [
        State(day.key, day.name, day.about, left := day.left(planned), bool(left))
        for day in _PLANNED
    ]
    shown.append(State("hangup", "Socket Mode hangs up", "once; the bot connects again"))
    if site.controls.slow_database is not None:
        on = site.controls.slow_by > 0
        about = f"each transaction takes {SLOW_SECONDS:g} s longer, until switched off"
        shown.append(State("slow", "The database is slow", about, is_on=on))
    return shown


async def switch(site: Site, key: str) -> None:
    """Switch a bad day on, or the lasting one off again. LookupError if there is none such."""
    if key not in _SWITCHES:
        raise LookupError(f"there is no fault {key!r}")
    await _SWITCHES[key](site)


@dataclass(frozen=True)
class _Planned:
    """A fault of the Web API; `belongs` recognises it among the planned ones."""

    key: str
    name: str
    about: str
    plan: Callable[[Site], None]
    belongs: Callable[[Fault], bool]

    def left(self, planned: Iterable[Fault]) -> int:
        return sum(fault.times for fault in planned if self.belongs(fault))

    async def switch_on(self, site: Site) -> None:
        self.plan(site)


_PLANNED = (
    _Planned(
        "limited",
        "Slack answers 429",
        "to the next 3 posts and 3 updates; Retry-After is 2 seconds",
        lambda site: _refuse_messages(site, 429),
        lambda fault: fault.kind == "status" and fault.status == 429,
    ),
    _Planned(
        "broken",
        "Slack answers 500",
        "to the next 3 posts and 3 updates",
        lambda site: _refuse_messages(site, 500),
        lambda fault: fault.kind == "status" and fault.status == 500,
    ),
    _Planned(
        "lost",
        "The connection is lost",
        "after each of the next 3 posts: sent, but the bot cannot know",
        lambda site: site.workspace.faults.add("chat.postMessage", "drop_after", times=3),
        lambda fault: fault.kind == "drop_after",
    ),
)


def _refuse_messages(site: Site, status: int) -> None:
    for method in ("chat.postMessage", "chat.update"):
        site.workspace.faults.add(method, "status", times=3, status=status, retry_after=2)


async def _clear(site: Site) -> None:
    site.workspace.faults.clear()
    _slow(site, 0.0)


async def _hang_up(site: Site) -> None:
    await site.workspace.socket_mode.close()


async def _toggle_slow(site: Site) -> None:
    _slow(site, 0.0 if site.controls.slow_by else SLOW_SECONDS)


def _slow(site: Site, seconds: float) -> None:
    if site.controls.slow_database is not None:
        site.controls.slow_database(seconds)
        site.controls.slow_by = seconds


_SWITCHES: dict[str, Callable[[Site], Awaitable[None]]] = {
    **{day.key: day.switch_on for day in _PLANNED},
    "hangup": _hang_up,
    "slow": _toggle_slow,
    "clear": _clear,
}
