"""Tells the admins what Slack does not take, where they can mend it: once a place and cause."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from blocks.undelivered import EVERYWHERE
from bot.outgoing.verdict import UNEDITABLE, GiveUp, TryAgain
from store import people
from store.domain.policy import Policy
from store.messages import slots
from store.messages.outbox import Claimed, Kind, Owed

_QUIET = {Kind.REFUSAL, Kind.LIST, Kind.HOME, Kind.UNDELIVERED, Kind.SECOND_COPY}
"""What its reader asks for again, this notice itself, and a look that nobody waits for."""


async def tell_admins(
    session: AsyncSession,
    message: Claimed,
    verdict: GiveUp | TryAgain,
    policy: Policy,
    *,
    now: datetime,
) -> None:
    """Owe a notice to each admin but whoever the message was for, unless they were told already.

    Not of a card that only cannot be edited: it is left as it stands, and tried again when somebody
    acts on it. What Slack refuses everywhere is told of any message, to every admin.
    """
    given_up = isinstance(verdict, GiveUp)
    if given_up and (message.kind in _QUIET or verdict.why in UNEDITABLE):
        return
    place = message.recipient if given_up else EVERYWHERE
    admins = (await people.roster(session, policy)).admins - {place}
    data = {"kind": message.kind, "place": place, "why": verdict.why}
    notices = [
        Owed.post(
            Kind.UNDELIVERED,
            admin,
            place,
            verdict.why,
            admin,
            request_id=message.request_id,
            data=data,
        )
        for admin in sorted(admins)
    ]
    await slots.owe_once(session, notices, now=now)
