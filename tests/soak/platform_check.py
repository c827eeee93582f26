"""What the platform was answered and told in a soak, beside what is in the store.

Every finding is a sentence, as in `final_check`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.domain.hook import BY_KIND, SENT_AGAIN, HookEvent
from store.domain.request import PlatformAnswer, Request
from store.messages.outbox import Kind
from store.tables import EventRow
from tests.soak.platform import ENDS, HandedIn, Told
from tests.soak.platform_hook import Arrived

_EVENTS = BY_KIND | {SENT_AGAIN: HookEvent.APPROVED}
_APPROVALS, _ANSWERS = {"approved", SENT_AGAIN}, {"accepted", "not_accepted"}
_CLOCKS_DIFFER = timedelta(seconds=2)
"""By how much a bot's clock may be off, as it asks the database's server."""


@dataclass(frozen=True)
class Heard:
    """What was answered to it, what it took, and what it found wrong itself."""

    told: Told
    arrived: Sequence[Arrived]
    wrong: Sequence[str] = ()


Requests = Mapping[int, Request]
Events = Mapping[int, Sequence[EventRow]]


def lost(heard: Heard, requests: Requests, events: Events, until: datetime | None) -> Iterator[str]:
    """Requests, ends, webhooks and answers that should be on record or have come, and are not.

    What happened from `until` on could not be sent.
    """
    by_external_id = {request.external_id: request for request in requests.values()}
    for external_id in {new.external_id for new in heard.told.handed_in}:
        if external_id not in by_external_id:
            yield f"{external_id} was taken and is not there"
    for end in heard.told.ended:
        if (request := requests.get(end.number)) is None or request.status != end.status:
            yield f"MP-{end.number} was answered to be {end.status} and is not"
    came = {(each.request_id, each.revision, each.event) for each in heard.arrived}
    for request_id, history in events.items():
        for event in history:
            if event.kind not in _EVENTS or (until and event.at >= until):
                continue
            if (request_id, event.revision, _EVENTS[event.kind]) not in came:
                yield f"{event.kind} of MP-{request_id} at {event.revision} came to no platform"


def twice(heard: Heard, requests: Requests) -> Iterator[str]:
    """Requests that have two numbers or were new twice, and events with two ids."""
    stored = Counter(request.external_id for request in requests.values())
    numbers, news = defaultdict(set), Counter[str]()
    for new in heard.told.handed_in:
        numbers[new.external_id].add(new.number)
        news[new.external_id] += new.is_new
    for external_id, called in numbers.items():
        if len(called) > 1 or stored[external_id] > 1:
            yield f"{external_id} is called {sorted(called)} and stored {stored[external_id]} times"
        if news[external_id] > 1:
            yield f"{external_id} was new {news[external_id]} times"
    ids, about = defaultdict(set), defaultdict(set)
    for each in heard.arrived:
        ids[each.request_id, each.revision].add(each.id)
        about[each.id].add((each.request_id, each.revision))
    for (request_id, revision), known in ids.items():
        if len(known) > 1:
            yield f"MP-{request_id} at {revision} came as {sorted(known)}"
    for id_, known in about.items():
        if len(known) > 1:
            yield f"{id_} came of {sorted(known)}"


def wrong(heard: Heard, requests: Requests, events: Events) -> Iterator[str]:
    """What no rule explains: words, times, order, and ends that contradict what was answered."""
    yield from (*heard.told.wrong, *heard.wrong)
    by_external_id = {request.external_id: request for request in requests.values()}
    for new in heard.told.handed_in:
        if request := by_external_id.get(new.external_id):
            yield from _handed_in_wrongly(new, request, events[request.id][0])
    for end in heard.told.ended:
        request = requests.get(end.number)
        if request and request.platform_decider != end.decider:
            yield f"{request.ref} is {request.platform_decider}'s, the answer said {end.decider}'s"
    for late in heard.told.too_late:
        request = requests.get(late.number)
        if request is None or request.is_open or request.status == ENDS[late.verdict]:
            yield f"{late.verdict} of MP-{late.number} was answered to contradict its end"
    yield from _out_of_order(heard.arrived, events)
    for request in requests.values():
        yield from _answered_wrongly(heard.arrived, request, events[request.id])


def owed_messages(
    heard: Heard, requests: Requests, events: Events, admins: AbstractSet[str]
) -> Iterator[str]:
    """The keys of what people are to be told: that an approval was not accepted, unless it was sent
    again meanwhile, and that the platform has decided otherwise than is on record.
    """
    for request in requests.values():
        refused = [event.revision for event in events[request.id] if event.kind == "not_accepted"]
        if request.is_refused_there and refused:
            about = f"{Kind.NOT_ACCEPTED}:{request.id}:{refused[-1]}"
            yield from (f"{about}:{reader}" for reader in {request.submitted_by, *admins})
    for late in heard.told.too_late:
        if late.verdict != "withdraw":
            yield from (f"{Kind.CONTRADICTION}:{late.number}:{late.verdict}:{a}" for a in admins)


def counts(heard: Heard, events: Events) -> Counter[str]:
    """The figures of the platform, for the end of a soak."""
    said = Counter(event.kind for history in events.values() for event in history)
    told = heard.told
    return Counter(
        {
            "platform: handed in": len({new.external_id for new in told.handed_in}),
            "platform: handed in again": sum(not new.is_new for new in told.handed_in),
            "platform: decided": len({end.number for end in told.ended if end.decider}),
            "platform: ended by somebody else": len(told.too_late),
            "platform: webhooks": len({each.id for each in heard.arrived}),
            "platform: webhooks that came again": len(heard.arrived)
            - len({each.id for each in heard.arrived}),
            "platform: accepted": said["accepted"],
            "platform: not accepted": said["not_accepted"],
            "platform: sent again": said[SENT_AGAIN],
        }
    )


def _handed_in_wrongly(new: HandedIn, request: Request, first: EventRow) -> Iterator[str]:
    if request.id != new.number:
        yield f"{new.external_id} is {request.ref} and was called MP-{new.number}"
    earliest, latest = new.asked_at - _CLOCKS_DIFFER, new.answered_at + _CLOCKS_DIFFER
    if not earliest <= first.at <= latest:
        yield f"{request.ref} was handed in by {latest}, its history says {first.at}"


def _out_of_order(arrived: Sequence[Arrived], events: Events) -> Iterator[str]:
    """Of each request the first time that each revision came, and nothing that did not happen."""
    newest: dict[int, int] = defaultdict(int)
    seen: set[str] = set()
    for each in arrived:
        kinds = {event.revision: event.kind for event in events.get(each.request_id, ())}
        if _EVENTS.get(kinds.get(each.revision, "")) != each.event:
            yield f"{each.id} is {each.event}, which MP-{each.request_id} has not at that revision"
        if each.id in seen:
            continue
        seen.add(each.id)
        if each.revision <= newest[each.request_id]:
            yield f"{each.id} came after {newest[each.request_id]} of MP-{each.request_id}"
        newest[each.request_id] = each.revision


def _answered_wrongly(
    arrived: Sequence[Arrived], request: Request, history: Sequence[EventRow]
) -> Iterator[str]:
    """What the platform said to an approval is on record once each time that it was sent, and the
    last of it in the row; nothing, where it was decided there.
    """
    said = {each.revision: each.refused_for for each in arrived if each.request_id == request.id}
    kinds = [event.kind for event in history if event.kind in _APPROVALS | _ANSWERS]
    wanted: list[str] = []
    answer = reason = None
    for event in history:
        if event.kind in _APPROVALS:
            wanted.append(event.kind)
            if event.revision in said and not request.platform_decider:
                reason = said[event.revision]
                answer = PlatformAnswer.REFUSED if reason else PlatformAnswer.ACCEPTED
                wanted.append("not_accepted" if reason else "accepted")
    if kinds != wanted:
        yield f"{request.ref} has {kinds} on record, and by the platform it is {wanted}"
    if (request.platform_answer, request.platform_reason) != (answer, reason):
        on_record = f"{request.platform_answer}, {request.platform_reason}"
        yield f"{request.ref} has {on_record} in its row, and the platform said {answer}, {reason}"
