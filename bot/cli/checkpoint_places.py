"""Checkpoints read back from where they were put: a file, or a channel in Slack."""

import re
from html import unescape
from pathlib import Path
from typing import Any

from bot import slack_client
from bot.settings import Settings, SettingsError
from store.domain.checkpoint import Checkpoint

_CHANNEL_ID = re.compile(r"#?([CG][A-Z0-9]{2,})")
_LINE = re.compile(r"```(\{.*?\})```")


async def read(settings: Settings, place: str) -> list[Checkpoint]:
    """All checkpoints in a file or, of `#name` or `C…`, in a channel that the bot is in.

    Raises SettingsError where there is none, or the place cannot be read.
    """
    is_channel = place.startswith("#") or _CHANNEL_ID.fullmatch(place)
    found = await _in_channel(settings, place) if is_channel else _in_file(Path(place))
    if not found:
        raise SettingsError(f"There is no checkpoint in {place}.")
    return found


def _in_file(path: Path) -> list[Checkpoint]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({type(error).__name__}).") from None
    wrong = [number for number, line in enumerate(lines, 1) if line and not Checkpoint.read(line)]
    if wrong:
        raise SettingsError(f"{path}, line {wrong[0]} is not a checkpoint.")
    return [read for line in lines if (read := Checkpoint.read(line))]


async def _in_channel(settings: Settings, place: str) -> list[Checkpoint]:
    """Whoever may post there could post a line of the same form: signatures are checked later."""
    found: list[Checkpoint] = []
    async with slack_client.session() as http:
        client = slack_client.client(settings, http)
        channel = await _channel_id(client, place)
        cursor = None
        while True:
            page = await client.conversations_history(channel=channel, limit=200, cursor=cursor)
            for message in page["messages"]:
                found += _in_message(message)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found[::-1]


async def _channel_id(client: Any, place: str) -> str:
    if known := _CHANNEL_ID.fullmatch(place):
        return known[1]
    cursor = None
    while True:
        kinds = "public_channel,private_channel"
        page = await client.conversations_list(types=kinds, limit=200, cursor=cursor)
        for channel in page["channels"]:
            if channel["name"] == place.removeprefix("#"):
                return str(channel["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            raise SettingsError(
                f"The bot sees no channel {place}: check its name and invite the bot."
            )


def _in_message(message: dict[str, Any]) -> list[Checkpoint]:
    texts = [block.get("text") or {} for block in message.get("blocks", ())]
    lines = [unescape(line) for text in texts for line in _LINE.findall(text.get("text", ""))]
    return [read for line in lines if (read := Checkpoint.read(line))]
