"""Notes of those who review a request: counted on their cards, in full in their details."""

from collections.abc import Iterator

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, SectionBlock

from blocks import buttons, request_text
from blocks.notices import section
from blocks.text import date, mrkdwn, plural, who, words
from store.domain.request import People, Request

READERS = "Reviewers and admins of this request read it. Its submitter never does."


def counted(request: Request) -> Iterator[Block]:
    """ "📝 2 notes in the details"; nothing without any that the reader may read."""
    if request.notes:
        said = f"📝 {plural(len(request.notes), 'note')} in the details"
        yield ContextBlock(elements=[mrkdwn(said)])


def in_full(request: Request, people: People, *, may_note: bool) -> Iterator[Block]:
    """All of them, for who may read and write them."""
    if not may_note:
        return
    if request.notes:
        yield HeaderBlock(text=words("Notes"))
    for note in request.notes:
        by = who(note.written_by, people)
        heading = f"*{note.number}.* 📝 *{by}*, {date(note.written_at)}:"
        yield SectionBlock(text=mrkdwn(heading))
        yield from map(section, request_text.quotes(request, note.note))
    yield buttons.row(buttons.note(request))
