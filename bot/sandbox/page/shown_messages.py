"""Messages as browsers showed them: a click means what was shown, not what is there by now.

Slack sends the app a click on a button that is gone already, if it was there when the person
looked. So the page remembers what it drew, for as long as anybody is likely to look at it.
"""

import json
import zlib
from collections import OrderedDict

from bot.sandbox.state.conversations import Conversation, Message

KEPT = 2000


class ShownMessages:
    """Earlier versions of messages, by channel, timestamp and a mark of the content."""

    def __init__(self) -> None:
        self._versions: OrderedDict[tuple[str, str, str], Message] = OrderedDict()

    def mark(self, message: Message) -> str:
        """Remember the message as it is now; the mark of this state of it."""
        mark = _mark(message)
        key = (message.channel, message.ts, mark)
        if key not in self._versions:
            self._versions[key] = message.as_shown()
        self._versions.move_to_end(key)
        while len(self._versions) > KEPT:
            self._versions.popitem(last=False)
        return mark

    def message(self, where: Conversation, ts: str, mark: str) -> Message:
        """The message a browser shows; LookupError if that was too long ago."""
        current = where.messages.get(ts)
        if current is not None and _mark(current) == mark:
            return current
        version = self._versions.get((where.id, ts, mark))
        if version is None:
            raise LookupError("this message is no longer there")
        return version


def _mark(message: Message) -> str:
    content = json.dumps([message.text, message.blocks], sort_keys=True)
    return f"{zlib.crc32(content.encode()):08x}"
