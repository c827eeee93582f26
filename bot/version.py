"""Which version of the bot this is."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """As the package was installed."""
    return metadata.version("mini-program-approvals")
