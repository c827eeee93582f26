"""What the ticks do. Each is safe to run twice, in many replicas, and to be killed half-way."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.checkpoints import Checkpoints
from bot.profiles import Profiles
from store import drafts, exports, people, replicas, webhooks
from store.domain.access import Rules
from store.domain.clock import Clock
from store.domain.policy import Policy, PolicyInForce
from store.engine.database import CHUNK, Database
from store.messages import cards, claim, outbox, rate_limits, reminders, roles, stand_ins
from store.messages.stand_ins import Standing
from store.requests import erase, escalate, neighbours, testing

log = logging.getLogger(__name__)

KEEP = timedelta(days=30)
"""How long sent messages, taken slots and finished exports are kept, for an operator's question."""
NEWEST = 2_000
"""How many requests are looked at every few minutes; all of them only a few times a day."""
KEEP_DRAFTS = timedelta(days=1)
"""How long a draft waits for its writer after the last change."""
MAY_DIFFER = timedelta(minutes=5)
"""How long replicas may judge by different policies before anybody is told: files are copied one
after the other."""
KEEP_REPLICAS = timedelta(days=1)
"""How long a process that has ended is remembered."""


@dataclass
class Jobs:
    """The recurring work."""

    db: Database
    profiles: Profiles
    in_force: PolicyInForce
    clock: Clock
    pace: timedelta
    checkpoints: Checkpoints | None = None

    def __post_init__(self) -> None:
        self._seen: Rules | None = None
        self._followed: Rules | None = None
        self._away: Standing | None = None
        self._stood: Standing | None = None
        self._channels: frozenset[str] | None = None
        self.differ_since: datetime | None = None
        """Since when replicas are seen to judge by different policies."""

    @property
    def policy(self) -> Policy:
        """The policy as it is at this moment."""
        return self.in_force.policy

    async def remind(self) -> int:
        """Owe reminders to whom they are due; how many."""
        return await reminders.owe_reminders(self.db, self.policy, now=self.clock())

    async def digest(self) -> int:
        """Owe digests to whose morning it is; how many."""
        return await reminders.owe_digests(self.db, self.policy, now=self.clock())

    async def escalate(self) -> int:
        """Call others to what nobody has decided for long; to how many requests."""
        return await escalate.escalate(self.db, self.policy, now=self.clock())

    async def remind_of_questions(self) -> int:
        """Owe submitters a word about what they have not answered; how many."""
        return await reminders.owe_question_reminders(self.db, self.policy, now=self.clock())

    async def nudge(self) -> int:
        """Owe nudges to the submitters of releases that do not move; how many."""
        return await reminders.owe_nudges(self.db, self.policy, now=self.clock())

    async def reconcile(self) -> int:
        """Owe the newest cards that are out of date, word of who left, of what is stuck; how many.

        Old response URLs are forgotten on the way.
        """
        async with self.db.transaction() as session:
            await cards.forget_old_urls(session, now=self.clock())
            await outbox.forget_old_urls(session, now=self.clock())
        await self.profiles.people(await reminders.waited_for(self.db))
        owed = await reminders.owe_departures(self.db, self.policy, now=self.clock())
        owed += await reminders.owe_unreached(self.db, now=self.clock())
        owed += await reminders.owe_stuck(self.db, self.policy, now=self.clock())
        return owed + await cards.repair(self.db, now=self.clock(), most=NEWEST)

    async def reconcile_all(self) -> int:
        """The same for every card there is; how many."""
        return await cards.repair(self.db, now=self.clock())

    async def redraw_neighbours(self) -> int:
        """Owe cards that say of others what is no longer so, if Slack has edits to spare."""
        return await neighbours.owe_out_of_date(self.db, pace=self.pace, now=self.clock())

    async def move_up(self) -> int:
        """Let what has waited long go before what has not; how many messages."""
        return await claim.move_up(self.db, now=self.clock())

    async def refresh(self) -> int:
        """Read the groups and profiles whose turn it is, and let what is shown follow the roles.

        Returns how many assignments changed.

        Roles are followed before the reading, too: whom an event took out, the reading may put
        back, and what was drawn in between leaves them out.
        """
        count = await self.follow_roles()
        await self.profiles.poll_groups()
        await self.profiles.meet_deciders()
        await self.follow_channels()
        return count + await self.follow_roles()

    async def follow_roles(self) -> int:
        """Owe what names somebody as a reviewer who is none now; how many assignments changed.

        Roles that have changed are followed twice: what is submitted meanwhile may be judged by the
        old ones. And no oftener: a replica with another policy would undo it each time.
        """
        async with self.db.snapshot() as session:
            rules = await people.rules(session, self.policy)
        if rules == self._followed:
            return 0
        count = await roles.follow(
            self.db, rules, before=self._seen, burst=self.policy.burst, now=self.clock()
        )
        self._followed = rules if rules == self._seen else None
        self._seen = rules
        self._stood = self._away = None  # who may stand in follows from the roles
        return count

    async def stand_in(self) -> None:
        """Let what is shown follow who is away; what has changed twice, as with roles."""
        before, now = self._stood, self.clock()
        standing = await stand_ins.follow(self.db, self.policy, before=before, now=now)
        self._stood = standing if standing == self._away else None
        self._away = standing

    async def end_testing(self) -> int:
        """End what was said to be tested too long ago; of how many requests."""
        return await testing.end_lapsed(self.db, now=self.clock())

    async def follow_channels(self) -> int:
        """Owe the cards in channels that the policy names no more, or again; how many."""
        channels, before = frozenset(self.policy.channels), self._channels
        self._channels = channels
        return await cards.follow_channels(self.db, channels, before, now=self.clock())

    async def compare_policies(self) -> int:
        """Tell the admins where replicas go on judging by different policies; how many are told."""
        now = self.clock()
        async with self.db.snapshot() as session:
            differ = len(await replicas.policies(session, now=now)) > 1
        self.differ_since = (self.differ_since or now) if differ else None
        if self.differ_since is None or now - self.differ_since < MAY_DIFFER:
            return 0
        return await reminders.owe_policies_differ(self.db, self.policy, now=now)

    async def checkpoint(self) -> int:
        """Make the checkpoint that is due, if there is a key to sign it with; how many."""
        return await self.checkpoints.make() if self.checkpoints else 0

    async def erase(self) -> int:
        """Erase what the policy no longer keeps, and what forgotten people left; how much."""
        return await erase.erase_old(self.db, self.policy, now=self.clock())

    async def prune(self) -> int:
        """Delete what was sent or finished long ago, and drafts and replicas left; how many rows.

        In chunks of a transaction each, so that no click waits long behind one.
        """
        total = 0
        kept = dict.fromkeys((outbox, reminders, exports, rate_limits, webhooks), KEEP)
        kept |= {drafts: KEEP_DRAFTS, replicas: KEEP_REPLICAS}
        for rows, age in kept.items():
            before, count = self.clock() - age, CHUNK
            while count == CHUNK:
                async with self.db.transaction() as session:
                    count = await rows.prune(session, before=before)
                total += count
        return total
