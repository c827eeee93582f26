"""One request in a line or two: the words that cards, lists, digests and details share.

What must stay true: every status and environment has a mark *and* its word, so that nothing is
told by colour alone. All texts are finished mrkdwn unless a name says plain.
"""

import sys
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from slack_sdk.models.blocks import ImageElement

from blocks import absence, text
from blocks.categories import SCREENS
from blocks.text import clock, date, escape, line, names, ordinal, plain, plural, who
from store.domain.absences import Away
from store.domain.categories.changes import Change, between, summary
from store.domain.categories.stored import change_told
from store.domain.emergency import is_link
from store.domain.erasure import is_erased
from store.domain.evidence import Exhibit
from store.domain.evidence import changes as evidence_changes
from store.domain.links import Hosts, link_to
from store.domain.request import (
    Environment,
    People,
    Predecessor,
    Request,
    Status,
)
from store.domain.terms import ALL

ENVIRONMENT_MARKS = {Environment.PRODUCTION: "🟠", Environment.SANDBOX: "🧪"}
STATUS_MARKS = {
    Status.UNDER_REVIEW: "⏳",
    Status.APPROVED: "✅",
    Status.REJECTED: "⛔",
    Status.WITHDRAWN: "↩️",
}
APPROVED_BANNER = "This request is approved."
"""The platform's own sentence, verbatim."""
_PHRASES_SHOWN = 6
_HANDED_SHOWN = 5
_EXHIBITS_SHOWN, _EXHIBITS_ROOM = 3, 2400


def title(request: Request) -> str:
    """The title, not yet bold."""
    return line(request.title, 800)


def named(request: Request) -> str:
    """For notifications and sentences: "Release Bills Pay 3.2.4 (Production)"."""
    return f"{line(request.title, 160)} ({request.environment.label})"


def these(requests: Sequence[Request]) -> str:
    """Requests in a few words: "MP-3", "3 requests"."""
    return requests[0].ref if len(requests) == 1 else plural(len(requests), "request")


def environment(request: Request) -> str:
    """ "🟠 *Production*"."""
    return f"{ENVIRONMENT_MARKS[request.environment]} *{request.environment.label}*"


def status(request: Request) -> str:
    """ "⏳ Under Review"."""
    return f"{_mark(request)} {request.status.label}"


def version(request: Request) -> str:
    """ "version 3.2.4"; categories without a version say so rather than leave a gap."""
    return f"version {line(request.version, 80)}" if request.version else "no version"


def program(request: Request) -> str:
    """ "Bills Pay (2171020092715498) · version 3.2.4 · Wallet PH"."""
    name, number = line(request.mini_program_name, 160), line(request.mini_program_id, 80)
    return " · ".join(filter(None, (f"{name} ({number})", version(request), _app(request))))


def headline(request: Request) -> str:
    """What is asked, and how bad a mistake is: "*Release Bills Pay 3.2.4*  ·  🟠 *Production*"."""
    return f"*{title(request)}*  ·  {environment(request)}"


def heading(request: Request) -> str:
    """Three lines: what is asked, of which mini program, and which request it is."""
    which = f"{request.ref} · {request.category.label}"
    return "\n".join((headline(request), program(request), which))


def what(request: Request) -> str:
    """Where it goes and what it changes there, without what the title says already."""
    asked = request.title.casefold()
    facts = (line(request.mini_program_name, 160), line(request.version or "", 80))
    unsaid = [fact for fact in facts if fact.casefold() not in asked]
    return " · ".join(filter(None, (*unsaid, _app(request), changes(request))))


def small(request: Request, people: People) -> str:
    """What tells an open request from others, and whom it waits for: what is read last."""
    waiting = waits_for(request, people)
    said = (
        request.ref,
        who(request.submitted_by, people),
        date(request.created_at),
        request.category.label,
        line(request.mini_program_id, 80),
        request.status.label,
        waiting,
        due(request, stays=True) if request.terms.target_hours else "",
    )
    return " · ".join(filter(None, said))


def due(request: Request, *, stays: bool = False) -> str:
    """ "due today at 3:00 PM", "due Thu 3:00 PM", in the reader's zone; empty once it has ended.

    What `stays` in Slack has the date as well: next week a weekday alone would be another day.
    """
    if not request.is_open or request.rest or request.due_at is None:
        return ""
    day = request.due_day
    if day and stays:
        return f"due {day}, {date(request.due_at)}"
    return f"due {day} {clock(request.due_at)}" if day else f"due {date(request.due_at)}"


def _app(request: Request) -> str:
    app = request.details.get("target_app")
    return line(app, 80) if isinstance(app, str) else ""


