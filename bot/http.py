"""The HTTP surface: `/slack/events` for Slack (signed), `/api/v1` for platforms (by key),
`/healthz` and `/readyz` for operators.
"""

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bot.api.door import Door, Parts
from bot.app import Bot
from bot.incoming.signed_requests import SignedRequests
from bot.remarks import remarks_on
from store.engine import migrate


def build(bot: Bot) -> Starlette:
    """The ASGI app. Without a signing secret there is no route for Slack: it could be anybody."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_request: Request) -> Response:
        problem = await _problem(bot)
        detail: dict[str, object] = {"status": problem or "ready"}
        if not problem and (remarks := await remarks_on(bot)):
            detail |= {"remarks": remarks}
        return JSONResponse(detail, status_code=503 if problem else 200)

    routes: list[BaseRoute] = [Route("/healthz", alive), Route("/readyz", ready)]
    if secret := bot.settings.signing_secret():
        slack = SignedRequests(bot.app, secret)
        routes.append(Route("/slack/events", slack.answer, methods=["POST"]))
    parts = Parts(bot.db, bot.profiles, bot.in_force, bot.jobs.clock)
    routes.append(Mount("/api/v1", Door(parts, rate=bot.settings.api_requests_per_second)))
    return Starlette(routes=routes)


async def _problem(bot: Bot) -> str | None:
    """What keeps the bot from its work."""
    if ended := [name for name, loop in bot.loops.items() if loop.done()]:
        return f"{' and '.join(ended)} has ended: look into the log and start the bot again"
    try:
        current = await migrate.is_current(bot.db)
    except (SQLAlchemyError, OSError):
        return "the database does not answer"
    return None if current else "the database schema is not current: run mp-approvals migrate"
