"""A Slack workspace in one process, spoken to over real HTTP and WebSocket on 127.0.0.1.

It behaves as Slack documents, never kinder, and knows nothing of the app that talks to it.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from bot.sandbox.actions.people import Person
from bot.sandbox.delivery.installed_workspace import InstalledWorkspace
from bot.sandbox.state.conversations import UserGroup
from bot.sandbox.state.ids import TEAM_ID
from bot.sandbox.state.rates import Rates
from bot.sandbox.web_api.routes import routes
from bot.sandbox.web_api.scopes import ALL_SCOPES

Json = dict[str, Any]


def utc_now() -> datetime:
    """The real time, aware."""
    return datetime.now(UTC)


class Workspace(InstalledWorkspace):
    """People, channels and one installed app. Give `now` to move the time by hand."""

    people: dict[str, Person]

    def __init__(
        self, *, now: Callable[[], datetime] = utc_now, rates: Rates | None = None
    ) -> None:
        super().__init__(now, {}, ALL_SCOPES, rates)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        await self.connect()
        self._runner = web.AppRunner(routes(self), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        taken: tuple[str, int] = self._runner.addresses[0]
        self.host = f"127.0.0.1:{taken[1]}"

    async def stop(self) -> None:
        """Hang up, stop listening, drop what waits."""
        await self.disconnect()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    def add_person(
        self,
        handle: str,
        *,
        real_name: str,
        email: str | None = None,
        tz: str = "Asia/Manila",
        locale: str = "en-US",
    ) -> Person:
        """A member called `@handle`; without an e-mail address the profile shows none."""
        person = Person(self, self.ids.new("U"), handle, real_name, email, tz, locale)
        self.people[person.id] = person
        return person

    def person(self, id_or_handle: str) -> Person:
        """A person by id or handle; LookupError names who is there."""
        name = id_or_handle.removeprefix("@")
        for person in self.people.values():
            if name in (person.id, person.handle):
                return person
        known = ", ".join(person.handle for person in self.people.values())
        raise LookupError(f"nobody is called {id_or_handle!r}; there are {known or 'no people'}")

    def deactivate(self, person: Person) -> None:
        """Take a person's account away; the app hears `user_change` if it listens."""
        person.deleted = True
        self.views.clear(person.id)
        self.emit_soon({"type": "user_change", "user": person.to_slack()})
        self.changed()

    def change_usergroup(self, group: UserGroup, *, members: Iterable[Person]) -> None:
        """Set who is in a group; the app hears `subteam_members_changed` if it listens."""
        before, after = set(group.members), [person.id for person in members]
        group.members = after
        added, removed = sorted(set(after) - before), sorted(before - set(after))
        event: Json = {"type": "subteam_members_changed", "subteam_id": group.id}
        event |= {"team_id": TEAM_ID, "added_users": added, "removed_users": removed}
        self.emit_soon(event | {"added_users_count": len(added)})
        self.changed()

    def disable_usergroup(self, group: UserGroup) -> None:
        """Take a group out of use; the app hears `subteam_updated` if it listens."""
        group.disabled_at = int(self.now().timestamp())
        self.emit_soon({"type": "subteam_updated", "subteam": group.to_slack(include_users=True)})
        self.changed()