def stages(request: Request, people: People) -> str:
    """ "Stage 1 of 2 · Product ✓ Bob · Compliance 0 of 2"; empty where one vote is enough."""
    if not request.is_staged:
        return ""
    count = len(request.terms.stages)
    place = [f"Stage {request.stage} of {count}"] if count > 1 else []
    return " · ".join((*place, *(_at_stage(request, n, people) for n in range(1, count + 1))))


def _at_stage(request: Request, number: int, people: People) -> str:
    stage, given = request.terms.stages[number - 1], request.approvers(number)
    name, by = line(stage.name, 80), names(given, people, "and", places(request, people))
    is_here = number == request.stage
    if request.is_emergency and number >= request.stage:
        return f"{name} 🚨 passed over"
    if request.status is Status.APPROVED or number < request.stage:
        return f"{name} ✓ {by}" if by else f"{name} ✓"
    if request.status is Status.REJECTED and is_here:
        return f"{name} ✕"
    waiting = request.reviewers if is_here else request.assigned_at(number)
    total = f"all {len({*given, *waiting})}" if stage.needed == ALL else f"{stage.needed}"
    return f"{name} {len(given)} of {total}{f' ✓ {by}' if by else ''}"


def warning(request: Request) -> str:
    """What the policy says on top of what is to be decided; empty without any."""
    said = request.terms.warning if request.is_open else None
    return f"⚠️ *{line(said, 300)}*" if said else ""


def called(request: Request, people: People) -> str:
    """ "📣 Ada Cruz was called today at 11:02"; empty while nobody was, and once it has ended."""
    if not request.is_open or not request.escalated_at:
        return ""
    were = "were" if len(request.escalated_to) > 1 else "was"
    whom = names(request.escalated_to, people, "and") or "Nobody"
    on = date(request.escalated_at)
    return f"📣 *{whom} {were} called* {on}, since nobody had decided it."


def decider(request: Request | Predecessor, people: People) -> str:
    """Who ended it, here or on the platform's own page; empty while nobody has."""
    if request.platform_decider:
        return f"{line(request.platform_decider, 80)} on the platform"
    if not request.decided_by:
        return ""
    place = f" for {who(request.decided_for, people)}" if request.decided_for else ""
    return f"{who(request.decided_by, people)}{place}"


def ending(request: Request, people: People) -> str:
    """Two lines: how it ended, by whom and when; and which request that was."""
    by = "by " if request.status is not Status.APPROVED else ""
    on = date(request.completed_on) if request.completed_on else ""
    ended = ", ".join(filter(None, (decider(request, people), on)))
    kind = request.rejection_class.label if request.rejection_class else ""
    how = f"{_marked(request)} {by}{ended}" if ended else _marked(request)
    stage = request.release_stage.label if request.release_stage else ""
    where = f"{ENVIRONMENT_MARKS[request.environment]} {request.environment.label}"
    told = "" if request.is_refused_there else sent(request)
    which = (title(request), where, request.ref, told, stage)
    return "\n".join(" · ".join(filter(None, facts)) for facts in ((how, kind), which))


def verdict(request: Request) -> str:
    """How it stands, without by whom: "⛔ *Rejected* · Illegal content"."""
    kind = f" · {request.rejection_class.label}" if request.rejection_class else ""
    return f"{_marked(request)}{kind}"


def ended_by(request: Request, people: People) -> str:
    """How it ended and by whom, small: "approved by Bob Reyes"."""
    whom = decider(request, people)
    return f"{request.status.label.lower()}{f' by {whom}' if whom else ''}"


def _marked(request: Request) -> str:
    said = APPROVED_BANNER if request.status is Status.APPROVED else request.status.label
    if request.is_refused_there:
        said = f"{request.status.label}, not accepted by the platform"
    return f"{_mark(request)} *{said}*"


def emergency(request: Request, people: People) -> str:
    """ "🚨 *Approved in an emergency* by Ada Cruz alone, past Product · incident https://…", and
    whether somebody has reviewed it; empty for every other request.
    """
    if request.incident is None:
        return ""
    waited = request.is_staged or request.terms.named
    stages = [line(stage.name, 80) for stage in request.terms.stages[request.stage - 1 :]]
    past = f", past {' and '.join(stages)}" if waited else ""
    looked = "not yet reviewed"
    if request.reviewed_by:
        on = f" {date(request.reviewed_at)}" if request.reviewed_at else ""
        looked = f"reviewed by {who(request.reviewed_by, people)}{on}"
    by = who(request.decided_by or "", people)
    said = f"🚨 *Approved in an emergency* by {by} alone{past}"
    return " · ".join((said, f"incident {_link(request.incident)}", looked))


