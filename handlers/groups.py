"""What Slack says of user groups and people as it happens: who left loses the role at once.

Only rights are taken here. Who joined a group, the next reading of it tells: events come late,
twice and in any order.
"""

from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.deps import Deps
from store import groups, people


def register(app: AsyncApp) -> None:
    """Listen to changes of groups and of people."""
    app.event("subteam_members_changed")(members_changed)
    app.event("subteam_updated")(updated)
    app.event("user_change")(person_changed)


async def members_changed(event: dict[str, Any], deps: Deps) -> None:
    """These have left a group."""
    async with deps.db.transaction() as session:
        removed = event.get("removed_users") or ()
        await groups.note_change(session, event["subteam_id"], without=removed)


async def updated(event: dict[str, Any], deps: Deps) -> None:
    """A group is as it says; nobody is in one that is out of use.

    Slack cuts its list of people at 500, and says how many they are.
    """
    group = event["subteam"]
    named, count = group.get("users") or [], group.get("user_count")
    whole = group.get("users") is not None and int(count or 0) == len(named)
    is_gone = int(group.get("date_delete") or 0) > 0
    only = () if is_gone else named if whole else None
    async with deps.db.transaction() as session:
        await groups.note_change(session, group["id"], only=only)


async def person_changed(event: dict[str, Any], deps: Deps) -> None:
    """Somebody has left Slack, or is back."""
    user = event["user"]
    async with deps.db.snapshot() as session:
        known = (await people.known(session, [user["id"]])).get(user["id"])
    active = not user.get("deleted", False)
    if known and known.active != active:
        async with deps.db.transaction() as session:
            await people.note_active(session, user["id"], active=active)
