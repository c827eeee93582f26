"""Payloads as Slack sends them, with one thing or another in them made wrong.

Whatever stands in them: an answer and no crash, no act of somebody who may not, no secret in a log.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.delivery.exchanges import Exchange
from store.requests import read
from tests.handlers.post_as_slack import encoded, post
from tests.harness_slack import Team

Path = tuple[str | int, ...]

WORDS = st.sampled_from(
    [
        "", " ", "0", "-1", "1:1", "1:99", "9" * 30, "1:" + "9" * 30, "MP-1", "None", "null",
        "'; DROP TABLE request; --", "1 OR 1=1", "%' OR '%'='", "\x00", "\ud800", "﷽" * 50,
        "<!channel> <@U1> *b*", "<https://evil.example|x>", "../../etc/passwd",
        "=cmd|' /C calc'!A0", "{{7*7}}", "${jndi:ldap://x}", "status:", "sort:" * 2000,
        "approve MP-1", "reject MP-1 \x00", "export csv ../../x", "list " + "ä" * 10_000,
        "{" * 500, "U0SLACKBOT",
    ]
)  # fmt: skip
ODD = (
    WORDS
    | st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=5), st.none(), max_size=2)
    | st.just({"id": {"id": ["x"] * 50}})
)
GONE = object()
NUMBERS = st.integers(0, 10_000)
WRONGS = st.lists(st.tuples(NUMBERS, ODD | st.just(GONE)), min_size=1, max_size=3)
pytestmark = pytest.mark.slow
MANY = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


ACTIONS = [
    "request.approve", "request.reject", "request.withdraw", "request.details", "request.again",
    "details.part.next", "list.page.next", "list.download", "home.tab.all",
]  # fmt: skip
CARRIED = st.sampled_from(["1:1", "1:2", "2:1", "1:1:2"]) | WORDS


def places(node: Any, path: Path = ()) -> Iterator[Path]:
    """Where something stands in a payload."""
    below = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in below:
        yield (*path, key)
        yield from places(value, (*path, key))


def spoilt(payload: dict[str, Any], wrongs: list[tuple[int, Any]]) -> dict[str, Any]:
    """The payload with some things in it replaced, or (GONE) taken out."""
    changed: dict[str, Any] = json.loads(json.dumps(payload))
    for number, wrong in wrongs:
        there = sorted(places(changed), key=str)
        *way, last = there[number % len(there)]
        node: Any = changed
        for step in way:
            node = node[step]
        if wrong is GONE:
            del node[last]
        else:
            node[last] = json.loads(json.dumps(wrong))
    return changed


class Scene:
    """The team, and what was sent so far; nothing that would be printed with every example."""

    def __init__(self, team: Team, recorded: list[Exchange]) -> None:
        self.team, self.recorded = team, recorded


@pytest.fixture
async def scene(by_http: Team, recorded: list[Exchange]) -> Scene:
    """Everybody at their Slack."""
    return Scene(by_http, recorded)


def secrets(team: Team) -> list[str]:
    """What no log may show."""
    here = team.workspace
    urls = [e.payload["response_url"] for e in here.exchanges.latest if "response_url" in e.payload]
    tokens = [here.bot_token, here.app_token, here.signing_secret]
    return [*tokens, *(url.rsplit("/", 1)[-1] for url in urls), "The privacy text is missing."]


@MANY
@given(number=NUMBERS, wrongs=WRONGS)
async def test_a_spoilt_payload_is_answered_and_nothing_leaks(
    scene: Scene,
    caplog: pytest.LogCaptureFixture,
    number: int,
    wrongs: list[tuple[int, Any]],
) -> None:
    team, recorded = scene.team, scene.recorded
    caplog.clear()
    caplog.set_level(logging.DEBUG, logger="bot")
    caplog.set_level(logging.INFO, logger="handlers")
    exchange = recorded[number % len(recorded)]
    payload = spoilt(exchange.payload, wrongs)
    if exchange.kind == "slash_commands":  # a form holds texts only, and no half characters
        payload = {name: str(value).replace("\ud800", "?") for name, value in payload.items()}

    answer = await post(team, *encoded(exchange.kind, payload))

    assert answer.status_code in {200, 400, 404}
    for secret in secrets(team):
        assert secret not in caplog.text
    for page in ("Traceback", "sqlalchemy", "KeyError"):
        assert page not in answer.text


@MANY
@given(number=NUMBERS, action=st.sampled_from(ACTIONS), carried=CARRIED)
async def test_whatever_mallory_sends_decides_and_shows_nothing(
    scene: Scene, number: int, action: str, carried: str
) -> None:
    team, recorded = scene.team, scene.recorded
    mallory, calls = team.mallory.id, len(team.workspace.calls)
    request = await stored(team)
    exchange = recorded[number % len(recorded)]
    payload = json.loads(json.dumps(exchange.payload))
    if "user" in payload:
        payload["user"]["id"] = mallory
    else:
        payload["user_id"] = mallory
    for used in payload.get("actions", []):
        used |= {"action_id": action, "value": carried}
    if payload.get("view"):
        payload["view"]["private_metadata"] = carried

    answer = await post(team, *encoded(exchange.kind, payload))

    assert answer.status_code in {200, 404}
    assert await stored(team) == request
    shown = json.dumps([c.args for c in team.workspace.calls[calls:]]) + answer.text
    assert "The quiet launch" not in shown


async def stored(team: Team) -> Any:
    """Alice's request with its votes."""
    async with team.bot.db.snapshot() as session:
        return await read.one(session, 1)
