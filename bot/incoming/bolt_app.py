"""The Bolt app: our listeners, our session, and the one error boundary.

`process_before_response=True` in both modes: Slack hears "received" only after a listener has
returned, that is after its commit. The client never retries by itself (measured: its retry after a
lost connection posts twice); the outbox does.
"""

import logging
import secrets
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_bolt.middleware.authorization.async_single_team_authorization import (
    AsyncSingleTeamAuthorization,
)
from slack_bolt.response import BoltResponse
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import handlers
from blocks import notices
from blocks.message import Message
from bot.incoming import other_workspaces
from bot.settings import Settings
from bot.slack_client import patiently
from handlers.deps import Deps
from handlers.views import shown

log = logging.getLogger(__name__)

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""For references read out over the phone: nothing that looks like something else."""
_STORE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, OSError)


def app(
    settings: Settings, web: AsyncWebClient, http: aiohttp.ClientSession, deps: Deps
) -> AsyncApp:
    """The app with every listener registered."""
    # Without HTTP no secret is needed, but Bolt asks for one: a random one accepts nothing.
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_worth_saying)
    bolt = AsyncApp(
        name="mini_program_approvals",  # else Bolt reads every source file on the stack for it
        client=web,
        signing_secret=settings.signing_secret() or secrets.token_hex(32),
        process_before_response=True,
    )

    async def give_deps(context: Any, body: dict[str, Any], next: Any) -> BoltResponse | None:
        if other_workspaces.is_stranger(context):
            return other_workspaces.refuse(context, body)
        context["deps"] = deps
        await next()
        return None

    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        return await _apologise(error, body, web, http)

    bolt.middleware(give_deps)
    bolt.error(on_error)
    handlers.register(bolt)
    return bolt


def _worth_saying(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment by itself, and warns that it has a client."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


async def introduce(bolt: AsyncApp, web: AsyncWebClient) -> None:
    """Learn who we are, before the first payload. Raises SlackApiError where Slack refuses us.

    Bolt would ask at the first click, and acknowledge it unrecorded when Slack cannot say.
    """
    ourselves = await patiently(web.auth_test)
    for step in bolt._async_middleware_list:  # Bolt has no other way to be told
        if isinstance(step, AsyncSingleTeamAuthorization):
            step.auth_test_result = ourselves


async def _apologise(
    error: Exception, body: dict[str, Any], web: AsyncWebClient, http: aiohttp.ClientSession
) -> BoltResponse:
    """Log what happened under a short reference, and tell the person that and no more.

    An event is answered 500 where the store was away: Slack brings it again. It never brings clicks
    and commands again, and what we cannot read is not read better the second time.
    """
    reference = "".join(secrets.choice(_LETTERS) for _ in range(4))
    log.error("reference %s: %s", reference, type(error).__name__, exc_info=error)
    sentence = (
        f"Something went wrong on our side (reference {reference}). "
        "Look whether it took effect before you try again."
    )
    if "command" in body:
        return _answer(response_type="ephemeral", **notices.plain(sentence).payload())
    if body.get("type") == "view_submission":
        view = notices.notice_view("Something went wrong", sentence)
        return _answer(response_action="push", view=view.to_dict())
    if body.get("type") == "event_callback":
        return BoltResponse(status=500 if isinstance(error, _STORE_AWAY) else 200)
    if body.get("response_url"):
        await _tell(body["response_url"], notices.plain(sentence), http)
    else:
        await _show(body, notices.notice_view("Something went wrong", sentence), web)
    return _answer()


async def _show(body: dict[str, Any], view: View, web: AsyncWebClient) -> None:
    """In place of the modal that was clicked in, or as one of its own."""
    clicked_in = body.get("view") or {}
    if clicked_in.get("type") == "modal":
        await shown(web.views_update(view_id=clicked_in["id"], view=view))
    elif "trigger_id" in body:
        await shown(web.views_open(trigger_id=body["trigger_id"], view=view))


def _answer(**content: Any) -> BoltResponse:
    return BoltResponse(status=200, body=content or "")


async def _tell(url: str, message: Message, http: aiohttp.ClientSession) -> None:
    """By Slack and not by the outbox: it may be the store that is away."""
    webhook = AsyncWebhookClient(url, session=http, retry_handlers=[])
    try:
        await webhook.send_dict(
            {"response_type": "ephemeral", "replace_original": False, **message.payload()}
        )
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("the person could not be told: %s", type(error).__name__)
