"""What an answer of Slack means for a message: sent, retry later, or give up. Pure.

An answer that leaves open whether Slack did the work makes the message doubtful: before the next
attempt the sender looks for it in Slack.
"""

from dataclasses import dataclass

from handlers.slack_errors import Answer

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0

_TEMPORARY = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
_NOT_THE_MESSAGE = {
    "access_denied",
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "not_authed",
    "token_expired",
    "token_revoked",
}
"""The app's own trouble: every message waits until an operator has mended it."""
MESSAGE_GONE = "message_not_found"
"""Somebody has deleted the message in Slack."""
UNEDITABLE = {MESSAGE_GONE, "cant_update_message", "edit_window_closed"}
"""The message cannot be edited; nothing else is wrong."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Slack has it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not sent, or unknown (`doubtful`). `whole_lane`: Slack limits the lane, not this message."""

    seconds: float
    why: str
    doubtful: bool = False
    whole_lane: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It cannot be sent; `why` is Slack's own code."""

    why: str


def judge(answer: Answer, *, attempt: int, jitter: float) -> Sent | TryAgain | GiveUp:
    """What this answer means on the attempt of that number, from 1; `jitter` from 0 to 1."""
    wait = _backoff(attempt, jitter)
    if answer.status is None:
        return TryAgain(wait, answer.error or "no connection", doubtful=answer.reached)
    if answer.status == 429 or answer.error in {"ratelimited", "rate_limited"}:
        return TryAgain(answer.retry_after or wait, "ratelimited", whole_lane=True)
    if answer.status >= 500:
        return TryAgain(wait, f"HTTP {answer.status}", doubtful=True)
    if answer.error in _TEMPORARY:
        return TryAgain(wait, answer.error, doubtful=True)
    if answer.error in _NOT_THE_MESSAGE:
        return TryAgain(LONGEST_RETRY_SECONDS / 5, answer.error)
    if answer.error or answer.status >= 400:
        return GiveUp(answer.error or f"HTTP {answer.status}")
    return Sent()


def _backoff(attempt: int, jitter: float) -> float:
    """Twice as long each time up to the longest, and up to half more so that retries spread."""
    doubled = FIRST_RETRY_SECONDS * 2 ** min(attempt - 1, 16)
    return float(min(doubled, LONGEST_RETRY_SECONDS) * (1 + jitter / 2))
