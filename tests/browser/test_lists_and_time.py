"""Lists, what comes by itself when time passes, and bad days."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import OpenDesk, seed
from tests.browser.desk import expect

pytestmark = pytest.mark.browser


async def test_a_filtered_list_has_pages(
    play: LocalWorkspace, desk: OpenDesk, tmp_path: Path
) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    await seed(play, tmp_path, lines[:30])
    bob = await desk("bob")
    await bob.write("/mp-requests list env:production sort:created")
    listed = bob.message("env:production", "as of")
    await expect(listed).to_contain_text("1 to 10")
    await expect(listed.locator(".block-section .said", has_text="Sandbox")).to_have_count(0)
    await bob.press("Next", listed)
    await expect(listed).to_contain_text("11 to")
    await bob.press("Previous", listed)
    await expect(listed).to_contain_text("1 to 10")


async def test_the_digest_comes_when_the_clock_is_moved(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    seeded.clock.move_to(datetime(2026, 11, 20, 8, tzinfo=UTC))  # Friday, 16:00 in Manila
    bob = await desk("bob")
    await bob.page.get_by_role("button", name="Controls").click()
    await bob.press("Next weekday, 9 AM")
    digest = bob.message("Good morning, Bob.")
    await expect(digest).to_contain_text("Release Bills Pay")
    await expect(bob.page.get_by_text("9:00 AM").first).to_be_visible()


async def test_the_clock_never_goes_back(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob")
    await bob.page.get_by_role("button", name="Controls").click()
    await bob.page.get_by_label("Another moment").fill("2026-11-17T10:00")
    await bob.press("Go there")
    await expect(bob.page.get_by_role("alert")).to_contain_text("The clock only moves on")


async def test_the_bot_heals_after_slack_answered_429(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.page.get_by_role("button", name="Controls").click()
    await bob.press("Slack answers 429")
    await expect(bob.page.get_by_text("6 left")).to_be_visible()
    await bob.press("Approve", bob.message("MP-1", "Release Bills Pay"))
    await bob.confirm("Approve")
    limited = bob.page.locator(".payloads .failed", has_text="429")
    await expect(limited.first).to_be_visible()
    card = bob.message("MP-1", "Release Bills Pay")
    await expect(card).to_contain_text("This request is approved.")


async def test_a_payload_can_be_pasted_into_block_kit_builder(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.page.get_by_role("button", name="Controls").click()
    entry = bob.page.locator(".payloads li", has_text="chat.postMessage").first
    await entry.locator("summary").click()
    await expect(entry.locator("pre")).to_contain_text('{\n  "blocks": [')


async def test_a_message_arrives_without_reload_and_is_marked_unread(
    play: LocalWorkspace, desk: OpenDesk, tmp_path: Path
) -> None:
    bob = await desk("bob")
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    await seed(play, tmp_path, lines[1:2])
    await expect(bob.message("MP-1")).to_be_visible()
    unread = bob.page.get_by_role("link", name="mini-program-reviews").locator(".badge")
    await expect(unread).to_have_text("1 unread")
    await bob.page.get_by_role("link", name="mini-program-reviews").click()
    await expect(bob.message("MP-1")).to_be_visible()
    await expect(unread).to_have_count(0)
