"""From the name of an owed message to the call that sends it, drawn from the state now.

One function a kind, which takes what it needs. `None` means that the message has become moot (a
digest with nothing left in it); it counts as sent.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from sqlmodel.ext.asyncio.session import AsyncSession

from blocks import (
    absence,
    calls,
    digest,
    handing,
    home,
    notices,
    paging,
    questions,
    refusals,
    request_card,
    request_list,
    undelivered,
)
from blocks import export as export_blocks
from blocks.message import Message
from bot.outgoing import digest_messages
from bot.outgoing.slack_calls import Call, Delete, DeleteOthers, Edit, Post, Publish, Reply
from bot.profiles import Profiles
from handlers import commands
from store import exports, people
from store.audit import checkpoints
from store.domain.absences import stand_in
from store.domain.access import Denial, Refused
from store.domain.clock import Clock
from store.domain.export import ExportState
from store.domain.lifecycle import Act
from store.domain.lists.query import Scope
from store.domain.policy import Policy, PolicyInForce
from store.domain.questions import NotTaken, Question
from store.domain.request import Audience, Request
from store.domain.workspace import Workspace
from store.engine.database import Database
from store.lists import listing
from store.messages import bursts, cards, homes
from store.messages.outbox import Claimed, Kind
from store.needs import needs_of
from store.people import Met
from store.questions import open_for
from store.requests import read

LONGEST_DOUBT = timedelta(minutes=10)
"""How long the database is asked what became of a transaction that still runs there."""


class NotYetError(Exception):
    """There is nothing to say yet; the text says why."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Draws each kind of owed message."""

    db: Database
    profiles: Profiles
    in_force: PolicyInForce
    clock: Clock
    workspace: Workspace = field(default_factory=Workspace)

    async def render(self, owed: Claimed) -> Call | None:
        """The message as it should read at this moment. Raises NotYetError."""
        if owed.is_answer and "url" not in owed.data:  # it came too late, and is forgotten
            return None
        db, profiles, policy, now = self.db, self.profiles, self.in_force.policy, self.clock()
        match owed.kind:
            case Kind.CARD:
                return await _card(owed, db, profiles, policy, now)
            case Kind.OUTCOME:
                return await _outcome(owed, db, profiles, policy)
            case Kind.WITHDRAWN:
                return await _withdrawn(owed, db, profiles, policy, now)
            case Kind.DIGEST:
                return await digest_messages.draw(owed, db, profiles, policy, now, self.workspace)
            case Kind.REMINDER:
                return await digest_messages.remind(owed, db, profiles, policy, now, self.workspace)
            case Kind.STRUCK:
                return await digest_messages.strike(owed, db, profiles, policy, now, self.workspace)
            case Kind.BURST:
                return await _burst(owed, db, profiles, policy, now)
            case Kind.NUDGE:
                return await _nudge(owed, db, policy)
            case Kind.DEPARTURE:
                return await _departure(owed, db, profiles, policy)
            case Kind.REFUSAL:
                return await _refusal(owed, db, policy, now)
            case Kind.LIST:
                return await _list(owed, db, profiles, policy, now, self.workspace)
            case Kind.HOME:
                return await _home(owed, db, profiles, policy, now, self.workspace)
            case Kind.EXPORT:
                return await _export(owed, db)
            case Kind.HOOK_PAUSED:
                return Post(notices.hook_paused(owed.data["url"], owed.data["why"]), owed.recipient)
            case Kind.CONTRADICTION:
                return await _contradiction(owed, db, profiles, policy)
            case Kind.UNDELIVERED:
                return await _undelivered(owed, db, policy)
            case Kind.CHECKPOINT:
                return await _checkpoint(owed, db)
            case Kind.SECOND_COPY:
                return await _second_copy(owed, db, now)
            case Kind.LATE_ANSWER:
                return await _late_answer(owed, db, now)
            case Kind.HELP:
                return await _help(owed, db, policy)
            case Kind.RELEASE_STAGE:
                return await _moved(owed, db, profiles, policy)
            case Kind.POLICY:
                return await _policy(owed, db, policy)
            case Kind.NOT_ACCEPTED:
                return await _not_accepted(owed, db, profiles, policy, now)
            case Kind.STUCK:
                return await _stuck(owed, db, profiles, policy, now)
            case Kind.ABSENCE:
                return await _absence(owed, db, profiles, now)
            case Kind.QUESTION:
                return await _question(owed, db, profiles, policy)
            case Kind.ANSWER:
                return await _answered(owed, db, profiles, policy, now)
            case Kind.UNREACHED:
                return await _unreached(owed, db, profiles, policy)
            case Kind.HANDED:
                return await _handed(owed, db, profiles, policy, now)
            case Kind.QUESTIONS:
                return await _questions(owed, db, profiles, policy)
            case Kind.NOT_TAKEN:
                return await _not_taken(owed, db, policy)
            case Kind.WATCHED:
                return await _watched(owed, db, profiles, policy, now)
            case _ as never:
                assert_never(never)


