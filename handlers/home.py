"""The Home tab: drawn when it is opened, by the outbox like everything else that is shown."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from blocks import buttons, paging
from handlers import lists
from handlers.deps import Deps
from store import people
from store.domain.lists.query import Scope
from store.messages import homes


def register(app: AsyncApp) -> None:
    """Listen to the tab being opened, and to the tabs within it."""
    app.event("app_home_opened")(opened)
    for action_id in buttons.TAB.values():
        app.action(action_id)(lists.turn)


async def opened(event: dict[str, Any], deps: Deps) -> None:
    """Show them where they last were; at first, what waits for them or what they submitted."""
    if event.get("tab") != "home":
        return
    user = event["user"]
    async with deps.db.snapshot() as session:
        roster = await people.roster(session, deps.policy)
    start = paging.opening(Scope.APPROVALS if roster.reviews(user) else Scope.MINE)
    await homes.open_home(deps.db, user, start=paging.encode(start), now=deps.clock())
