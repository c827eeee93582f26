"""When Slack was last heard, for whoever asks whether it can be."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Heard:
    """Anything of Slack's counts: a payload, or a sign of life of a WebSocket.

    `connections` are the WebSockets by which Slack has said hello; `refused_signatures` counts
    requests of whoever is not Slack.
    """

    connections: set[object] = field(default_factory=set)
    refused_signatures: int = 0
    _at: float | None = None

    def note(self) -> None:
        """Now."""
        self._at = asyncio.get_running_loop().time()

    @property
    def seconds_ago(self) -> float | None:
        """None: never, since this process was started."""
        return None if self._at is None else asyncio.get_running_loop().time() - self._at
