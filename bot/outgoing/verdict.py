"""What an answer of Slack means for a message: sent, retry later, or give up. Pure.

Only what is about this one message, its place or its reader gives it up. Everything else Slack may
say is about the app, the workspace or the network, or is unknown to us: the message stays owed.

An answer that leaves open whether Slack did the work makes the message doubtful: before the next
attempt the sender looks for it in Slack.
"""

from dataclasses import dataclass

from handlers.slack_errors import PAGE, Answer

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
REFUSED_RETRY_SECONDS = 60.0
"""The least wait where Slack refuses more than this message: somebody has to mend it first."""

_TEMPORARY = {
    "external_channel_migrating",
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "update_failed",
}
MESSAGE_GONE = "message_not_found"
"""Somebody has deleted the message in Slack."""
UNEDITABLE = {MESSAGE_GONE, "cant_update_message", "edit_window_closed"}
"""The message cannot be edited; nothing else is wrong."""
UNDRAWABLE = {
    "invalid_arguments",  # what views.publish says of a view
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "view_too_large",
}
"""Slack does not take how it is drawn; drawn otherwise it may."""
_ITS_PLACE = {
    "cannot_dm_bot",
    "cannot_reply_to_message",
    "channel_is_archived",
    "channel_not_found",
    "is_archived",
    "is_inactive",
    "no_permission",
    "not_in_channel",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_not_found",
    "thread_not_found",
    "user_disabled",
    "user_not_found",
    "user_not_in_channel",
    "user_not_visible",
    "users_not_found",
}
"""Nothing reaches this conversation or this person, as long as that is so."""
NOT_SLACKS = "not_a_response_url"
"""Ours: an answer was to go to another host than Slack's."""
_SPENT_URL = {"expired_url", "no_text", "used_url", NOT_SLACKS}
_ABOUT_THE_MESSAGE = {
    "block_mismatch",
    "duplicate_external_id",
    "hash_conflict",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "too_many_attachments",
    *UNEDITABLE,
    *UNDRAWABLE,
    *_ITS_PLACE,
    *_SPENT_URL,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """Slack has it."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not sent, or unknown (`doubtful`). `whole_lane`: Slack limits the lane, not this message.

    `refused`: Slack, or something on the way there, refuses more than this message.
    """

    seconds: float
    why: str
    doubtful: bool = False
    whole_lane: bool = False
    refused: bool = False


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
    if answer.error in _ABOUT_THE_MESSAGE:
        return GiveUp(answer.error)
    if answer.error or answer.status >= 400:
        why = answer.error or f"HTTP {answer.status}"
        seldom = max(wait, REFUSED_RETRY_SECONDS)
        return TryAgain(seldom, why, doubtful=answer.error == PAGE, refused=True)
    return Sent()


def _backoff(attempt: int, jitter: float) -> float:
    """Twice as long each time up to the longest, and up to half more so that retries spread."""
    doubled = FIRST_RETRY_SECONDS * 2 ** min(attempt - 1, 16)
    return float(min(doubled, LONGEST_RETRY_SECONDS) * (1 + jitter / 2))
