"""What is different from an earlier request, in full, for the details; the card has it in short.

What left stands behind a minus and what came behind a plus, for texts, lists and features alike.
"""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock

from blocks import request_text
from blocks.text import SECTION_LIMIT, escape, line, mrkdwn, packed, plain, words
from store.domain.categories.changes import Change, between
from store.domain.erasure import is_erased
from store.domain.request import Predecessor, Request

_NOTHING = "Nothing was changed."


def build(request: Request) -> Iterator[Block]:
    """A part for each earlier request it is compared with: the last release, the last try."""
    base, last = _legible(request, request.base), _legible(request, request.predecessor)
    if base and request.category.spec.has_release_stages:
        version = plain(base.version or "", 60)
        found = between(request.category.spec, base.details, request.details)
        yield from _since(
            " ".join(filter(None, ("What changed since", version, f"({base.ref})"))), found
        )
    if last:
        found = request_text.differences(last, request)
        yield from _since(f"What changed since {last.ref}, the attempt before", found)


def _legible(request: Request, earlier: Predecessor | None) -> Predecessor | None:
    """What it is compared with; nothing, where the details of one of the two were erased."""
    erased = is_erased(request.details) or (earlier is not None and is_erased(earlier.details))
    return None if erased else earlier


def _since(heading: str, found: Sequence[Change]) -> Iterator[Block]:
    yield HeaderBlock(text=words(heading))
    for part in packed(map(_change, found), SECTION_LIMIT) if found else [_NOTHING]:
        yield SectionBlock(text=mrkdwn(part))


def _change(change: Change) -> str:
    left = [f"− {escape(change.old)}"] if change.old else []
    came = [f"+ {escape(change.new)}"] if change.new else []
    return "\n".join([f"*{line(change.label, 300)}*", *left, *came])
