"""The platform of the local Slack: it hands in, is told, answers as it is switched."""

import re

import aiohttp
import pytest

from bot.cli.local_workspace import LocalWorkspace, local_workspace
from bot.sandbox.platform import Mood
from store.domain.lifecycle import Act
from store.domain.request import PlatformAnswer, Request
from store.requests import read
from store.requests.decide import Decision, decide

pytestmark = pytest.mark.slow  # the bot runs, with all its loops


async def approve(made: LocalWorkspace, number: int) -> None:
    act = Decision(number, Act.APPROVE, made.people["bob"].id, made.clock())
    await decide(made.bot.db, act, made.bot.policy)


async def answered(made: LocalWorkspace, number: int) -> Request | None:
    """The request, once the platform's answer is on record."""
    async with made.bot.db.snapshot() as session:
        found = await read.one(session, number)
    return found if found.platform_answer else None


async def test_it_hands_in_and_is_told_by_signed_webhooks() -> None:
    async with local_workspace(platform=True) as made:
        platform = made.platform
        assert platform
        status, said = await platform.hand_in(platform.next_request())
        assert (status, said["review"]["request"]) == (201, "MP-1")
        platform.mood = Mood.REFUSES
        await approve(made, 1)
        await made.workspace.until(lambda: len(platform.received) == 2)
        assert [each.type for each in platform.received] == [
            *("request.submitted", "request.approved"),
        ]
        assert all(each.is_signed and each.request == "MP-1" for each in platform.received)
        erin = made.people["erin"]
        await made.workspace.until(lambda: erin.message(containing="not accepted by the platform"))
        found = await answered(made, 1)
        assert found
        assert found.platform_answer is PlatformAnswer.REFUSED
        assert found.platform_reason == platform.reason


async def test_its_panel_shows_webhooks_and_switches_how_it_answers() -> None:
    async with (
        local_workspace(platform=True) as made,
        made.page() as address,
        aiohttp.ClientSession(headers={"Origin": address}) as browser,
    ):
        platform, bob = made.platform, made.people["bob"]
        assert platform
        place = f"{address}/as/bob/{bob.dm.id}"

        async def act(name: str, **given: str) -> None:
            async with browser.post(f"{place}/{name}", json=given) as answer:
                assert (await answer.json())["warning"] is None

        await act("mood", mood="down")
        assert platform.mood is Mood.DOWN
        await act("hand_in")
        await made.workspace.until(lambda: platform.received)
        async with browser.get(place) as answer:
            page = await answer.text()
        assert re.search(r"request\.submitted MP-1</span>\s*.*signed ✓ · 503", page)
        assert 'id="mood-down" data-mood="down" aria-pressed="true"' in page


async def test_a_forged_webhook_is_not_believed() -> None:
    async with local_workspace(platform=True) as made, aiohttp.ClientSession() as mallory:
        platform = made.platform
        assert platform
        headers = {"webhook-id": "msg_1_1", "webhook-timestamp": "1", "webhook-signature": "v1,AA"}
        body = {"type": "request.approved"}
        async with mallory.post(platform.hook_url, json=body, headers=headers) as answer:
            assert answer.status == 401
        assert [each.is_signed for each in platform.received] == [False]
