"""Tells the admins of a message that was given up, where they can mend something."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.outgoing.verdict import UNEDITABLE, GiveUp
from store import people
from store.domain.policy import Policy
from store.messages import outbox
from store.messages.outbox import Claimed, Kind, Owed

_QUIET = {Kind.REFUSAL, Kind.LIST, Kind.HOME, Kind.UNDELIVERED}
"""What its reader asks for again, and this notice itself."""


async def tell_admins(
    session: AsyncSession, message: Claimed, verdict: GiveUp, policy: Policy, *, now: datetime
) -> None:
    """Owe a notice to each admin but whoever the message was for.

    Not of a card that only cannot be edited: it is left as it stands, and tried again when somebody
    acts on it.
    """
    if message.kind in _QUIET or verdict.why in UNEDITABLE:
        return
    admins = (await people.roster(session, policy)).admins - {message.recipient}
    data = {"kind": message.kind, "recipient": message.recipient, "why": verdict.why}
    notices = [
        Owed.post(
            Kind.UNDELIVERED, admin, message.id, admin, request_id=message.request_id, data=data
        )
        for admin in sorted(admins)
    ]
    await outbox.owe(session, notices, now=now)