def _link(address: str) -> str:
    return f"<{escape(address)}>" if is_link(address) else line(address, 300)


def sent(request: Request) -> str:
    """What the platform said to the approval: "sent to the platform today at 11:03 ✓"; or empty."""
    if request.platform_answer is None:
        return ""
    if request.is_refused_there:
        return f"not accepted: {line(request.platform_reason or '', 200)}"
    on = f" {date(request.platform_answered_at)}" if request.platform_answered_at else ""
    return f"sent to the platform{on} ✓"


def _mark(request: Request) -> str:
    if request.is_emergency:
        return "🚨"
    return "⚠️" if request.is_refused_there else STATUS_MARKS[request.status]


def standing(request: Request, people: People) -> str:
    """The status, and what goes with it: whom it waits for, or when it was completed."""
    if request.is_open:
        return " · ".join(filter(None, (status(request), waits_for(request, people))))
    completed = f" · completed {date(request.completed_on)}" if request.completed_on else ""
    told = f" · {sent(request)}" if request.platform_answer else ""
    return f"{status(request)}{completed}{told}{_stage(request)}"


def places(request: Request, people: People) -> dict[str, str]:
    """Behind the names of those who voted in somebody's place: " for Bob Reyes"."""
    return {v.reviewer: f" for {who(v.cast_for, people)}" for v in request.votes if v.cast_for}


def waits_for(request: Request, people: People) -> str:
    """Who has the word: "waiting for Bob Reyes or Carol Tan", or its submitter, since when; empty
    where it is not known or has ended.
    """
    if request.rest and request.is_open:
        submitter = who(request.submitted_by, people)
        return f"waiting for {submitter} since {date(request.rest.since)}"
    return f"waiting for {waiting_for(request, people)}" if request.reviewers else ""


def waiting_for(request: Request, people: People, last: str = "or") -> str:
    """Whom it waits for; of who is away, until when and who stands in. They are named last."""
    notes = {user: f" ({_away(away, people)})" for user, away in request.away.items()}
    present_first = sorted(request.reviewers, key=lambda user: user in request.away)
    return names(present_first, people, last, notes)


def standing_in(request: Request, people: People) -> str:
    """To who stands in: "🌴 For Bob Reyes, away until 3 Dec"; empty for everybody else."""
    away = request.away.get(request.for_whom or "")
    if not away or not request.for_whom:
        return ""
    return f"🌴 *For {who(request.for_whom, people)}*, {absence.period(away.absence)}"


def testing(request: Request, people: People) -> str:
    """ "👀 *Bob Reyes is testing* since today at 10:14"; empty where nobody is."""
    if not request.tester or not request.testing_since:
        return ""
    return f"👀 *{who(request.tester, people)} is testing* since {date(request.testing_since)}"


def handed(request: Request, people: People) -> str:
    """ "🤝 *Ada Cruz handed it to Carol Tan* today at 10:14", a line each; of the open stage."""
    there = request.handed_at(request.stage) if request.is_open else ()
    return "\n".join(
        f"🤝 *{who(each.by, people)} handed it to {who(each.to, people)}* {date(each.at)}"
        for each in sorted(there, key=lambda each: each.at)[-_HANDED_SHOWN:]
    )


def _away(away: Away, people: People) -> str:
    by = f", {who(away.stand_in, people)} stands in" if away.stand_in else ""
    return f"{absence.period(away.absence)}{by}"


def quote(request: Request, said: str, limit: int = text.SECTION_LIMIT) -> str:
    """What somebody wrote about it as a quotation, with the links that the policy lets be one."""
    return text.quote(said, limit, hosts=request.link_hosts)


def quotes(request: Request, said: str, limit: int = sys.maxsize) -> Iterator[str]:
    """The same in as many quotations as it takes."""
    return text.quotes(said, limit, hosts=request.link_hosts)


def test_version(request: Request) -> str:
    """ "📱 *Test version* (preview.example.com)"; its address as text where it is no link."""
    address = request.evidence.preview_url
    if not address:
        return ""
    there = link_to(address, request.link_hosts)
    return (
        f"📱 *Test version* ({there.host})" if there else f"📱 *Test version:* {line(address, 300)}"
    )


def exhibits(request: Request) -> list[str]:
    """The links to evidence: "Test report (jira.example.com)", or as text what is no link."""
    return [_exhibit(each, request.link_hosts) for each in request.evidence.exhibits]


def _exhibit(each: Exhibit, hosts: Hosts) -> str:
    there = link_to(each.url, hosts)
    if there:
        return text.link(there, each.title)
    return ": ".join(filter(None, (line(each.title, text.LABEL_SHOWN), line(each.url, 300))))


