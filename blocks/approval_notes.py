"""What was told with approvals: its beginning on cards, all of it to the submitter."""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock

from blocks import request_text
from blocks.text import date, line, mrkdwn, plural, who, words
from store.domain.request import People, Request, Status, Vote

SHOWN = 5
"""Ours: how many notes a card or message shows: the last ones."""
FOLDED = 300
"""Ours: characters of a note on a card; the rest is in the details."""
WHOLE = 10_000
"""Ours: characters of all escaped notes of a message, of which Slack takes 13,000."""


def told(request: Request, people: People) -> Iterator[str]:
    """To the submitter, with the outcome: what the approvals came with, word for word; nothing
    where it was not approved.
    """
    if request.status is not Status.APPROVED:
        return
    notes = request.approval_notes[-SHOWN:]
    for vote in notes:
        by = "Approved" if len(notes) == 1 else f"*{_by(vote, request, people)}* approved"
        yield f"{by}, and:"
        yield from request_text.quotes(request, vote.note or "", WHOLE // len(notes))
    yield from _earlier(request)


def folded(request: Request, people: People) -> Iterator[Block]:
    """The beginning of each, on a card."""
    for vote in request.approval_notes[-SHOWN:]:
        quoted = request_text.quote(request, vote.note or "", FOLDED)
        said = f"*{_by(vote, request, people)}* approved, and:\n{quoted}"
        # Not expanded: Slack folds what is long behind "See more".
        yield SectionBlock(text=mrkdwn(said))
    yield from map(_section, _earlier(request))


def in_full(request: Request, people: People) -> Iterator[Block]:
    """All of them; nothing without any."""
    if request.approval_notes:
        yield HeaderBlock(text=words("Notes with approvals"))
    for vote in request.approval_notes:
        yield _section(f"*{_by(vote, request, people)}* approved, {date(vote.at)}, and:")
        yield from map(_section, request_text.quotes(request, vote.note or ""))


def in_a_line(votes: Sequence[Vote], people: People) -> str:
    """ "“go live after 9 Dec”", at a step of the process; of several with who said it."""
    several = len(votes) > 1
    return " · ".join(
        f"{who(vote.reviewer, people)}: {said}" if several else said
        for vote in votes[-SHOWN:]
        for said in [f"“{line(vote.note or '', 200)}”"]
    )


def _by(vote: Vote, request: Request, people: People) -> str:
    """Who it was; where there are stages, at which."""
    stage = request.terms.stages[vote.stage - 1].name if request.terms.named else ""
    place = f" for {who(vote.cast_for, people)}" if vote.cast_for else ""
    return f"{who(vote.reviewer, people)}{place}{f' ({line(stage, 80)})' if stage else ''}"


def _earlier(request: Request) -> Iterator[str]:
    more = len(request.approval_notes) - SHOWN
    if more > 0:
        yield f"{plural(more, 'earlier note')} in the details"


def _section(said: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(said), expand=True)
