"""The request in full, in a modal: how it stands, everything that was submitted, the process.

What must stay true: it opens whatever was submitted, and all of it can be reached. Texts longer
than one block are split over several; what exceeds a window goes on in its next part. How the
request stands and what may be done with it frame every part: the acts stand under the heading, and
once more at the step of the process that they belong to.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from slack_sdk.models.blocks import (
    ActionsBlock,
    AlertBlock,
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    InteractiveElement,
    SectionBlock,
)
from slack_sdk.models.views import View

from blocks import approval_notes, buttons, notes, questions, request_text, timeline, what_changed
from blocks.text import (
    SECTION_LIMIT,
    date,
    escape,
    line,
    link,
    mrkdwn,
    names,
    packed,
    pieces,
    plain,
    who,
    words,
)
from blocks.timeline import State
from store.domain import release_stages
from store.domain.categories.spec import Section
from store.domain.categories.stored import StoredFeature
from store.domain.lifecycle import Act
from store.domain.links import link_to
from store.domain.request import People, Request, Status

CALLBACK_ID = "request.details"
BLOCKS_LIMIT = 100
"""Slack: blocks in a modal."""
TITLE_LIMIT = 24
"""Slack: a modal's title."""
BYTES_LIMIT = 60_000
"""Ours: about twenty screens of a phone. Slack takes 250 kB."""
SHORT = 300
"""Ours: up to this many characters a value reads well in half a column."""

_LEVELS = {Status.APPROVED: "success", Status.REJECTED: "error", Status.WITHDRAWN: "info"}
_PART = re.compile(r"([0-9]{1,4}) (.+)", re.ASCII)


def build(
    request: Request,
    people: People,
    acts: AbstractSet[Act],
    *,
    part: int = 1,
    pictures: bool = True,
) -> View:
    """The modal; `acts` are the ones this person may do, and only those get a button.

    `part` counts from 1; beyond the last one it is the last. `pictures=False` keeps to blocks
    that every client draws and fetches nothing: for when Slack refuses the view otherwise.
    """
    preview = buttons.preview(request)
    there = [] if request.is_open else buttons.on_platform(request)  # it is in the menu
    ways = [*there, *([preview] if preview else [])]
    offered = _acts(request, acts, ways)
    head = [*_ending(request, people, pictures), *_heading(request, people, pictures), *offered]
    tail = [*_watching(request), *_process(request, people, acts)]
    body = [
        *approval_notes.in_full(request, people),
        *_about(request, people),
        *_evidence(request, pictures),
        *what_changed.build(request),
        *_submitted(request),
        *questions.in_full(request, people, may_answer=Act.ANSWER in acts),
        *notes.in_full(request, people, may_note=Act.NOTE in acts),
    ]
    parts = _parts(body, [*head, *tail])
    part = min(max(part, 1), len(parts))
    turning = _turning(request, part, len(parts)) if len(parts) > 1 else []
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(plain(f"{request.ref} · {request.mini_program_name}", TITLE_LIMIT)),
        close=words("Close"),
        private_metadata=buttons.RequestRound.of(request).encode(),
        blocks=[*head, *parts[part - 1], *turning, *tail],
    )


def parse_part(value: str) -> tuple[int, buttons.RequestRound] | None:
    """Which part of which request a button leads to; None for anything we did not write."""
    found = _PART.fullmatch(value)
    request = buttons.RequestRound.parse(found[2]) if found else None
    return (int(found[1]), request) if found and request else None


def _ending(request: Request, people: People, pictures: bool) -> list[Block]:
    if request.is_open:
        return []
    verdict = mrkdwn(request_text.verdict(request))
    level = "warning" if request.is_refused_there else _LEVELS[request.status]
    level = "error" if request.is_emergency else level
    said: list[Block] = [
        AlertBlock(text=verdict, level=level) if pictures else SectionBlock(text=verdict)
    ]
    if alone := request_text.emergency(request, people):
        said.append(_section(alone))
    if request.decision_reason:
        said += _quoted(request.decision_reason, request)
    if request.platform_reason:
        said += _quoted(request.platform_reason, request)
    on = date(request.completed_on) if request.completed_on else ""
    told = "" if request.is_refused_there else request_text.sent(request)
    ended = " · ".join(filter(None, (request_text.decider(request, people), on, told)))
    return [*said, ContextBlock(elements=[mrkdwn(ended)])] if ended else said


def _watching(request: Request) -> list[Block]:
    """To who watches it, and nobody else."""
    if not (request.is_watched and request.is_open):
        return []
    said = f"👀 You are watching it. `/mp-requests unwatch {request.ref}` ends that."
    return [ContextBlock(elements=[mrkdwn(said)])]


def _quoted(reason: str, request: Request) -> Iterator[Block]:
    """All of the reason: what it says is what the submitter has to mend."""
    return map(_section, request_text.quotes(request, reason))


def _heading(request: Request, people: People, pictures: bool) -> list[Block]:
    """What it is, and what to know before deciding."""
    logo = request_text.logo(request) if pictures else None
    remarks, warning = request_text.remarks(request, people), request_text.warning(request)
    who_has_it = (request_text.testing(request, people), request_text.handed(request, people))
    return [
        *([_section(warning)] if warning else []),
        SectionBlock(text=mrkdwn(request_text.heading(request)), accessory=logo),
        *map(_section, filter(None, who_has_it)),
        *([_section(remarks)] if remarks else []),
    ]


def _about(request: Request, people: People) -> list[Block]:
    return [HeaderBlock(text=words("Request details")), _fields(_details(request, people))]


