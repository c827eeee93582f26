"""A workspace on a clock that stands still, a few people, and an app on both transports."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.actions.people import Person
from bot.sandbox.workspace import Workspace
from tests.cast import NAMES, profile
from tests.clock import MovedClock
from tests.sandbox.installed import new_app, over_http, over_socket_mode


@pytest.fixture
async def workspace(clock: MovedClock) -> AsyncIterator[Workspace]:
    async with Workspace(now=clock) as running:
        yield running


@pytest.fixture
def bob(workspace: Workspace) -> Person:
    return workspace.add_person(**profile("bob"))


@pytest.fixture
def carol(workspace: Workspace) -> Person:
    """Abroad, and without an e-mail address."""
    return workspace.add_person("carol", real_name=NAMES["carol"], tz="Asia/Singapore")


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


@pytest.fixture(params=["socket_mode", "http"])
async def app(request: pytest.FixtureRequest, workspace: Workspace) -> AsyncIterator[AsyncApp]:
    """A connected app; add listeners in the test."""
    installed = new_app(workspace)
    connect = over_http if request.param == "http" else over_socket_mode
    async with connect(workspace, installed):
        yield installed