async def _card(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """A copy as its reader may see it now; in the channel as those who decide see it.

    Who may not see the request any more keeps a card without anything that is new of it. Replaced
    by the response URL of a click while that serves, else edited; at first posted. What has ended
    before it was ever posted asks nobody for anything and is not posted; nor is a silent copy.
    """
    audience, reader = Audience(owed.data["audience"]), owed.recipient
    request_id = owed.request_id or 0
    async with db.snapshot() as session:
        its_card = cards.find(session, request_id, audience, reader, now=now)
        request, acts, met = await _as_read(session, request_id, audience, reader, policy, now)
        card = await its_card
    if card.ts is None and Act.SEE not in acts and audience is Audience.REVIEWER:
        # A guest may see it once they are known.
        await profiles.people([reader])
        async with db.snapshot() as session:
            request, acts, met = await _as_read(session, request_id, audience, reader, policy, now)
    is_due = request.is_open or audience is Audience.EMERGENCY
    is_late = card.ts is None and not (is_due and Act.SEE in acts)
    if card.ts is None and audience is Audience.REVIEWER:
        is_late = is_late or _is_for_another(reader, request)
    if card.is_abandoned or card.is_silent or (is_late and not owed.doubtful):
        return None
    request = replace(request, context_at=now)
    known = await profiles.people(request.people(), met)
    if Act.SEE not in acts:
        of_review = audience is Audience.REVIEWER
        stood_in = of_review and reader not in request.asked
        message = request_card.taken_away(request, known, audience=audience, stood_in=stood_in)
    elif audience is Audience.SUBMITTER:
        message = request_card.receipt(request, known)
    elif audience is Audience.EMERGENCY:
        message = notices.emergency(request, known, acts)
    elif audience is Audience.CALLED and request.is_open:
        message = request_card.call(request, known, may_decide=Act.APPROVE in acts)
    else:
        message = request_card.build(
            request,
            known,
            may_decide=Act.APPROVE in acts,
            may_ask=Act.ASK in acts,
            may_send=Act.SEND in acts,
            acts=acts,
            audience=audience,
        )
    drawn = replace(
        card, shown_revision=request.revision, drawn_at=now, taken_away=Act.SEE not in acts
    )
    if not card.channel or not card.ts:
        return Post(message, reader, card=drawn, is_late=is_late)
    if card.response_url:
        return Reply(message, card.response_url, replace=True, card=drawn)
    return Edit(message, card.channel, card.ts, drawn)


def _is_for_another(reader: str, request: Request) -> bool:
    """Whether a new card goes to somebody else now: the reader is away and somebody stands in, or
    they no longer stand in themselves. One that is in Slack already stays.
    """
    if request.for_whom:
        return False
    away = request.away.get(reader)
    return reader not in request.asked or bool(away and away.stand_in)


async def _as_read(
    session: AsyncSession,
    request_id: int,
    audience: Audience,
    reader: str,
    policy: Policy,
    now: datetime,
) -> tuple[Request, AbstractSet[Act], dict[str, Met]]:
    """The request as this reader may see it, what they may do (nothing where they may not), and
    whom we have met of the people in it.

    A channel that the policy names sees everything but notes.
    """
    absent = people.absences(session)
    found = await read.one(session, request_id)
    met = people.met(session, found.people())
    acts: AbstractSet[Act]
    if audience is Audience.CHANNEL and reader in policy.channels:
        request = await read.reviewed_in_context(
            session, found, policy=policy, now=now, absent=absent
        )
        request = replace(
            request,
            approve_note=policy.approve_note_for(request),
            on_platform=policy.platform_address(request),
        )
        testing = Act.LET_GO if request.tester_at(now) else Act.TEST
        acts = {Act.SEE, Act.APPROVE, Act.SEND, Act.ASK, Act.HAND, testing}
    else:
        seen = await read.as_seen(
            session, found, viewer=reader, policy=policy, now=now, absent=absent
        )
        if isinstance(seen, Refused):  # as of a channel that the policy does not name any more
            request = await read.reviewed_now(session, found, policy=policy, now=now, absent=absent)
            acts = frozenset()
        else:
            request, acts = seen.request, seen.acts
    # Such as who asked a question, or moved it: one round trip more.
    more = request.people() - found.people()
    return request, acts, await met | (await people.met(session, more) if more else {})


async def _outcome(owed: Claimed, db: Database, profiles: Profiles, policy: Policy) -> Call:
    request = await _request(owed, db, policy)
    known = await profiles.people(request.people())
    return _told(owed, notices.outcome(request, known))


async def _help(owed: Claimed, db: Database, policy: Policy) -> Call:
    """All commands, in place of the few lines that were clicked, or beside a list; else those few,
    by the role.
    """
    if url := owed.data.get("url"):
        return Reply(commands.help_for(None), url, replace=owed.data.get("replace", True))
    async with db.snapshot() as session:
        roster = await people.roster(session, policy, only={owed.recipient})
    return Post(commands.help_for(roster.role_of(owed.recipient)), owed.recipient)


async def _moved(owed: Claimed, db: Database, profiles: Profiles, policy: Policy) -> Call:
    """The message in which somebody chose a stage, as it reads now."""
    request = await _request(owed, db, policy)
    known = await profiles.people(request.people())
    return Reply(notices.outcome(request, known), owed.data["url"], replace=True)


async def _not_accepted(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Moot once it was sent again, and for who may not see the request any more."""
    reader, seen = owed.recipient, await _seen(owed, db, policy, now)
    if isinstance(seen, Refused):
        return _untold(owed)
    if not seen.request.is_refused_there:
        return None
    known = await profiles.people(seen.request.people())
    may_send = Act.SEND in seen.acts
    message = notices.not_accepted(seen.request, known, reader=reader, may_send=may_send)
    return _told(owed, message)


async def _withdrawn(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Told in the thread of the reviewer's own card; who never got one needs no word.

    Neither does who is no reviewer any more.
    """
    reader, request_id = owed.recipient, owed.request_id or 0
    async with db.snapshot() as session:
        its_card = cards.find(session, request_id, Audience.REVIEWER, reader, now=now)
        seen = await read.seen(session, request_id, viewer=reader, policy=policy, now=now)
        card = await its_card
    if isinstance(seen, Refused) or not card.channel or not card.ts:
        return None
    request = seen.request
    known = await profiles.people(request.people())
    return Post(notices.withdrawn(request, known), card.channel, thread_ts=card.ts)


async def _burst(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """What waits of the many requests that came at once. Moot where nothing does before it was ever
    posted; one that may have been is looked for in Slack. For who holds no role any more nothing
    waits.
    """
    async with db.snapshot() as session:
        found = await bursts.find(session, owed.data["burst"])
    if found.audience is Audience.CHANNEL:
        concerned = found.recipient in policy.channels
    else:
        roster = await db.read_batches.run(people.rosters, found.recipient, policy)
        concerned = roster.reviews(found.recipient)
    found = found if concerned else replace(found, waiting=())
    if not (found.ts or found.waiting or owed.doubtful):
        return None
    known = await profiles.people({each.for_whom for each in found.waiting if each.for_whom})
    message = digest.burst(found, known, now=now)
    if found.channel and found.ts:
        return Edit(message, found.channel, found.ts)
    return Post(message, found.recipient, is_late=not found.waiting)


async def _nudge(owed: Claimed, db: Database, policy: Policy) -> Call | None:
    """Moot once the release has moved."""
    request = await _request(owed, db, policy)
    return None if request.release_stage else Post(notices.nudge(request), owed.recipient)


async def _departure(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy
) -> Call | None:
    reviewer = owed.data["reviewer"]
    async with db.snapshot() as session:
        is_admin = await _is_admin(session, owed.recipient, policy)
        waiting, total = await listing.left_with(session, reviewer, limit=digest.SHOWN)
    if not waiting or not is_admin:
        return None
    known = await profiles.people({reviewer})
    return Post(notices.departure(reviewer, waiting, total, known), owed.recipient)


async def _refusal(owed: Claimed, db: Database, policy: Policy, now: datetime) -> Call:
    async with db.snapshot() as session:
        request = await read.find(session, owed.request_id or 0)
        if request:
            request = await read.reviewed_now(session, request, policy=policy, now=now)
        admins = (await people.roster(session, policy)).admins
        named = {*(request.people() if request else ()), *sorted(admins)[: refusals.NAMED]}
        known = await people.known(session, named)
    refused = Refused(Denial(owed.data["denial"]), owed.data["asked"], request)
    sentence = refusals.word(refused, known, asker=owed.recipient, admins=admins)
    return Reply(notices.plain(sentence), owed.data["url"], replace=False)


async def _list(
    owed: Claimed,
    db: Database,
    profiles: Profiles,
    policy: Policy,
    now: datetime,
    workspace: Workspace,
) -> Call | None:
    query = paging.parse(owed.data["query"], owed.recipient)
    if query is None:
        return None
    await profiles.people(query.filter.submitters)  # so that their names are known
    found = await listing.listing(db, query, asker=owed.recipient, policy=policy, now=now)
    message = request_list.build(query, found.page, found.people, now=now, workspace=workspace)
    return Reply(message, owed.data["url"], replace=owed.data["replace"])


async def _home(
    owed: Claimed,
    db: Database,
    profiles: Profiles,
    policy: Policy,
    now: datetime,
    workspace: Workspace,
) -> Call:
    async with db.snapshot() as session:
        place = await homes.place_of(session, owed.recipient)
    query = paging.parse(place or "", owed.recipient) or paging.opening(Scope.MINE)
    await profiles.people(query.filter.submitters)
    found = await homes.overview(db, query, asker=owed.recipient, policy=policy, now=now)
    page, known = found.listing.page, found.listing.people
    if alone := {each.decided_by for each in found.unreviewed if each.decided_by}:
        known = {**known, **await profiles.people(alone)}
    if found.stand_in:
        known = {**known, **await profiles.people([found.stand_in])}
    needs = await needs_of(db, owed.recipient, policy=policy, now=now)
    shown = home.Shown(
        query=found.query,
        page=page,
        people=known,
        tabs=found.tabs,
        counts=found.counts,
        needs=needs,
        stuck=found.stuck,
        unreviewed=found.unreviewed,
        called=calls.Part(*found.called),
        absence=found.absence,
        stand_in=found.stand_in,
        workspace=workspace,
    )
    return Publish(home.build(shown, now=now), owed.recipient)


async def _contradiction(owed: Claimed, db: Database, profiles: Profiles, policy: Policy) -> Call:
    request = await _request(owed, db, policy)
    known = await profiles.people(request.people())
    act, decider = Act(owed.data["act"]), owed.data["decider"]
    return Post(notices.contradiction(request, act, decider, known), owed.recipient)


async def _export(owed: Claimed, db: Database) -> Call | None:
    """To a click on a button, that the export is being made; then how far it is, until the file is
    there: then what told of it goes, and what was not posted yet is moot.
    """
    async with db.snapshot() as session:
        export = await exports.find(session, owed.data["export"])
        known = await people.known(session, export.query.filter.submitters)
    if url := owed.data.get("url"):
        return Reply(export_blocks.accepted(export, known), url, replace=False)
    has_file = export.state is ExportState.DONE and export.rows > 0
    if export.channel and export.ts and has_file:
        return Delete(export.channel, export.ts)
    if has_file and not owed.doubtful:
        return None
    message = export_blocks.build(export, known)
    if export.channel and export.ts:
        return Edit(message, export.channel, export.ts)
    return Post(message, owed.recipient, is_late=has_file)


async def _undelivered(owed: Claimed, db: Database, policy: Policy) -> Call | None:
    async with db.snapshot() as session:
        if not await _is_admin(session, owed.recipient, policy):
            return None
    ref = f" of MP-{owed.request_id}" if owed.request_id else ""
    place = owed.data.get("place", owed.data.get("recipient", ""))  # as older rows name it
    what = f"the {owed.data['kind']}{ref}"
    return Post(undelivered.build(what, place, owed.data["why"]), owed.recipient)


async def _checkpoint(owed: Claimed, db: Database) -> Call | None:
    async with db.snapshot() as session:
        found = await checkpoints.find(session, owed.data["size"])
    return Post(notices.checkpoint(found), owed.recipient) if found else None


async def _second_copy(owed: Claimed, db: Database, now: datetime) -> Call | None:
    """Moot for a card that was posted anew since, because somebody deleted it by hand."""
    data = owed.data
    if "audience" in data:
        async with db.snapshot() as session:
            request_id = owed.request_id or 0
            card = await cards.find(session, request_id, data["audience"], owed.recipient, now=now)
        if card.ts != data["ts"]:
            return None
    since = datetime.fromisoformat(data["since"])
    return DeleteOthers(data["key"], data["channel"], data["ts"], since, data["thread_ts"])


async def _late_answer(owed: Claimed, db: Database, now: datetime) -> Call:
    """What the process knew that had the click, else what the database says of its transaction."""
    asked_at, took_effect = datetime.fromisoformat(owed.data["asked_at"]), None
    if "transaction" in owed.data:
        took_effect = await db.took_effect(owed.data["transaction"])
        if took_effect is None and now < asked_at + LONGEST_DOUBT:
            raise NotYetError("what became of the click is not known yet")
    else:
        took_effect = owed.data["took_effect"]
    return Post(notices.late_answer(asked_at, took_effect=took_effect), owed.recipient)


async def _policy(owed: Claimed, db: Database, policy: Policy) -> Call | None:
    async with db.snapshot() as session:
        if not await _is_admin(session, owed.recipient, policy):
            return None
    problem = owed.data.get("problem")
    message = notices.policy_refused(problem) if problem else notices.policies_differ()
    return Post(message, owed.recipient)


async def _stuck(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Moot once it has ended, or somebody may decide it again."""
    async with db.snapshot() as session:
        request = await read.one(session, owed.request_id or 0)
        request = await read.reviewed_now(session, request, policy=policy, now=now)
        is_admin = await _is_admin(session, owed.recipient, policy)
    if not is_admin or not request.is_open or request.reviewers:
        return None
    known = await profiles.people(request.people())
    return Post(notices.stuck(request, known), owed.recipient)


async def _absence(owed: Claimed, db: Database, profiles: Profiles, now: datetime) -> Call:
    reader, user, by = owed.recipient, owed.data["user"], owed.data["by"]
    async with db.snapshot() as session:
        absences = await people.absences(session)
    found = absences.get(user)
    found = None if found is None or found.is_over(now) else found
    at = max(now, found.since) if found else now
    known = await profiles.people({reader, user, by})
    stands_in = reader == stand_in(user, absences, at)
    return Post(absence.notice(reader, user, by, found, known, stands_in=stands_in), reader)


async def _question(owed: Claimed, db: Database, profiles: Profiles, policy: Policy) -> Call | None:
    """Moot where it was over before it was ever posted; else it is edited, and says how it ended.

    One that may have been posted is looked for in Slack.
    """
    request = await _request(owed, db, policy)
    question = _numbered(request, owed)
    if not question.is_open and not question.ts and not owed.doubtful:
        return None
    message = questions.to_submitter(request, question, await profiles.people(request.people()))
    if question.channel and question.ts:
        return Edit(message, question.channel, question.ts)
    return Post(message, owed.recipient, is_late=not question.is_open)


async def _seen(owed: Claimed, db: Database, policy: Policy, now: datetime) -> read.Seen | Refused:
    """The request as whom the message is for may see it."""
    viewer, number = owed.recipient, owed.request_id or 0
    async with db.snapshot() as session:
        return await read.seen(session, number, viewer=viewer, policy=policy, now=now)


async def _answered(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Moot for who may not see the request any more."""
    seen = await _seen(owed, db, policy, now)
    if isinstance(seen, Refused):
        return _untold(owed)
    request, question = seen.request, _numbered(seen.request, owed)
    known = await profiles.people(request.people())
    may_decide = Act.APPROVE in seen.acts
    return _told(owed, questions.to_asker(request, question, known, may_decide=may_decide))


async def _unreached(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy
) -> Call | None:
    """Moot once the question is over."""
    request = await _request(owed, db, policy)
    question = _numbered(request, owed)
    if not question.is_open and "ts" not in owed.data:
        return None
    known = await profiles.people(request.people())
    return _told(owed, questions.unreached(request, question, known))


async def _not_taken(owed: Claimed, db: Database, policy: Policy) -> Call | None:
    """Told in the thread of the question that was replied to."""
    request = await _request(owed, db, policy)
    question, data = _numbered(request, owed), owed.data
    message = questions.not_taken(request, question, NotTaken(data["why"]), data["length"])
    if not question.channel or not question.ts:
        return None
    return Post(message, question.channel, thread_ts=question.ts)


async def _questions(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy
) -> Call | None:
    """Moot once all is answered."""
    async with db.snapshot() as session:
        ids = await open_for(session, owed.recipient, limit=questions.REMINDED)
        asked = [await read.with_questions(session, await read.one(session, id_)) for id_ in ids]
    if not asked:
        return None
    known = await profiles.people(set().union(*(each.people() for each in asked)))
    return Post(questions.reminder([*map(policy.shown, asked)], known), owed.recipient)


def _told(owed: Claimed, message: Message) -> Post | Edit:
    """Posted; drawn anew where it stands already, because a text in it was hidden."""
    if "ts" in owed.data:
        return Edit(message, owed.data["channel"], owed.data["ts"])
    return Post(message, owed.recipient)


def _untold(owed: Claimed) -> Delete | None:
    """Of who may not see the request any more a message goes that a hidden text stands in."""
    return Delete(owed.data["channel"], owed.data["ts"]) if "ts" in owed.data else None


def _numbered(request: Request, owed: Claimed) -> Question:
    question = request.question(owed.data["number"])
    assert question is not None, "a question is never deleted"
    return question


async def _watched(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Not for who may not see the request any more."""
    seen = await _seen(owed, db, policy, now)
    if isinstance(seen, Refused):
        return _untold(owed)
    known = await profiles.people(seen.request.people())
    return _told(owed, notices.watched(seen.request, known))


async def _handed(
    owed: Claimed, db: Database, profiles: Profiles, policy: Policy, now: datetime
) -> Call | None:
    """Moot for who may not decide it any more."""
    reader, seen = owed.recipient, await _seen(owed, db, policy, now)
    if isinstance(seen, Refused) or Act.APPROVE not in seen.acts:
        return None
    known = await profiles.people(seen.request.people())
    return Post(handing.notice(seen.request, reader, known), reader)


async def _is_admin(session: AsyncSession, user: str, policy: Policy) -> bool:
    """What is only for admins is not for who has been one when it was owed."""
    return user in (await people.roster(session, policy, only={user})).admins


async def _request(owed: Claimed, db: Database, policy: Policy) -> Request:
    """With the ways that lead on from it."""
    async with db.snapshot() as session:
        request = await read.one(session, owed.request_id or 0)
        return policy.shown(await read.with_questions(session, request))
