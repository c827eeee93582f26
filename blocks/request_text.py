"""One request in a line or two: the words that cards, lists, digests and details share.

What must stay true: every status and environment has a mark *and* its word, so that nothing is
told by colour alone. All texts are finished mrkdwn unless a name says plain.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from slack_sdk.models.blocks import ImageElement

from blocks import absence
from blocks.categories import SCREENS
from blocks.text import date, line, names, ordinal, plain, plural, who
from store.domain.absences import Away
from store.domain.categories.changes import between, summary
from store.domain.categories.stored import change_told
from store.domain.erasure import is_erased
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
    app = request.details.get("target_app")
    place = f" · {line(app, 80)}" if isinstance(app, str) and app.strip() else ""
    return f"{name} ({number}) · {version(request)}{place}"


def heading(request: Request) -> str:
    """Three lines: how bad a mistake would be, what is asked, and of which mini program."""
    return "\n".join(
        (
            f"{environment(request)} · {request.category.label} · {request.ref}",
            f"*{title(request)}*",
            program(request),
        )
    )


def facts(request: Request, people: People) -> str:
    """The platform's nine facts of a request, as a reviewer reads them from top to bottom."""
    submitted = f"Submitted by {who(request.submitted_by, people)} · {date(request.created_at)}"
    if request.is_open and request.terms.target_hours and request.due_at:
        submitted += f" · due {date(request.due_at)}"
    staged = stages(request, people)
    return "\n".join(filter(None, (heading(request), submitted, standing(request, people), staged)))


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


def decider(request: Request, people: People) -> str:
    """Who ended it, here or on the platform's own page; empty while nobody has."""
    if request.platform_decider:
        return f"{line(request.platform_decider, 80)} on the platform"
    if not request.decided_by:
        return ""
    place = f" for {who(request.decided_for, people)}" if request.decided_for else ""
    return f"{who(request.decided_by, people)}{place}"


def banner(request: Request, people: People) -> str:
    """How it ended, by whom and when: "⛔ *Rejected* · Illegal content · Carol · today at 11"."""
    on = date(request.completed_on) if request.completed_on else ""
    return " · ".join(filter(None, (verdict(request), decider(request, people), on)))


def verdict(request: Request) -> str:
    """How it stands, without by whom: "⛔ *Rejected* · Illegal content"."""
    said = APPROVED_BANNER if request.status is Status.APPROVED else request.status.label
    if request.is_refused_there:
        said = f"{request.status.label}, not accepted by the platform"
    kind = f" · {request.rejection_class.label}" if request.rejection_class else ""
    return f"{_mark(request)} *{said}*{kind}"


def sent(request: Request) -> str:
    """What the platform said to the approval: "sent to the platform today at 11:03 ✓"; or empty."""
    if request.platform_answer is None:
        return ""
    if request.is_refused_there:
        return f"not accepted: {line(request.platform_reason or '', 200)}"
    on = f" {date(request.platform_answered_at)}" if request.platform_answered_at else ""
    return f"sent to the platform{on} ✓"


def _mark(request: Request) -> str:
    return "⚠️" if request.is_refused_there else STATUS_MARKS[request.status]


def standing(request: Request, people: People) -> str:
    """The status, and what goes with it: whom it waits for, or when it was completed."""
    if request.is_open:
        waiting = f" · waiting for {waiting_for(request, people)}" if request.reviewers else ""
        return f"{status(request)}{waiting}"
    completed = f" · completed {date(request.completed_on)}" if request.completed_on else ""
    told = f" · {sent(request)}" if request.platform_answer else ""
    return f"{status(request)}{completed}{told}{_stage(request)}"


def places(request: Request, people: People) -> dict[str, str]:
    """Behind the names of those who voted in somebody's place: " for Bob Reyes"."""
    return {v.reviewer: f" for {who(v.cast_for, people)}" for v in request.votes if v.cast_for}


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


def _away(away: Away, people: People) -> str:
    by = f", {who(away.stand_in, people)} stands in" if away.stand_in else ""
    return f"{absence.period(away.absence)}{by}"


def remarks(request: Request) -> str:
    """What to know before deciding, a line each: which try this is, what its submitter says to have
    changed, and what speaks against it.
    """
    warned = " · ".join(line(warning, 300) for warning in request.warnings)
    if warned and request.context_at:
        warned += f" (as of {date(request.context_at)})"
    told = line(change_told(request.details), 300)
    changed = f"✏️ *What was changed:* {told}" if told else ""
    return "\n".join(filter(None, (_tried(request), changed, warned and f"⚠️ {warned}")))


def changes(request: Request) -> str:
    """ "*What changes:* …", at most six phrases a line; empty when there is nothing to say.

    A release is compared with the one before it on its target, a further try with the last.
    """
    since = _changed_since(request.predecessor, request)
    return "\n".join(filter(None, (_what_changes(request), since)))


def _what_changes(request: Request) -> str:
    spec, base = request.category.spec, request.base
    if is_erased(request.details):
        return ""
    if base and not is_erased(base.details) and spec.has_release_stages:
        found = summary(between(spec, base.details, request.details))
        return _phrases(f"What changes since {_version(base)}", found or ("only the version",))
    carried = spec.what_changes(request.details)
    at_released = SCREENS[request.category].at_released
    if base and at_released:
        return _phrases(at_released, (_version(base), *carried))
    app = request.target_app or request.environment.label
    first = (f"first release to {app}",) if request.first_on_target else ()
    return _phrases("What changes", (*first, *carried))


def _changed_since(earlier: Predecessor | None, request: Request) -> str:
    if earlier is None or is_erased(earlier.details) or is_erased(request.details):
        return ""
    found = summary(between(request.category.spec, earlier.details, request.details))
    return _phrases(f"Changed since {earlier.ref}", found or ("nothing",))


def _phrases(label: str, phrases: Sequence[str]) -> str:
    shown = [line(phrase, 200) for phrase in phrases[:_PHRASES_SHOWN]]
    if len(phrases) > len(shown):
        shown.append(f"{len(phrases) - len(shown)} more in the details")
    return f"*{line(label, 120)}:* {' · '.join(shown)}" if shown else ""


def _version(earlier: Predecessor) -> str:
    return f"{earlier.version} ({earlier.ref})" if earlier.version else earlier.ref


def _tried(request: Request) -> str:
    """ "🔁 *2nd try* · MP-12 was rejected 17 Nov at 11:02: Illegal content"."""
    earlier = request.predecessor
    if earlier is None:
        return ""
    on = f" {date(earlier.completed_on)}" if earlier.completed_on else ""
    why = earlier.rejection_class.label if earlier.rejection_class else earlier.decision_reason
    ended = f"{earlier.ref} was {earlier.status.label.lower()}{on}"
    return f"🔁 *{ordinal(request.attempt)} try* · {ended}{f': {line(why, 200)}' if why else ''}"


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
