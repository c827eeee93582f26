"""What is said of approvals in an emergency beside the card: who reviews one afterwards, and which
wait for that. All texts are finished mrkdwn.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from slack_sdk.models.blocks import Block, SectionBlock

from blocks import buttons
from blocks.text import date, line, mrkdwn, names, who
from store.domain.request import People, Request


def afterwards(reviewers: AbstractSet[str], admins: AbstractSet[str], people: People) -> str:
    """Who reviews what one person approves alone; said plainly where no other admin can."""
    if reviewers & admins:
        return "Another admin reviews it afterwards."
    if reviewers:
        named = names(sorted(reviewers), people)
        return f"There is no other admin, so {named} can review it afterwards."
    return (
        "Nobody else can review it afterwards: the policy names no other admin and no other "
        "workspace reviewer."
    )


def unreviewed(requests: Sequence[Request], people: People) -> list[Block]:
    """Those that wait for the reader's review, each with the way to it."""
    if not requests:
        return []
    head = SectionBlock(text=mrkdwn("*Approved in an emergency, not yet reviewed*"))
    return [head, *(_row(request, people) for request in requests)]


def _row(request: Request, people: People) -> SectionBlock:
    said = (
        f"🚨 *{line(request.title, 300)}*",
        request.environment.label,
        f"by {who(request.decided_by or '', people)}",
        date(request.completed_on) if request.completed_on else "",
    )
    row = mrkdwn(" · ".join(filter(None, said)))
    return SectionBlock(text=row, accessory=buttons.details(request))
