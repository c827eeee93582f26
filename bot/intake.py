"""What is handed in from outside, as the import and the HTTP API read it: JSON, and who is named.

What a request has to be is `store.domain.submission`'s; the sentences about it are the same here.
"""

import json
from collections import Counter
from typing import Any

from bot.profiles import Profiles


class TwiceError(ValueError):
    """A key stands twice in one object: which of the values is meant, nobody can say."""


def parse(text: bytes) -> object:
    """The JSON value in these bytes. Raises ValueError with a sentence for who wrote them."""
    try:
        return json.loads(
            text.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once_each
        )
    except RecursionError as error:
        raise ValueError("nested too deep; please make it flatter") from error
    except TwiceError:
        raise
    except ValueError as error:
        raise ValueError(f"not a JSON object in UTF-8: {error}") from error


async def person(profiles: Profiles, named: str) -> str | None:
    """The Slack user id of the active person with this address or id; None where there is nobody.

    Raises SlackApiError, aiohttp.ClientError or TimeoutError where Slack has to be asked and does
    not answer.
    """
    if "@" in named:
        found = await profiles.by_email(named)
    else:
        found = (await profiles.people([named])).get(named)
    return found.user_id if found and found.active else None


def nobody(named: str) -> str:
    """The sentence where nobody is found."""
    return f"nobody in the workspace is {named}"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = ", ".join(repr(key) for key, count in counts.items() if count > 1)
        raise TwiceError(f"an object with {twice} more than once; keep the one you mean")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