def evidence(request: Request) -> str:
    """The first links, as a card has room for them; empty without any."""
    shown: list[str] = []
    for each in exhibits(request):
        if len(shown) == _EXHIBITS_SHOWN or len(" · ".join((*shown, each))) > _EXHIBITS_ROOM:
            break
        shown.append(each)
    if more := len(request.evidence.exhibits) - len(shown):
        shown.append(
            f"{more} more in the details" if shown else f"{plural(more, 'link')} in the details"
        )
    return f"🔗 *Evidence:* {' · '.join(shown)}" if shown else ""


def differences(earlier: Predecessor, request: Request) -> tuple[Change, ...]:
    """All that is other than in the try before: a release has evidence of its own."""
    details = between(request.category.spec, earlier.details, request.details)
    return (*details, *evidence_changes(earlier.evidence, request.evidence))


def remarks(request: Request, people: People) -> str:
    """What to know before deciding, a line each: what speaks against it, the try before, what its
    submitter says to have changed since, and what is different.
    """
    warned = [f"⚠️ {line(warning, 300)}" for warning in request.warnings]
    if warned and request.context_at:
        warned[-1] += f" (as of {date(request.context_at)})"
    told = line(change_told(request.details), 300)
    changed = f"✏️ *What was changed:* {told}" if told else ""
    since = _changed_since(request.predecessor, request)
    return "\n".join(filter(None, (*warned, _attempt(request, people), changed, since)))


def changes(request: Request) -> str:
    """What an approval would change, in at most six phrases; empty when there is nothing to say.

    A release is compared with the one before it on its target.
    """
    spec, base = request.category.spec, request.base
    if is_erased(request.details):
        return ""
    if base and not is_erased(base.details) and spec.has_release_stages:
        found = summary(between(spec, base.details, request.details))
        return _phrases(f"since {_version(base)}", found or ("only the version",))
    carried = spec.what_changes(request.details)
    at_released = SCREENS[request.category].at_released
    if base and at_released:
        return _phrases(at_released, (_version(base), *carried))
    return _phrases("first release" if request.first_on_target else "", carried)


def _changed_since(earlier: Predecessor | None, request: Request) -> str:
    if earlier is None or is_erased(earlier.details) or is_erased(request.details):
        return ""
    found = summary(differences(earlier, request))
    return _phrases(f"Changed since {earlier.ref}", found or ("nothing",))


def _phrases(label: str, phrases: Sequence[str]) -> str:
    shown = [line(phrase, 200) for phrase in phrases[:_PHRASES_SHOWN]]
    if len(phrases) > len(shown):
        shown.append(f"{len(phrases) - len(shown)} more in the details")
    headed = f"*{line(label, 120)}{':' if shown else ''}*" if label else ""
    return " ".join(filter(None, (headed, " · ".join(shown))))


def _version(earlier: Predecessor) -> str:
    return f"{earlier.version} ({earlier.ref})" if earlier.version else earlier.ref


def _attempt(request: Request, people: People) -> str:
    """ "🔁 *2nd attempt* · Bob rejected MP-12 Yesterday at 11:02: “Name a contact.”"."""
    earlier = request.predecessor
    if earlier is None:
        return ""
    by, on = decider(earlier, people), date(earlier.completed_on) if earlier.completed_on else ""
    verb = {Status.WITHDRAWN: "withdrew"}.get(earlier.status, earlier.status.label.lower())
    ended = (
        f"{by} {verb} {earlier.ref}" if by else f"{earlier.ref} was {earlier.status.label.lower()}"
    )
    why = f"“{line(earlier.decision_reason, 200)}”" if earlier.decision_reason else ""
    if earlier.rejection_class and not why:
        why = earlier.rejection_class.label
    said = f"🔁 *{ordinal(request.attempt)} attempt* · {' '.join(filter(None, (ended, on)))}"
    return f"{said}: {why}" if why else said


def _stage(request: Request) -> str:
    if request.release_stage is None:
        return ""
    since = f" since {date(request.moved_at)}" if request.moved_at else ""
    return f" · {request.release_stage.label}{since}"


def logo(request: Request) -> ImageElement | None:
    """The mini program's logo, if its address is one that Slack would fetch: https only."""
    address = request.details.get("logo")
    if not isinstance(address, str) or not _fetchable(address):
        return None
    return ImageElement(
        image_url=address, alt_text=f"Logo of {plain(request.mini_program_name, 100)}"
    )


def _fetchable(address: str) -> bool:
    """Slack refuses the whole message over one bad image address (at most 3000 characters)."""
    if len(address) > 3000 or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and "." in (parts.hostname or "") and " " not in address
    except ValueError:
        return False
