"""The Slack workspace this bot is in, as far as links into it need it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message of ours stands in Slack."""

    channel: str
    ts: str


class Workspace:
    """Holds its address, such as `https://acme.slack.com/`; empty until Slack has said it."""

    def __init__(self, address: str = "") -> None:
        self.address = address

    def permalink(self, message: Posted) -> str | None:
        """What opens the message in Slack, made without asking Slack; None without an address."""
        place = f"archives/{message.channel}/p{message.ts.replace('.', '')}"
        return f"{self.address.rstrip('/')}/{place}" if self.address else None
