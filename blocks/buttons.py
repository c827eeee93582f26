"""Every button, by name: what it is called on the wire and what it carries.

A button carries which request and which round of it the person was looking at, never a fact: facts
are read from the record when it is clicked. Every action id is listed in ALL_ACTIONS, so
that a test can see that each has a listener.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Self

from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    InteractiveElement,
    Option,
    OverflowMenuElement,
    StaticSelectElement,
)

from blocks.categories import SCREENS
from blocks.text import plain, words
from store.domain import release_stages
from store.domain.approval_notes import Asking
from store.domain.lifecycle import Act
from store.domain.links import link_to
from store.domain.lists.query import Scope
from store.domain.questions import Question
from store.domain.request import ReleaseStage, Request

APPROVE = "request.approve"
APPROVE_WITH_NOTE = "request.approve.note"
REJECT = "request.reject"
WITHDRAW = "request.withdraw"
DETAILS = "request.details"
PREVIOUS_PAGE = "list.page.previous"
NEXT_PAGE = "list.page.next"
LIST_APPROVALS = "list.approvals"
FILTER = "list.filter"
SHOW_ALL = "list.all"
EXPORT = "list.download"
NEW = "request.new"
TAB = {scope: f"home.tab.{scope.value}" for scope in Scope}
PREVIOUS_PART = "details.part.previous"
NEXT_PART = "details.part.next"
AGAIN = "request.again"
SEND_AGAIN = "request.send"
MENU = "request.menu"
LIST_MENU = "list.menu"
REVIEW = "request.review"
ON_PLATFORM = "request.platform"
PREVIEW = "request.preview"
QUEUE_START = "queue.start"
QUEUE_APPROVE = "queue.approve"
QUEUE_APPROVE_WITH_NOTE = "queue.approve.note"
QUEUE_REJECT = "queue.reject"
QUEUE_SKIP = "queue.skip"
FORM_BACK = "request.form.back"
FORM_FEATURE = "request.form.feature"
FORM_ADD_FEATURE = "request.form.feature.add"
HELP = "help.all"
NEED = "home.need"
STAGE = "release.stage"
FORM_CONTINUE = "request.form.continue"
FORM_DISCARD = "request.form.discard"
FORM_CATEGORY = "category"
FORM_PROGRAM = "program"
AWAY = "absence.ask"
BACK = "absence.back"
MARK_REVIEWED = "emergency.reviewed"
ASK = "request.ask"
QUEUE_ASK = "queue.ask"
ANSWER = "question.answer"
CLOSE = "question.close"
NOTE = "request.note"

ALL_ACTIONS = (
    APPROVE,
    APPROVE_WITH_NOTE,
    REJECT,
    WITHDRAW,
    DETAILS,
    PREVIOUS_PAGE,
    NEXT_PAGE,
    LIST_APPROVALS,
    FILTER,
    SHOW_ALL,
    EXPORT,
    NEW,
    *TAB.values(),
    PREVIOUS_PART,
    NEXT_PART,
    AGAIN,
    SEND_AGAIN,
    MENU,
    LIST_MENU,
    REVIEW,
    ON_PLATFORM,
    PREVIEW,
    QUEUE_START,
    QUEUE_APPROVE,
    QUEUE_APPROVE_WITH_NOTE,
    QUEUE_REJECT,
    QUEUE_SKIP,
    FORM_BACK,
    FORM_FEATURE,
    FORM_ADD_FEATURE,
    HELP,
    NEED,
    STAGE,
    FORM_CONTINUE,
    FORM_DISCARD,
    FORM_CATEGORY,
    FORM_PROGRAM,
    AWAY,
    BACK,
    MARK_REVIEWED,
    ASK,
    QUEUE_ASK,
    ANSWER,
    CLOSE,
    NOTE,
)

# Ten digits of id: beyond what a 32-bit key holds, and short enough to parse without a thought.
_ROUND = re.compile(r"([1-9][0-9]{0,9}):(0|[1-9][0-9]{0,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestRound:
    """The request a button or modal is about, and the round the person saw."""

    id: int
    round: int

    @classmethod
    def of(cls, request: Request) -> Self:
        """What a button drawn from this snapshot carries."""
        return cls(request.id, request.round)

    def encode(self) -> str:
        """The button's value: `128:3`."""
        return f"{self.id}:{self.round}"

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Read a button's value back; None for anything we did not write."""
        found = _ROUND.fullmatch(value)
        return cls(int(found[1]), int(found[2])) if found else None

    @classmethod
    def encode_all(cls, requests: Iterable[Request]) -> str:
        """What a form about several carries: `128:3 129:1`."""
        return " ".join(cls.of(request).encode() for request in requests)

    @classmethod
    def parse_all(cls, text: str) -> tuple[Self, ...]:
        """Read that back; none for anything we did not write."""
        found = [cls.parse(part) for part in text.split(" ")]
        return tuple(each for each in found if each) if all(found) else ()


