"""The Bolt app: our listeners, who we are at Slack, and the one error boundary.

`process_before_response=True` in both modes: Slack hears "received" only after a listener has
returned, that is after its commit. The client never retries by itself (measured: its retry after a
lost connection posts twice); the outbox does.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.logger.messages import (
    warning_client_prioritized_and_token_skipped,
    warning_token_skipped,
)
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import handlers
from bot import slack_client
from bot.incoming import other_workspaces
from bot.incoming.fallback import FallbackAnswers
from bot.incoming.timely_app import TimelyApp
from bot.observe.observer import Observer
from bot.settings import Settings, SettingsError
from bot.slack_client import with_retries
from handlers.deps import Deps
from handlers.replies import TooEarlyError
from store.domain.json_values import holdable
from store.domain.workspace import Workspace
from store.engine import causes, time_limits
from store.engine.causes import Outcome
from store.engine.time_limits import CommitLostError, Fate, TooLateError
from store.engine.trouble import cause_of

log = logging.getLogger(__name__)

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""For references read out over the phone: nothing that looks like something else."""
_STORE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, OSError)


class Identity(AsyncAuthorize):
    """Who we are at Slack: asked once, before the first payload, and told to Bolt at each.

    Bolt by itself would ask at the first click, and acknowledge that one unrecorded when Slack
    cannot say.
    """

    def __init__(self, web: AsyncWebClient, workspace: Workspace) -> None:
        self._web, self._workspace = web, workspace
        self._known: AuthorizeResult | None = None

    async def learn(self) -> None:
        """Ask Slack. Raises SlackApiError where it refuses our token.

        Raises SettingsError for a token of a whole organisation: its payloads name no workspace.
        """
        answer = await with_retries(self._web.auth_test)
        if answer.get("is_enterprise_install"):
            raise SettingsError(slack_client.ORGANISATION)
        self._workspace.address = answer.get("url") or ""
        self._known = AuthorizeResult(
            enterprise_id=answer.get("enterprise_id"),
            team_id=answer["team_id"],
            bot_id=answer.get("bot_id"),
            bot_user_id=answer["user_id"],
            bot_token=self._web.token,
        )

    @property
    def is_known(self) -> bool:
        """Whether Slack has said who we are: before, nothing of it can be answered."""
        return self._known is not None

    async def __call__(self, **_payload: object) -> AuthorizeResult:
        """What Bolt asks at every payload. RuntimeError where learn() never ran."""
        if self._known is None:
            raise RuntimeError("learn() comes before the first payload")
        return self._known


def build(
    settings: Settings,
    identity: Identity,
    web: AsyncWebClient,
    http: aiohttp.ClientSession,
    deps: Deps,
    observer: Observer,
) -> TimelyApp:
    """The app with every listener registered."""
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_worth_saying)
    fallback = FallbackAnswers(web, http)
    bolt = TimelyApp(
        fallback=fallback,
        deps=deps,
        observer=observer,
        name="mini_program_approvals",  # else Bolt reads every source file on the stack for it
        client=web,
        authorize=identity,
        # Without HTTP no secret is needed, but Bolt asks for one: a random one accepts nothing.
        signing_secret=settings.signing_secret() or secrets.token_hex(32),
        process_before_response=True,
    )

    async def give_deps(
        context: AsyncBoltContext, body: dict[str, Any], next: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        if other_workspaces.is_of_another(context, body):
            return await other_workspaces.refuse(context, body, fallback)
        context["deps"] = deps
        await next()
        return None

    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse:
        return await _apologise(error, body, fallback)

    bolt.middleware(give_deps)
    bolt.error(on_error)
    handlers.register(bolt)
    return bolt


def asked(payload: dict[str, Any]) -> AsyncBoltRequest:
    """A payload as Bolt takes it, whichever way it came in; both have checked who sent it.

    Its texts are freed of what no database holds here, once: the ids, values and metadata of a
    payload are looked for and stored as they are, all of them as texts. Raises RecursionError for
    one nested without an end.
    """
    return AsyncBoltRequest(body=holdable(payload, numbers=False), mode="socket_mode")


def _worth_saying(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment by itself, and warns that it has no use for it.

    So it does of the token of the client it is given.
    """
    return record.getMessage() not in {
        warning_client_prioritized_and_token_skipped(),
        warning_token_skipped(),
    }


async def _apologise(
    error: Exception, body: dict[str, Any], fallback: FallbackAnswers
) -> BoltResponse:
    """Log what happened under a short reference, and tell the person that and no more.

    An event is answered 500 where it came too early or the store was away: Slack brings it again.
    It never brings clicks and commands again, and what we cannot read is not read better the second
    time.
    """
    deadline = time_limits.current()
    # By who waits for the listener.
    is_told = deadline is None or deadline.fate in {Fate.GIVEN_UP, Fate.LOST}
    if is_told and isinstance(error, TooLateError | CommitLostError):
        causes.end(Outcome.FAILED, "nobody waited any more")
        return BoltResponse(status=200, body="")
    if isinstance(error, TooEarlyError):
        log.info("an event came too early, and is to come again")
        causes.end(Outcome.TOO_EARLY)
        return BoltResponse(status=500)
    reference = "".join(secrets.choice(_LETTERS) for _ in range(4))
    log.error("reference %s: %s", reference, type(error).__name__, exc_info=error)
    causes.end(Outcome.FAILED, f"reference {reference}")
    if body.get("type") == "event_callback" and isinstance(error, _STORE_AWAY):
        return BoltResponse(status=500)
    cause = cause_of(error)
    why = f" The store cannot be used: {cause}. Please tell an admin." if cause else ""
    sentence = (
        f"Something went wrong on our side (reference {reference}).{why} "
        "Look whether it took effect before you try again."
    )
    return await fallback.say(body, "Something went wrong", sentence)
