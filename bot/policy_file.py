"""The policy file, read again while the bot runs.

What must stay true: a policy comes into force whole or not at all, and only once Slack has said who
is in the user groups it newly names. A file that cannot be used leaves the old one in force.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.profiles import Profiles
from bot.settings import Settings, SettingsError
from store.domain.clock import Clock
from store.domain.policy import Policy, PolicyInForce
from store.engine.database import Database
from store.messages import reminders

log = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
"""Between two looks at the file. What is new counts once it has stood there for two of them: an
editor may be in the middle of writing it."""
WAIT_FOR_GROUPS = timedelta(minutes=1)
"""How long a new policy waits for Slack to say who is in its groups. Then it comes into force
without the members of those: who was taken out of the old one must not stay for Slack's silence."""


class PolicyFile:
    """Looks at the file now and then, and puts what stands there in force.

    `refused` says what is wrong with a file that was not put in force; None while there is none.
    """

    def __init__(
        self,
        settings: Settings,
        in_force: PolicyInForce,
        db: Database,
        profiles: Profiles,
        clock: Clock,
    ) -> None:
        self._settings, self._in_force, self._db = settings, in_force, db
        self._profiles, self._clock = profiles, clock
        self._judged: bytes | str | None = None  # the file as it was when it was last judged
        self._seen: bytes | str | None = None  # as it was when we last looked
        self._asked_since: datetime | None = None  # when Slack was first asked about new groups
        self._hurry = asyncio.Event()
        self.looked = asyncio.Event()
        """Set by each look at the file."""
        self.refused: str | None = None

    def reread(self) -> None:
        """Read it at once, as it stands: somebody says that it is whole."""
        self._hurry.set()

    async def run(self) -> None:
        """Look at it until cancelled. What cannot be done now is tried at the next look."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._hurry.wait()
            settled = self._hurry.is_set()
            self._hurry.clear()
            try:
                await self.check(settled=settled)
            except (SQLAlchemyError, OSError) as error:
                log.warning("the policy file waits: %s", type(error).__name__)
            self.looked.set()

    async def check(self, *, settled: bool = False) -> None:
        """Look at it once. `settled`: it is whole, and need not be seen a second time."""
        try:
            text, changed_at = await asyncio.to_thread(self._settings.policy_text)
        except SettingsError as error:  # it is not there, or not to be read
            if self._is_new(str(error), settled=settled):
                await self._refuse(str(error))
                self._judged = str(error)
            return
        if not self._is_new(text, settled=settled):
            return
        try:
            policy = self._settings.policy_of(text, changed_at)
        except SettingsError as error:
            await self._refuse(str(error))
        else:
            if not await self._enforce(policy):
                return
        self._judged = text

    def _is_new(self, found: bytes | str, *, settled: bool) -> bool:
        """Whether this is to be judged: it is not what was judged, and it stood there before."""
        stands, self._seen = found == self._seen or settled, found
        return stands and found != self._judged

    async def _enforce(self, policy: Policy) -> bool:
        """Put it in force, unless it still waits for Slack to say who is in its groups."""
        self.refused, now = None, self._clock()
        self._asked_since = self._asked_since or now
        known = await self._profiles.read_unread(policy)
        if not known and now < self._asked_since + WAIT_FOR_GROUPS:
            return False
        self._asked_since = None
        if policy.sha256 != self._in_force.policy.sha256:
            log.warning("the policy of %s is in force, %s", policy.changed_at, policy.sha256[:12])
        self._in_force.policy = policy
        return True

    async def _refuse(self, problem: str) -> None:
        """Leave the old one in force, and say so in the log and to the admins, once."""
        self.refused = problem
        log.error("the policy file is not put in force, the old one stays: %s", problem)
        await reminders.owe_policy_refused(
            self._db, self._in_force.policy, problem, now=self._clock()
        )