def approve(
    request: Request, action_id: str = APPROVE, with_note: str = APPROVE_WITH_NOTE
) -> ButtonElement:
    """Approve, after Slack itself has asked once more; where a note is wanted, the form asks."""
    if request.approve_note is Asking.REQUIRED:
        return _named("Approve", with_note, request, style="primary")
    asking = ConfirmObject(
        title=words(f"Approve for {request.environment.label}?"),
        text=words(_consequence(request)),
        confirm=words("Approve"),
        deny=words("Not yet"),
    )
    return _named("Approve", action_id, request, style="primary", confirm=asking)


def approve_with_note(request: Request, action_id: str) -> list[ButtonElement]:
    """Opens the form that takes a note; none where Approve is that button, or no note is taken."""
    takes = request.approve_note is Asking.OPTIONAL
    return [_named(WITH_NOTE, action_id, request)] if takes else []


def reject(request: Request, action_id: str = REJECT) -> ButtonElement:
    """Reject; no confirmation, because the form that asks for the reason is one."""
    return _named("Reject", action_id, request, style="danger")


def ask(request: Request, action_id: str = ASK) -> ButtonElement:
    """Opens the form for a question to the submitter."""
    return _named("Ask", action_id, request)


def answer(request: Request, question: Question) -> ButtonElement:
    """Opens the form for the answer to this question."""
    value = _of_question(request, question)
    return _named("Answer", ANSWER, request, value=value, style="primary")


def close(request: Request, question: Question) -> ButtonElement:
    """Closes this question without an answer, after Slack has asked once more."""
    asking = ConfirmObject(
        title=words("Close this question?"),
        text=words("It stays on record, without an answer. Nobody is asked for one any more."),
        confirm=words("Close it"),
        deny=words("Not yet"),
    )
    value = _of_question(request, question)
    return _named("Close", CLOSE, request, value=value, confirm=asking)


def note(request: Request) -> ButtonElement:
    """Opens the form for a note."""
    return _named("Add a note", NOTE, request)


def _of_question(request: Request, question: Question) -> str:
    return f"{RequestRound.of(request).encode()} {question.number}"


def parse_question(value: str) -> tuple[RequestRound, int] | None:
    """Read back which question of a request it is; None for anything we did not write."""
    seen, _, number = value.partition(" ")
    request = RequestRound.parse(seen)
    is_number = number.isascii() and number.isdecimal() and len(number) < 10
    return (request, int(number)) if request and is_number else None


def withdraw(request: Request) -> ButtonElement:
    """Withdraw, without a question, as on the platform: *Submit again* is the way back."""
    return _named("Withdraw", WITHDRAW, request)


