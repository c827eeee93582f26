"""The request in full, in a modal: how it stands, everything that was submitted, the process.

What must stay true: it opens whatever was submitted. Texts longer than one block are split over
several; what exceeds a whole view is cut at a block's edge, and the cut says so.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from slack_sdk.models.blocks import (
    ActionsBlock,
    AlertBlock,
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import buttons, facts, timeline
from blocks.text import (
    SECTION_LIMIT,
    clip,
    date,
    escape,
    line,
    mrkdwn,
    packed,
    pieces,
    plain,
    quote,
    who,
    words,
)
from store.domain.categories import Section, ShownFeature, sections
from store.domain.lifecycle import Act
from store.domain.request import People, Request, Status

CALLBACK_ID = "request.details"
BLOCKS_LIMIT = 100
"""Slack: blocks in a modal."""
BYTES_LIMIT = 200_000
"""Slack: a view of at most 250 kB; the rest is room for its frame."""
SHORT = 300
"""Ours: up to this many characters a value reads well in half a column."""

_LEVELS = {Status.APPROVED: "success", Status.REJECTED: "error", Status.WITHDRAWN: "info"}
_ABOUT_FEATURES = {"Features", "Feature information"}
_SHORTENED = "✂️ Shortened here: this request is longer than a Slack window can show."


def build(
    request: Request, people: People, acts: AbstractSet[Act], *, pictures: bool = True
) -> View:
    """The modal; `acts` are the ones this person may do, and only those get a button."""
    head = [*_alert(request, people), *_about(request, people, pictures)]
    tail = [*_process(request, people), *_acts(request, acts)]
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(request.ref),
        close=words("Close"),
        private_metadata=buttons.Target.of(request).encode(),
        blocks=[*head, *_fitting(_submitted(request), [*head, *tail]), *tail],
    )


def _alert(request: Request, people: People) -> list[Block]:
    if request.is_open:
        return []
    said: list[Block] = [
        AlertBlock(text=mrkdwn(facts.verdict(request)), level=_LEVELS[request.status])
    ]
    if request.decision_reason:
        said.append(_section(quote(request.decision_reason)))
    ended = [who(request.decided_by, people)] if request.decided_by else []
    ended += [date(request.completed_on)] if request.completed_on else []
    return [*said, ContextBlock(elements=[mrkdwn(" · ".join(ended))])] if ended else said


def _about(request: Request, people: People, pictures: bool) -> list[Block]:
    logo = facts.logo(request) if pictures else None
    return [
        SectionBlock(text=mrkdwn(facts.heading(request)), accessory=logo),
        HeaderBlock(text=words("Request details")),
        _fields(_details(request, people)),
    ]


def _details(request: Request, people: People) -> Iterator[str]:
    reviewers = ", ".join(who(user, people) for user in request.reviewers[:20])
    more = f" and {len(request.reviewers) - 20} more" if len(request.reviewers) > 20 else ""
    yield f"*Requestor*\n{who(request.submitted_by, people)}"
    yield f"*Request creation time*\n{date(request.created_at)}"
    yield f"*Current status*\n{facts.status(request)}"
    yield f"*Assigned reviewer*\n{reviewers or 'Nobody yet'}{more}"
    if request.completed_on:
        yield f"*Completed On*\n{date(request.completed_on)}"


def _submitted(request: Request) -> Iterator[Block]:
    for section in sections(request.category, request.details):
        yield HeaderBlock(text=words(plain(section.name, 150)))
        yield from _rows(section)
        yield from _features(section)


def _rows(section: Section) -> Iterator[Block]:
    """Short values in two columns, ten a block (Slack: 10 fields); long ones across the page."""
    short: list[str] = []
    for label, value in section.rows:
        shown = f"*{line(label, 100)}*\n{escape(value)}"
        if len(shown) <= SHORT and len(short) < 10:
            short.append(shown)
            continue
        yield from _columns(short)
        short = [shown] if len(shown) <= SHORT else []
        yield from () if short else _long(shown)
    yield from _columns(short)


def _columns(short: Sequence[str]) -> Iterator[Block]:
    if short:
        yield _fields(short)


def _features(section: Section) -> Iterator[Block]:
    """Many features a block, since there may be a hundred of them and a view has 100 blocks."""
    if section.features and section.name not in _ABOUT_FEATURES:
        yield _section("*Features*")
    yield from map(_section, packed(map(_feature, section.features), SECTION_LIMIT))


def _feature(feature: ShownFeature) -> str:
    name = line(str(feature), 400) or "Feature without a name"
    heading = " · ".join(filter(None, (f"*{name}*", line(feature.status, 200))))
    rows = [f"{line(label, 100)}: {escape(value)}" for label, value in feature.more]
    apis = [f"APIs: {escape(', '.join(feature.apis))}"] if feature.apis else []
    return "\n".join(filter(None, (heading, escape(feature.description), *apis, *rows)))


def _long(text: str) -> Iterator[Block]:
    return (_section(piece) for piece in pieces(text, SECTION_LIMIT) if piece.strip())


def _fitting(body: Iterable[Block], frame: Sequence[Block]) -> Iterator[Block]:
    """As much of the body as the view has room for beside its frame, one block kept to say so."""
    blocks = BLOCKS_LIMIT - len(frame) - 1
    room = BYTES_LIMIT - sum(map(_size, frame))
    for block in body:
        blocks, room = blocks - 1, room - _size(block)
        if blocks < 0 or room < 0:
            yield ContextBlock(elements=[mrkdwn(_SHORTENED)])
            return
        yield block


def _process(request: Request, people: People) -> list[Block]:
    return [
        DividerBlock(),
        HeaderBlock(text=words("Release Process Overview")),
        _section(clip(timeline.render(request, people), SECTION_LIMIT)),
    ]


def _acts(request: Request, acts: AbstractSet[Act]) -> list[ActionsBlock]:
    offered = [_BUTTONS[act](request) for act in _BUTTONS if act in acts] if request.is_open else []
    return [buttons.row(*offered)] if offered else []


_BUTTONS = {
    Act.APPROVE: buttons.approve,
    Act.REJECT: buttons.reject,
    Act.WITHDRAW: buttons.withdraw,
}


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text))


def _fields(texts: Iterable[str]) -> SectionBlock:
    return SectionBlock(fields=[mrkdwn(text) for text in texts])


def _size(block: Block) -> int:
    return len(json.dumps(block.to_dict()))
