"""What a message is here: words for the notification, and blocks for the screen.

Both are required, because Slack shows only the words on a lock screen, in search results and to
screen readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block

Json = dict[str, Any]
FALLBACK_LIMIT = 300
"""Ours: a phone shows about two lines of a notification; the rest would only cost bytes."""


@dataclass(frozen=True, slots=True)
class Message:
    """A finished message. `text` is escaped mrkdwn of at most FALLBACK_LIMIT characters.

    Without blocks it is the text alone; Slack then takes away what blocks the message had.
    """

    text: str
    blocks: tuple[Block | Json, ...]

    def payload(self) -> Json:
        """The `text` and `blocks` arguments of chat.postMessage and its kin.

        Raises SlackObjectFormationError where a block breaks a limit the SDK knows.
        """
        return {"text": self.text, "blocks": drawn(self.blocks)}


def drawn(blocks: Sequence[Block | Json]) -> list[Json]:
    """Blocks as Slack's JSON, checked by the SDK on the way, unless they are JSON already."""
    return [block if isinstance(block, dict) else block.to_dict() for block in blocks]