def release_stage(request: Request) -> StaticSelectElement:
    """Says where an approved release is now, of where it may be next; there has to be one."""
    seen = RequestRound.of(request).encode()
    return StaticSelectElement(
        action_id=STAGE,
        placeholder=words("Where is it now?"),
        options=[
            Option(value=f"{seen} {each.value}", text=words(each.label))
            for each in release_stages.possible(request)
        ],
    )


def parse_stage(value: str) -> tuple[RequestRound, ReleaseStage] | None:
    """Read a chosen stage back; None for anything we did not write."""
    seen, _, stage = value.partition(" ")
    request = RequestRound.parse(seen)
    return (request, ReleaseStage(stage)) if request and stage in tuple(ReleaseStage) else None


def again(request: Request) -> ButtonElement:
    """Opens the form filled in with what this request had."""
    return _named("Submit again", AGAIN, request)


def send_again(request: Request) -> ButtonElement:
    """Tells the platform of an approval once more that it did not accept."""
    return _named("Send again", SEND_AGAIN, request)


def mark_reviewed(request: Request) -> ButtonElement:
    """Says that somebody has looked at what another approved in an emergency."""
    return _named("Mark as reviewed", MARK_REVIEWED, request)


def details(request: Request, label: str = "Details") -> ButtonElement:
    """Opens the request; `label` is View in lists, where each row has one."""
    return _named(label, DETAILS, request)


_THERE = "Open on the platform"


def on_platform(request: Request) -> list[ButtonElement]:
    """Opens the platform's own page of it; none where its address is not known."""
    address = request.on_platform
    return [_named(_THERE, ON_PLATFORM, request, url=address)] if address else []


def preview(request: Request) -> ButtonElement | None:
    """Opens the test version; none where its address leads nowhere, or where the policy does not
    let it.
    """
    there = link_to(request.evidence.preview_url or "", request.link_hosts)
    return _named("Open preview", PREVIEW, request, url=there.url) if there else None


def skip(request: Request) -> ButtonElement:
    """Leaves a request for later, in the queue."""
    return _named("Skip", QUEUE_SKIP, request)


def review(request: Request) -> ButtonElement:
    """Opens what one decides by, with Approve and Reject."""
    return _named("Review", REVIEW, request)


def _named(
    label: str,
    action_id: str,
    request: Request,
    *,
    value: str | None = None,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
    url: str | None = None,
) -> ButtonElement:
    """A button that a screen reader tells from those of the other requests in a message."""
    return ButtonElement(
        text=words(label),
        action_id=action_id,
        value=value or RequestRound.of(request).encode(),
        style=style,
        confirm=confirm,
        url=url,
        accessibility_label=_spoken(label, f"{request.ref} {request.title}"),
    )


def _spoken(label: str, about: str) -> str:
    """What a screen reader says of a button. Slack: at most 75 characters."""
    return plain(f"{label}: {about}" if about else label, 75)


def menu(request: Request, acts: AbstractSet[Act]) -> OverflowMenuElement | ButtonElement:
    """What this person may do with a request, in the row of a list; withdrawing stands last.

    Who may only look at it gets the button for that.
    """
    value = RequestRound.of(request).encode()
    possible = [
        Option(value=f"{name} {value}", text=words(label))
        for name, (label, act) in MENU_ENTRIES.items()
        if act in acts or act is Act.SEE
    ]
    if len(possible) == 1:
        return details(request, "View")
    return OverflowMenuElement(action_id=MENU, options=possible)


MENU_ENTRIES = {
    "view": ("View", Act.SEE),
    "approve": ("Approve…", Act.APPROVE),
    "reject": ("Reject…", Act.REJECT),
    "again": ("Submit again", Act.RESUBMIT),
    "withdraw": ("Withdraw", Act.WITHDRAW),
}
"""By their names on the wire; at most five, which is as many as Slack takes in an overflow menu."""


