"""To the admins: what Slack does not take, why, and how to mend it. Once a place and cause."""

from blocks.message import FALLBACK_LIMIT, Message
from blocks.notices import plain
from blocks.text import clip, line, mention

EVERYWHERE = ""
"""In place of a conversation: it concerns whatever this app sends."""


def build(what: str, place: str, why: str) -> Message:
    """The first message it happened to is `what` ("the card of MP-12").

    `place` is a channel's or a person's id, or EVERYWHERE; `why` is Slack's code.
    """
    reason = line(why, 300)
    if place == EVERYWHERE:
        said, then = f"Slack has refused what this app sends: {reason}", _KEPT
    else:
        where = f"for {mention(place)}" if place.startswith(("U", "W")) else f"in <#{place}>"
        said, then = f"Slack takes nothing {where}: {reason}", _GIVEN_UP
    remedy = REMEDIES.get(why, "`mp-approvals doctor` looks for the usual causes.")
    words = plain(f"⚠️ {said}\n{remedy}\nThe first it happened to is {what}. {then}")
    return Message(clip(f"{said} ({what})", FALLBACK_LIMIT), words.blocks)


_KEPT = "Nothing is lost: what waits is tried again every few minutes."
_GIVEN_UP = (
    "You hear of this once. `mp-approvals outbox list` shows all that did not arrive; "
    "`mp-approvals outbox retry --failed` sends it after you have mended this."
)

_ARCHIVED = "The channel is archived: unarchive it, or take it out of the policy file."
_INVITE = "Type `/invite @Mini Program Approvals` there."
_UNKNOWN = (
    "Slack knows no such channel or person, or it is private: check the id in the policy file, "
    "and invite the bot to a private channel."
)
_GONE = "Take them out of the policy file or the user group; others can decide in their place."
_READ_ONLY = "The bot may not post there: allow it in the channel's settings, or name another one."
_AUTH = "Copy the Bot User OAuth Token again and restart the bot."
_WORKSPACE = "Ask whoever runs your Slack workspace to lift this; show them the code."
_PROXY = (
    "The answer did not come from Slack but from something on the way, a proxy or a login page: "
    "check the network of the bot."
)

REMEDIES = {
    "access_denied": _WORKSPACE,
    "accesslimited": _WORKSPACE,
    "account_inactive": _AUTH,
    "cannot_dm_bot": "This is a bot, and bots cannot decide: take it out of the policy file.",
    "channel_is_archived": _ARCHIVED,
    "channel_not_found": _UNKNOWN,
    "ekm_access_denied": _WORKSPACE,
    "invalid_auth": _AUTH,
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "messages_tab_disabled": "Turn on the Messages Tab under App Home in the app's settings.",
    "missing_scope": "`mp-approvals doctor` names the scope; add it and install the app again.",
    "no_permission": _INVITE,
    "not_authed": _AUTH,
    "not_enabled": "Turn on the Home Tab under App Home in the app's settings.",
    "not_in_channel": _INVITE,
    "org_login_required": _WORKSPACE,
    "restricted_action": _READ_ONLY,
    "restricted_action_read_only_channel": _READ_ONLY,
    "restricted_action_thread_only_channel": _READ_ONLY,
    "team_access_not_granted": _WORKSPACE,
    "token_expired": _AUTH,
    "token_revoked": _AUTH,
    "two_factor_setup_required": _WORKSPACE,
    "user_disabled": _GONE,
    "user_not_found": _UNKNOWN,
    "a web page": _PROXY,  # in place of an answer
    "HTTP 404": _PROXY,
}
