"""A reviewer's morning on a phone: sixty new requests, one digest, and the queue."""

from datetime import timedelta

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser

WIDTH = 390


async def test_sixty_requests_are_worked_through_from_the_digest(
    play: LocalWorkspace, desk: OpenDesk
) -> None:
    await play.import_requests()
    bob = await desk("bob", width=WIDTH, height=844)
    burst = bob.message("55 new requests for you")
    await expect(burst).to_be_visible()
    card = bob.message("Load Central 3.8.0", "MP-5 ")
    await card.get_by_label("More actions").click()
    entries = card.get_by_role("menu")
    box = await entries.bounding_box()
    assert box
    assert box["x"] + box["width"] <= WIDTH, "all of the menu is on the screen"
    await entries.get_by_role("menuitem", name="Details").click()
    await expect(bob.modal).to_contain_text("Release Process Overview")
    await bob.press("Close this window", bob.modal)

    morning = play.clock().replace(hour=1, minute=0) + timedelta(days=1)
    await play.move_to(morning)
    digest = bob.message("Good morning, Bob.")
    await expect(digest).to_contain_text("60 requests are waiting for you · 60 overdue")
    await bob.press("Start reviewing", digest)
    await expect(bob.modal).to_contain_text("1 of 60")
    await bob.press("Approve", bob.modal)
    await bob.page.locator("dialog.confirm").get_by_role("button", name="Approve").click()
    await expect(bob.modal).to_contain_text("This request is approved.")
    await expect(bob.modal).to_contain_text("2 of 60")
    await bob.press("Reject", bob.modal)
    await bob.modal.get_by_label("Reason").fill("The privacy text names no contact.")
    await bob.press("Reject", bob.modal)
    await expect(bob.modal).to_contain_text("3 of 60")
    await expect(bob.modal).to_contain_text("The privacy text names no contact.")
    await bob.press("Skip", bob.modal)
    await expect(bob.modal).to_contain_text("4 of 60")
    await bob.press("Close this window", bob.modal)
    await expect(bob.modal).to_have_count(0)

    await bob.write("/mp-requests list kape env:production")
    await expect(bob.message("All requests", "kape")).to_contain_text("Under Review")
    await bob.go("home")
    await expect(bob.page.locator(".home")).to_contain_text("58 are waiting for you")
    assert await bob.page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert not bob.faults