def more(request: Request, acts: AbstractSet[Act]) -> list[InteractiveElement]:
    """What else this person may do with an open request than decide it: a menu, the details first;
    a button where it is only to look at the request, nothing where there is nothing.
    """
    offered = {
        name: label
        for name, (label, act) in MORE_ENTRIES.items()
        if act in acts and (name != "with_note" or request.approve_note is Asking.OPTIONAL)
    }
    if offered.keys() <= {"view"}:
        return [*([details(request)] if offered else []), *on_platform(request)]
    value, address = RequestRound.of(request).encode(), request.on_platform
    options = [
        Option(value=f"{name} {value}", text=words(label)) for name, label in offered.items()
    ]
    if address and len(options) < MENU_LIMIT:
        options.append(Option(value=f"platform {value}", text=words(_THERE), url=address))
    return [OverflowMenuElement(action_id=MENU, options=options)]


MENU_LIMIT = 5
"""Slack: entries of an overflow menu."""
WITH_NOTE = "Approve with a note…"
MORE_ENTRIES = {
    "view": ("Details", Act.SEE),
    "with_note": (WITH_NOTE, Act.APPROVE),
    "test": ("I'm on it", Act.TEST),
    "let_go": ("I'm not on it any more", Act.LET_GO),
    "hand": ("Hand to…", Act.HAND),
    "emergency": ("Emergency…", Act.EMERGENCY),
}
"""The same of the menu beside the buttons of a card and of the details; of "test" and "let_go"
nobody has both. *Open on the platform* stands behind them where it fits, in the details always.
"""


def list_menu(values: Mapping[str, str]) -> list[InteractiveElement]:
    """What else may be done with a list, by the names of `LIST_MENU_ENTRIES`: a menu; buttons where
    it does not hold what they carry. Slack: at most 150 characters an entry.
    """
    entries = {name: f"{name} {value}".rstrip() for name, value in values.items()}
    if any(len(entry) > 150 for entry in entries.values()):
        return [
            link(LIST_MENU_ENTRIES[name], _LIST_BUTTONS[name], value)
            for name, value in values.items()
            if name in _LIST_BUTTONS
        ]
    options = [
        Option(value=entry, text=words(LIST_MENU_ENTRIES[name])) for name, entry in entries.items()
    ]
    return [OverflowMenuElement(action_id=LIST_MENU, options=options)]


LIST_MENU_ENTRIES = {
    "filter": "Filter…",
    "all": "Show all",
    "download": "Download",
    "away": "I'm away…",
    "help": "Help",
}
"""By their names on the wire; five is as many as Slack takes."""
_LIST_BUTTONS = {"filter": FILTER, "all": SHOW_ALL, "download": EXPORT}
"""The buttons of those that carry a list."""


def link(
    label: str, action_id: str, value: str | None = None, *, about: str = "", marked: bool = False
) -> ButtonElement:
    """A plain button that leads to a list or a form; `marked` is where one already is.

    `about` is what a screen reader says after the label, where others have the same one.
    """
    return ButtonElement(
        text=words(label),
        action_id=action_id,
        value=value,
        style="primary" if marked else None,
        accessibility_label=_spoken(label, about),
    )


def row(*buttons: InteractiveElement) -> ActionsBlock:
    """Buttons and menus beside each other."""
    return ActionsBlock(elements=list(buttons))


def _consequence(request: Request) -> str:
    """What happens on Approve. Slack: confirm text at most 300."""
    app = request.details.get("target_app")
    where = request.environment.label
    place = f"{where}: {plain(app, 60)}" if isinstance(app, str) and app.strip() else where
    warning = f"{plain(request.terms.warning, 120)} " if request.terms.warning else ""
    title = plain(request.title, 60 if warning or request.is_staged else 140)
    if request.is_staged:
        stage = plain(request.stage_now.name, 75)
        return f"{warning}{title}. This is your vote at “{stage}”. It cannot be undone here."
    effect = f"{SCREENS[request.category].effect} {place}"
    return f"{warning}{title}. {effect}. This cannot be undone here."