def _details(request: Request, people: People) -> Iterator[str]:
    reviewers = ", ".join(who(user, people) for user in request.reviewers[:20])
    more = f" and {len(request.reviewers) - 20} more" if len(request.reviewers) > 20 else ""
    yield f"*Requestor*\n{who(request.submitted_by, people)}"
    yield f"*Request creation time*\n{date(request.created_at)}"
    yield f"*Current status*\n{request_text.status(request)}"
    yield f"*Assigned reviewer*\n{reviewers or 'Nobody yet'}{more}"
    if request.terms.rule:
        yield f"*Rule*\n{line(request.terms.rule, 100)}"
    if staged := request_text.stages(request, people):
        yield f"*Stages*\n{staged}"
    if due := request_text.due(request) if request.terms.target_hours else "":
        yield f"*Due*\n{due.removeprefix('due ')}"
    if request.escalated_at:
        whom = names(request.escalated_to, people, "and") or "Nobody"
        yield f"*Called*\n{whom}, {date(request.escalated_at)}"
    if request.completed_on:
        yield f"*Completed On*\n{date(request.completed_on)}"


def _evidence(request: Request, pictures: bool) -> Iterator[Block]:
    if request.evidence:
        yield HeaderBlock(text=words("Evidence"))
    links = (f"•  {each}" for each in request_text.exhibits(request))
    yield from _long("\n".join(filter(None, (request_text.test_version(request), *links))))
    code = request.evidence.preview_qr
    if code:
        there = link_to(code, request.link_hosts)
        if there and pictures:
            said = f"QR code that opens the test version of {plain(request.mini_program_name, 150)}"
            yield ImageBlock(image_url=there.url, alt_text=said)
        else:
            yield _section(f"*QR code:* {link(there) if there else line(code, 300)}")


def _submitted(request: Request) -> Iterator[Block]:
    for section in request.category.spec.sections_of(request.details):
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
    if section.features and section.features_label:
        yield _section(f"*{section.features_label}*")
    yield from map(_section, packed(map(_feature, section.features), SECTION_LIMIT))


def _feature(feature: StoredFeature) -> str:
    name = line(str(feature), 400) or "Feature without a name"
    heading = " · ".join(filter(None, (f"*{name}*", line(feature.status, 200))))
    rows = [f"{line(label, 100)}: {escape(value)}" for label, value in feature.more]
    apis = [f"APIs: {escape(', '.join(feature.apis))}"] if feature.apis else []
    return "\n".join(filter(None, (heading, escape(feature.description), *apis, *rows)))


def _long(text: str) -> Iterator[Block]:
    return (_section(piece) for piece in pieces(text, SECTION_LIMIT) if piece.strip())


def _parts(body: Sequence[Block], frame: Sequence[Block]) -> list[list[Block]]:
    """The body in as few windows as may be, each with room for the frame and the way on."""
    blocks = BLOCKS_LIMIT - len(frame) - _TURNING_BLOCKS
    parts: list[list[Block]] = [[]]
    room = BYTES_LIMIT
    for block in body:
        size = _size(block)
        if parts[-1] and (len(parts[-1]) == blocks or size > room):
            parts.append([])
            room = BYTES_LIMIT
        parts[-1].append(block)
        room -= size
    return parts


def _turning(request: Request, part: int, parts: int) -> list[Block]:
    """Where one is in a long request, and the way to its other parts."""
    offered = [
        buttons.link(
            label,
            action_id,
            f"{part + step} {buttons.RequestRound.of(request).encode()}",
            about=f"part {part + step} of {parts} of {request.ref}",
        )
        for label, action_id, step in _WAYS
        if 1 <= part + step <= parts
    ]
    here = f"Part {part} of {parts}: this request is longer than one Slack window."
    return [ContextBlock(elements=[mrkdwn(here)]), buttons.row(*offered)]


_TURNING_BLOCKS = 2
_WAYS = (("Previous part", buttons.PREVIOUS_PART, -1), ("Next part", buttons.NEXT_PART, +1))


def _process(request: Request, people: People, acts: AbstractSet[Act]) -> list[Block]:
    """The steps, with the acts that are possible right below the step they belong to."""
    lines = timeline.render(request, people).split("\n")
    come = sum(step.state is not State.LATER for step in timeline.steps(request))
    offered = _acts(request, acts)
    if not offered:
        come = len(lines)
    return [
        DividerBlock(),
        HeaderBlock(text=words("Release Process Overview")),
        *_long("\n".join(lines[:come])),
        *offered,
        *_long("\n".join(lines[come:])),
    ]


def _acts(
    request: Request, acts: AbstractSet[Act], more: Sequence[InteractiveElement] = ()
) -> list[ActionsBlock]:
    later = {Act.RESUBMIT, Act.SEND, Act.MARK_REVIEWED}
    possible = acts - later if request.is_open else acts & later
    offered: list[InteractiveElement] = [
        draw(request) for act, draw in _BUTTONS.items() if act in possible
    ]
    if Act.MOVE in acts and release_stages.possible(request):
        offered.append(buttons.release_stage(request))
    offered += more
    offered += buttons.more(request, acts - {Act.SEE}) if request.is_open else []
    return [buttons.row(*offered)] if offered else []


_BUTTONS: dict[Act, Callable[[Request], InteractiveElement]] = {
    Act.APPROVE: buttons.approve,
    Act.SEND: buttons.send_again,
    Act.MARK_REVIEWED: buttons.mark_reviewed,
    Act.REJECT: buttons.reject,
    Act.ASK: buttons.ask,
    Act.WITHDRAW: buttons.withdraw,
    Act.RESUBMIT: buttons.again,
}


def _section(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(text))


def _fields(texts: Iterable[str]) -> SectionBlock:
    return SectionBlock(fields=[mrkdwn(text) for text in texts])


def _size(block: Block) -> int:
    return len(json.dumps(block.to_dict()))
