"""The queue: one modal in which a reviewer decides one request after the other.

Its `private_metadata` is the list it goes through and the place it has come to. What became of the
last request stands on top of the next.
"""

import re
from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ContextBlock, DividerBlock
from slack_sdk.models.views import View

from blocks import buttons, notes, paging, questions, request_card, what_changed
from blocks.notices import section
from blocks.text import mrkdwn, plural, words
from store.domain.lists.queue import Place, Queue, micros, moment
from store.domain.request import People, Request

CALLBACK_ID = "queue"
CHANGES_SHOWN = 20
"""Blocks of what changes; the rest is in the details."""
_NO_PLACE = "-"
_ALONE = re.compile(r"-([1-9][0-9]{0,9})?", re.ASCII)


def build(
    queue: Queue, request: Request, people: People, left: int, *, told: Sequence[str] = ()
) -> View:
    """One request of the queue. `left` counts it and those behind it; `told`, in finished mrkdwn,
    is what became of the one before.
    """
    of = f"*{queue.passed + 1:,} of {queue.passed + left:,}*" if queue.place else ""
    round_ = " · once more, what you skipped" if queue.is_last_round else ""
    changes = list(what_changed.build(request))[:CHANGES_SHOWN]
    return _view(
        queue,
        [
            *map(section, told),
            *([section(f"{of}{round_}")] if of else []),
            *request_card.facts(request, people),
            *questions.folded(request, people),
            *notes.counted(request),
            buttons.row(
                buttons.approve(request, buttons.QUEUE_APPROVE, buttons.QUEUE_APPROVE_WITH_NOTE),
                *buttons.approve_with_note(request, buttons.QUEUE_APPROVE_WITH_NOTE),
                buttons.reject(request, buttons.QUEUE_REJECT),
                buttons.ask(request, buttons.QUEUE_ASK),
                buttons.skip(request),
                buttons.details(request),
            ),
            *([DividerBlock(), *changes] if changes else []),
        ],
    )


def ended(queue: Queue, *, told: Sequence[str] = ()) -> View:
    """Nothing is left of it."""
    left = plural(queue.skipped, "request")
    said = f"You skipped {left}; nothing else waits here." if queue.skipped else "All done."
    rest = ContextBlock(
        elements=[mrkdwn("`/mp-requests approvals` lists what is waiting for you.")]
    )
    return _view(queue, [*map(section, told), section(f"🎉 *{said}*"), rest])


def _view(queue: Queue, blocks: Sequence[Block]) -> View:
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words("Review"),
        close=words("Close"),
        private_metadata=encode(queue),
        blocks=blocks,
    )


def encode(queue: Queue) -> str:
    """The queue as a view or a form carries it."""
    flags = f"{queue.passed} {queue.skipped} {queue.is_last_round:d}"
    place = queue.place.encode() if queue.place else f"{_NO_PLACE}{queue.apart or ''}"
    return f"{micros(queue.started)} {flags} {place} {paging.encode(queue.query)}"


def parse(value: str, asker: str) -> Queue | None:
    """Read that back; None for anything we did not write."""
    parts = value.split(" ", 5)
    if len(parts) < 6 or not all(part.isascii() and part.isdigit() for part in parts[:4]):
        return None
    started, query, place = moment(parts[0]), paging.parse(parts[5], asker), Place.parse(parts[4])
    alone = _ALONE.fullmatch(parts[4])
    if started is None or query is None or not (place or alone):
        return None
    passed, skipped = (min(int(part[:9]), 10**8) for part in parts[1:3])
    apart = int(alone[1]) if alone and alone[1] else None
    return Queue(query, started, passed, skipped, parts[3] == "1", place, apart)
