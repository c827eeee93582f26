"""The ids of a sandbox workspace, and its secrets.

Fixed ids make logs and screens readable; only tokens and secrets are random, so that one
workspace can never be mistaken for another.
"""

import itertools
import secrets

TEAM_ID = "T0SANDBOX"
ENTERPRISE_ID = "E0SANDBOX"
TEAM_DOMAIN = "sandbox"
TEAM_NAME = "Super App Team"
"""Not "Sandbox": that is an environment of the platform."""
APP_ID = "A0SANDBOX"
BOT_ID = "B0SANDBOX"
BOT_USER_ID = "U0SANDBOX"
BOT_NAME = "mini_program_bot"

# Slack still sends a verification token with every payload; nobody should believe it.
VERIFICATION_TOKEN = "sandbox-verification"  # noqa: S105  (not a secret: Slack deprecated it)


class Ids:
    """Numbers what a workspace creates: people, channels, views, files."""

    def __init__(self) -> None:
        self._count = itertools.count(1)

    def new(self, prefix: str) -> str:
        """The next id with Slack's letter in front (`U`, `C`, `D`, `G`, `S`, `V`, `F`)."""
        return f"{prefix}0SBX{next(self._count):06d}"


def secret(length: int = 24) -> str:
    """A random lower-case text for tokens, keys and addresses that must not be guessed."""
    return secrets.token_hex(length // 2)
