"""Another text in the place of what somebody said about a request: erased, or hidden."""

from collections.abc import Collection

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.audit.events import VOTE_REASON, spoken
from store.domain.approval_notes import vote_noted
from store.tables import NoteRow, QuestionRow, VoteRow


async def replace_said(
    session: AsyncSession, request_id: int, names: Collection[str], text: str
) -> None:
    """Put this text in the place of those that stand beside the request's own row, by the names
    that events call them: of votes, questions and notes.
    """
    if VOTE_REASON in names:
        reasons = col(VoteRow.request_id) == request_id, col(VoteRow.reason).is_not(None)
        await session.exec(update(VoteRow).where(*reasons).values(reason=text))
    for name in sorted(names):
        if cast := vote_noted(name):
            stage, reviewer = cast
            its_vote = (
                *(col(VoteRow.request_id) == request_id, col(VoteRow.stage) == stage),
                col(VoteRow.reviewer) == reviewer,
            )
            await session.exec(update(VoteRow).where(*its_vote).values(note=text))
        elif its := spoken(name):
            column, number = its
            table = NoteRow if column == "note" else QuestionRow
            which = (col(table.request_id) == request_id, col(table.number) == number)
            await session.exec(update(table).where(*which).values({column: text}))
