"""The HTTP surface: `/slack/events` for Slack (signed), `/api/v1` for platforms (by key),
`/healthz`, `/readyz` and `/metrics` for operators.
"""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bot.api.door import Door, Parts
from bot.api.problems import Problem
from bot.app import Bot
from bot.incoming.signed_requests import SignedRequests
from bot.readiness import Readiness
from bot.scrape import Scrape

_API = "/api/v1"


def build(bot: Bot) -> Starlette:
    """The ASGI app. Without a signing secret there is no route for Slack: it could be anybody."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    readiness = Readiness(bot)

    async def ready(_request: Request) -> Response:
        found = await readiness.look()
        return JSONResponse(found.body, status_code=503 if found.problem else 200)

    routes: list[BaseRoute] = [Route("/healthz", alive), Route("/readyz", ready)]
    if bot.settings.metrics_port is None:
        routes.append(Route("/metrics", Scrape(bot).local))
    if secret := bot.settings.signing_secret():
        slack = SignedRequests(bot.app, secret, bot.identity, bot.heard)
        routes.append(Route("/slack/events", slack.answer, methods=["GET", "POST"]))
    parts = Parts(bot.db, bot.profiles, bot.in_force, bot.jobs.clock)
    routes.append(Mount(_API, Door(parts, rate=bot.settings.api_requests_per_second)))
    return Starlette(routes=routes, exception_handlers={HTTPStatus.NOT_FOUND: _not_there})


def build_metrics(bot: Bot) -> Starlette:
    """The ASGI app of METRICS_PORT, for whoever may reach that."""
    return Starlette(routes=[Route("/metrics", Scrape(bot).answer)])


async def _not_there(request: Request, _error: Exception) -> Response:
    """A path with a line break in it leads nowhere in Starlette, so not to the door of the API."""
    if request.scope["path"].startswith(f"{_API}/"):
        said = "There is no such request."
        return Problem(HTTPStatus.NOT_FOUND, "unknown", said).response()
    return PlainTextResponse(HTTPStatus.NOT_FOUND.phrase, HTTPStatus.NOT_FOUND)
