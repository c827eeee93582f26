"""What somebody has to say who approves alone in an emergency. Pure."""

from urllib.parse import urlsplit

REASON_LEAST = 20
"""Characters of the reason: the others read it, and a word is none."""
LINK_LIMIT = 2000


def is_link(text: str) -> bool:
    """Whether this leads to an incident: an https address that Slack shows as it is."""
    if not (text.isascii() and text.isprintable()) or set(text) & set(" <>|\"'`"):
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    named = "." in host and not parts.username and not parts.password
    return parts.scheme == "https" and named and len(text) <= LINK_LIMIT


def is_said(reason: str | None, incident: str | None) -> bool:
    """Whether enough was said to approve alone."""
    return len(reason or "") >= REASON_LEAST and is_link(incident or "")
