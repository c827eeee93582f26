"""A row of a list leads to the person's own card, in the conversation and from Home; on a phone."""

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser


async def test_a_row_in_home_leads_to_the_card(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob", width=390)
    await bob.go("home")
    row = bob.page.locator(".home").get_by_role("link", name="Release Bills Pay 3.2.4")
    await row.click()
    card = bob.message("MP-1", "Release Bills Pay")
    await expect(card).to_be_in_viewport()
    await bob.choose("Details", "Approve", card)
    await expect(bob.modal).to_contain_text("Request details")
    assert not bob.faults


async def test_the_menu_of_a_list_has_what_its_buttons_had(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob", width=390)
    await bob.write("/mp-requests list")
    listed = bob.message("as of", "New request")
    await bob.choose("Help", "New request", listed)
    await expect(bob.message("Narrow a list")).to_be_visible()
    assert not bob.faults
