"""The Home tab: the platform's Approvals page, as far as this person may see it.

What must stay true: every button carries the whole list it leads to, so a tab drawn long ago
still leads where it says. Sections and buttons only: what Slack draws in Home on every client.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import (
    absence,
    buttons,
    calls,
    emergencies,
    paging,
    questions,
    request_list,
    request_text,
)
from blocks.calls import Part
from blocks.text import JUST_NOW, age, line, mrkdwn, who
from store.domain.absences import Absence
from store.domain.lists.query import Filter, ListQuery, Page, Scope, Sort, Waits
from store.domain.needs import MOST, Needs
from store.domain.request import People, Request, Status
from store.domain.workspace import Workspace

CALLBACK_ID = "home"


@dataclass(frozen=True, slots=True)
class Shown:
    """One list as Home shows it: `tabs` are the ones this person has, `counts` those of this tab
    by status, whatever is filtered, capped like the totals of a page; `needs` is what needs this
    person, whatever list is shown. `stuck` are requests that nobody can decide, for an admin;
    `unreviewed` were approved in an emergency, and this person reviews that; `called` are open, and
    they were called to them.
    `absence` is the reader's, with who stands in.
    """

    query: ListQuery
    page: Page
    people: People
    tabs: Sequence[Scope]
    counts: Mapping[Status, int]
    needs: Needs = field(default_factory=Needs)
    stuck: Sequence[Request] = ()
    unreviewed: Sequence[Request] = ()
    called: Part = field(default_factory=Part)
    absence: Absence | None = None
    stand_in: str | None = None
    workspace: Workspace = field(default_factory=Workspace)


def build(shown: Shown, *, now: datetime) -> View:
    """The whole tab; `now` dates it."""
    query, page = shown.query, shown.page
    more = {} if shown.absence else {"away": ""}
    blocks: list[Block] = [
        *_being_away(shown),
        *emergencies.unreviewed(shown.unreviewed, shown.people),
        *calls.part(shown.called, now),
        *_needs(shown.needs, now),
        _tabs(shown),
        _counts(shown),
        *_stuck(shown.stuck),
        request_list.acts(query, page, more=more),
        DividerBlock(),
        *([request_list.heading(query, page)] if request_list.is_filtered(query) else []),
        *request_list.rows(query, page, shown.people, shown.workspace),
        *request_list.turning(query, page),
        request_list.foot(query, page, shown.people, now),
    ]
    return View(
        type="home",
        callback_id=CALLBACK_ID,
        private_metadata=paging.encode(query),
        blocks=blocks,
    )


def _needs(needs: Needs, now: datetime) -> Iterator[Block]:
    """A line each for what needs this person, the most pressing first, with the way to it."""
    if needs.waiting.count:
        count, since = needs.waiting.count, needs.waiting.since
        verb = "is" if count == 1 else "are"
        said = f"⏳ *{request_list.count(count)} {verb} waiting for you*"
        waited = age(since, now) if since else JUST_NOW
        oldest = f" · the oldest for {waited}" if waited != JUST_NOW else ""
        place = paging.encode(paging.opening(Scope.APPROVALS))
        yield _need(
            said + oldest,
            buttons.link("Show", buttons.NEED, place, about="what is waiting for you"),
        )
    if needs.asked:
        yield _questions(needs.asked)
    if needs.rejected:
        said = f"⛔ *{_many(needs.rejected)} rejected:* change and submit again"
        alone = buttons.again(needs.rejected[0]) if len(needs.rejected) == 1 else None
        yield _need(_named(said, needs.rejected), alone or _mine(Status.REJECTED))
    if needs.approved:
        said = f"✅ *{_many(needs.approved)} approved, not live yet*"
        alone = buttons.details(needs.approved[0]) if len(needs.approved) == 1 else None
        yield _need(_named(said, needs.approved), alone or _mine(Status.APPROVED))
    if needs.answers:
        query = ListQuery(Scope.ALL, Filter(waits=(Waits.SUBMITTER,)))
        about = "what is waiting for an answer"
        way = buttons.link("Show", buttons.NEED, paging.encode(query), about=about)
        yield _need(questions.waited_for(needs.answers, needs.people), way)
    if needs.draft:
        title = needs.draft.title or "a new request"
        yield SectionBlock(text=mrkdwn(f"📝 *Not submitted yet:* {line(title, 200)}"))
        yield buttons.row(
            buttons.link("Continue", buttons.FORM_CONTINUE, needs.draft.id, about=title),
            buttons.link("Discard", buttons.FORM_DISCARD, needs.draft.id, about=title),
        )
    if needs.others.count:
        yield _others(needs, now)
    if needs != Needs(people=needs.people):
        yield DividerBlock()


def _questions(requests: Sequence[Request]) -> SectionBlock:
    """Of a single one, the way to answer it."""
    asked = [(r, q) for r in requests for q in r.questions if q.is_open]
    count = f"{len(asked)}{'+' * (len(requests) > MOST)}"
    said = f"❓ *{count} {'question' if len(asked) == 1 else 'questions'} for you*"
    if len(asked) == 1:
        ((request, question),) = asked
        said = f"{said}\n{line(request.title, 100)} ({request.ref}): {line(question.question, 200)}"
        return _need(said, buttons.answer(request, question))
    query = ListQuery(Scope.MINE, Filter(waits=(Waits.SUBMITTER,)))
    about = "what is waiting for your answer"
    way = buttons.link("Show", buttons.NEED, paging.encode(query), about=about)
    return _need(_named(said, requests), way)


def _others(needs: Needs, now: datetime) -> SectionBlock:
    count, since = needs.others.count, needs.others.since
    oldest = f", the oldest for {age(since, now)}" if since else ""
    whom = ", ".join(f"{who(user, needs.people)} {n:,}" for user, n in needs.busiest)
    verb = "is" if count == 1 else "are"
    said = f"👥 *{request_list.count(count)} {verb} waiting for a decision*{oldest}"
    query = ListQuery(Scope.ALL, Filter(statuses=(Status.UNDER_REVIEW,)), Sort.OLDEST)
    about = "what is waiting for a decision"
    show = buttons.link("Show", buttons.NEED, paging.encode(query), about=about)
    return _need(f"{said}\n{whom}" if whom else said, show)


def _many(requests: Sequence[Request]) -> str:
    return f"{MOST}+" if len(requests) > MOST else str(len(requests))


def _named(said: str, requests: Sequence[Request]) -> str:
    names = [f"{line(each.title, 100)} ({each.ref})" for each in requests[:3]]
    more = " …" if len(requests) > 3 else ""
    return f"{said}\n{', '.join(names)}{more}"


def _mine(status: Status) -> ButtonElement:
    query = ListQuery(Scope.MINE, Filter(statuses=(status,)))
    about = f"your {status.label.lower()} requests"
    return buttons.link("Show", buttons.NEED, paging.encode(query), about=about)


def _need(said: str, way: ButtonElement) -> SectionBlock:
    return SectionBlock(text=mrkdwn(said), accessory=way)


def _stuck(requests: Sequence[Request]) -> list[Block]:
    if not requests:
        return []
    places = (f"{each.ref} at “{line(each.stage_now.name, 80)}”" for each in requests)
    said = f"⚠️ *Stuck, nobody can decide:* {', '.join(places)}"
    return [SectionBlock(text=mrkdwn(said))]


def _being_away(shown: Shown) -> list[Block]:
    if shown.absence is None:
        return []
    back = buttons.link("I'm back", buttons.BACK, marked=True)
    return [
        SectionBlock(
            text=mrkdwn(absence.standing(shown.absence, shown.stand_in, shown.people)), expand=True
        ),
        buttons.row(back, buttons.link("Change…", buttons.AWAY, about="your absence")),
    ]


def _tabs(shown: Shown) -> ActionsBlock:
    return buttons.row(
        *(
            buttons.link(
                scope.label,
                buttons.TAB[scope],
                paging.encode(paging.opening(scope)),
                marked=scope is shown.query.scope,
            )
            for scope in shown.tabs
        )
    )


def _counts(shown: Shown) -> ContextBlock:
    said = (
        f"{request_text.STATUS_MARKS[status]} {request_list.count(shown.counts.get(status, 0))} "
        f"{status.label}"
        for status in Status
    )
    return ContextBlock(elements=[mrkdwn("  ·  ".join(said))])
