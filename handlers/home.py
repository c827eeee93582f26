"""The Home tab, drawn when it is opened."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from blocks import notices
from handlers import clicks


def register(app: AsyncApp) -> None:
    """Listen to the tab being opened."""
    app.event("app_home_opened")(welcome)


async def welcome(event: dict[str, Any], client: AsyncWebClient) -> None:
    """Say what this is and which commands there are."""
    if event.get("tab") == "home":
        await clicks.shown(client.views_publish(user_id=event["user"], view=notices.welcome()))
