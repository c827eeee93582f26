"""Slack's limits on messages and views: what Slack would refuse, and with which words.

Must stay true: never kinder than Slack. Where sources disagree the smaller limit holds. Open
`blocks.py` first; the other tables are `elements`, `rich_text` and `views`. This module adds what
only a whole message or view can show (counts, sums, duplicates) and Slack's error code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.limits.blocks import BLOCK, BLOCKS, BOOK
from bot.sandbox.limits.elements import OPTION, OPTION_GROUP
from bot.sandbox.limits.specs import Many, Shape, Surface, Walk, exactly_one, listed
from bot.sandbox.limits.views import VIEWS
from bot.sandbox.limits.whole import duplicates, json_size, markdown_length, objects, text_length

__all__ = [
    "BLOCKS",
    "BLOCKS_PER_MESSAGE",
    "BLOCK_TEXT_PER_MESSAGE",
    "MARKDOWN_PER_MESSAGE",
    "TEXT_PER_MESSAGE",
    "VIEW_BYTES",
    "Problem",
    "message_problems",
    "options_problems",
    "view_problems",
]

BLOCKS_PER_MESSAGE = 50  # docs.slack.dev/reference/block-kit/blocks
TEXT_PER_MESSAGE = 40_000  # docs.slack.dev chat.postMessage, "Truncating content"
MARKDOWN_PER_MESSAGE = 12_000  # markdown block page: together, over all blocks of one payload
# Not documented: github.com/slackapi/bolt-js/issues/2509 saw refusals from 13,172 characters on.
BLOCK_TEXT_PER_MESSAGE = 13_171
VIEW_BYTES = 250_000  # docs.slack.dev views.open, view_too_large: "greater than 250kb"

_MESSAGE_BLOCKS = Many(BLOCK, BLOCKS_PER_MESSAGE, least=0)
_OPTIONS = Shape(
    {"options": Many(OPTION, 100, least=0), "option_groups": Many(OPTION_GROUP, 100, least=0)},
    rules=(exactly_one("options", "option_groups"),),
)


@dataclass(frozen=True)
class Problem:
    """One reason to refuse: Slack's error code, the JSON pointer, and words for a developer."""

    code: str
    pointer: str
    message: str

    def __str__(self) -> str:
        """The line as Slack puts it into response_metadata.messages."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


def message_problems(payload: Mapping[str, Any]) -> list[Problem]:
    """What Slack would refuse in the text and blocks of a message; empty when it would post.

    For chat.postMessage, chat.update, chat.postEphemeral, response URLs and the body of a
    command's ack. Pointers start at "/blocks" or "/text".
    """
    return list(_message_problems(payload))


def _message_problems(payload: Mapping[str, Any]) -> Iterator[Problem]:
    text, blocks = payload.get("text"), payload.get("blocks")
    if not (blocks or payload.get("attachments") or str(text or "").strip()):
        yield Problem("no_text", "/text", "a message needs text or blocks")
    if text is not None and not isinstance(text, str):
        yield Problem("invalid_arguments", "/text", "must be a string")
    elif text and len(text) > TEXT_PER_MESSAGE:
        yield Problem(
            "msg_too_long", "/text", f"must be less than {TEXT_PER_MESSAGE + 1} characters"
        )
    if blocks is not None and not isinstance(blocks, list):
        yield Problem("invalid_blocks_format", "/blocks", "must be an array")
    elif blocks:
        yield from _blocks_problems(blocks)


def _blocks_problems(blocks: list[Any]) -> Iterator[Problem]:
    wrong = _MESSAGE_BLOCKS.check(blocks, "/blocks", Walk("message", BOOK))
    for complaint in (*wrong, *duplicates(blocks, "/blocks")):
        yield Problem("invalid_blocks", complaint.pointer, complaint.message)
    if markdown_length(blocks) > MARKDOWN_PER_MESSAGE:
        message = (
            f"markdown blocks together must be less than {MARKDOWN_PER_MESSAGE + 1} characters"
        )
        yield Problem("msg_too_long", "/blocks", message)
    if text_length(blocks) > BLOCK_TEXT_PER_MESSAGE:
        message = f"text of all blocks must be less than {BLOCK_TEXT_PER_MESSAGE + 1} characters"
        yield Problem("msg_blocks_too_long", "/blocks", message)


def view_problems(view: Mapping[str, Any]) -> list[Problem]:
    """What Slack would refuse in a modal or home tab; empty when it would show.

    For views.open, views.push, views.update, views.publish and the view in an ack's
    response_action. Pointers start at "/view". Slack answers `invalid_arguments` for views
    where a message gets `invalid_blocks`.
    """
    return list(_view_problems(view))


def _view_problems(view: Mapping[str, Any]) -> Iterator[Problem]:
    kind = view.get("type") if isinstance(view, Mapping) else None
    if not isinstance(kind, str) or kind not in VIEWS:
        yield Problem("invalid_arguments", "/view/type", "must be one of: modal, home")
        return
    if json_size(view) > VIEW_BYTES:
        yield Problem("view_too_large", "/view", f"must be less than {VIEW_BYTES + 1} bytes")
    surface: Surface = "modal" if kind == "modal" else "home"
    for complaint in VIEWS[kind].check(view, "/view", Walk(surface, BOOK)):
        yield Problem("invalid_arguments", complaint.pointer, complaint.message)
    blocks = listed(view, "blocks")
    for complaint in duplicates(blocks, "/view/blocks"):
        yield Problem("invalid_arguments", complaint.pointer, complaint.message)
    if sum(each.get("focus_on_load") is True for each in objects(blocks)) > 1:
        yield Problem("invalid_arguments", "/view/blocks", "only one element may focus_on_load")


def options_problems(body: Mapping[str, Any]) -> list[Problem]:
    """What Slack would refuse in the answer to a block_suggestion: {"options": [...]} or groups.

    Slack: 100 options, or 100 groups of 100; no options at all is a fine answer.
    """
    found = _OPTIONS.check(body, "", Walk("modal", BOOK))
    return [Problem("invalid_arguments", each.pointer, each.message) for each in found]
