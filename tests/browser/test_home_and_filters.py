"""Home with its tabs, the filters of a list as a form, and a request opened from its row."""

from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import OpenDesk, seed
from tests.browser.desk import Desk, expect

pytestmark = pytest.mark.browser


async def choose(desk: Desk, label: str, *names: str) -> None:
    """Pick these in a menu that takes several; Escape closes its list and not the window."""
    menu = desk.modal.get_by_role("combobox", name=label)
    await menu.click()
    for name in names:
        await desk.modal.get_by_role("option", name=name).click()
    await menu.press("Escape")


async def test_a_reviewer_sees_what_waits_and_what_was_submitted(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.go("home")
    home = bob.page.locator(".home")
    await expect(home).to_contain_text("3 are waiting for you")
    await expect(home).to_contain_text("⏳ 3 Under Review · ✅ 0 Approved")
    await expect(home.get_by_label("More actions")).to_have_count(4)
    await bob.press("My Requests", home)
    await expect(home).to_contain_text("⏳ 0 Under Review")
    await expect(home).to_contain_text("You have not submitted a request yet.")
    await bob.press("My Approvals", home)
    await expect(home).to_contain_text("as of")
    assert not bob.faults


async def test_home_is_turned_page_by_page(
    play: LocalWorkspace, desk: OpenDesk, tmp_path: Path
) -> None:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    await seed(play, tmp_path, lines[:12])
    bob = await desk("bob")
    await bob.go("home")
    home = bob.page.locator(".home")
    await expect(home).to_contain_text("1 to 10")
    await expect(home.get_by_role("button", name="Previous")).to_have_count(0)
    await bob.press("Next", home)
    await expect(home).to_contain_text("11 to 12")
    await expect(home.get_by_label("More actions")).to_have_count(3)
    await bob.press("Previous", home)
    await expect(home).to_contain_text("1 to 10")


async def test_home_follows_what_somebody_else_decides(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob, carol = await desk("bob"), await desk("carol")
    await bob.go("home")
    home = bob.page.locator(".home")
    await expect(home).to_contain_text("3 are waiting for you")
    await carol.press("Approve", carol.message("MP-1", "Release Bills Pay"))
    await carol.confirm("Approve")
    await expect(home).to_contain_text("2 are waiting for you")
    await expect(home).to_contain_text("✅ 1 Approved")
    await expect(home.get_by_text("MP-1 · ")).to_have_count(0)


async def test_a_list_is_filtered_by_form(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob")
    await bob.write("/mp-requests list")
    listed = bob.message("as of", "New request")
    await expect(listed).to_contain_text("as of")
    await bob.choose("Filter…", "New request", listed)
    await choose(bob, "Status", "Under Review", "Approved")
    await choose(bob, "Environment", "Production")
    await choose(bob, "Category", "Mini Program Release", "Mini Program Launch")
    await choose(bob, "Submitted By", "Erin Garcia")
    await bob.modal.get_by_role("combobox", name="Sort").click()
    await bob.modal.get_by_role("option", name="Created At, oldest first").click()
    await bob.press("Show", bob.modal)
    await expect(bob.modal).to_have_count(0)
    await expect(listed.locator("code")).to_have_text(
        "/mp-requests list status:under_review,approved env:production"
        " category:release,launch by:@Erin Garcia sort:created"
    )
    await expect(listed).to_contain_text("as of")
    await bob.choose("Show all", "New request", listed)
    await expect(listed).to_contain_text("as of")
    assert not bob.faults


async def test_the_filters_open_with_what_home_shows(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.go("home")
    home = bob.page.locator(".home")
    await bob.choose("Filter…", "New request", home)
    await expect(bob.modal.locator(".chip")).to_have_text(["Under Review✕"])
    await bob.press("Remove Under Review", bob.modal)
    await bob.modal.get_by_label("Mini program name or ID").fill("kape")
    await bob.press("Show", bob.modal)
    await expect(home.locator("code").first).to_have_text("/mp-requests approvals kape")
    await expect(home.get_by_label("More actions")).to_have_count(3)
    await bob.choose("Filter…", "New request", home)
    await expect(bob.modal.get_by_label("Mini program name or ID")).to_have_value("kape")
    await expect(bob.modal.locator(".chip")).to_have_count(0)


async def test_a_request_is_decided_at_its_step(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob")
    await bob.go("home")
    await bob.choose("View", "Release Bills Pay", bob.page.locator(".home"))
    details = bob.modal
    await expect(details).to_contain_text("✓ New Version Created · Erin Garcia")
    await expect(details).to_contain_text("➤ Under Review · waiting for Bob Reyes")
    await expect(details).to_contain_text("○ Release Preparation")
    await bob.press("Approve", details.locator(".block-actions").last)
    await bob.press("Approve", bob.page.locator("dialog.confirm"))
    await expect(details).to_contain_text("This request is approved.")
    await expect(details).to_contain_text("✓ Approved · Bob Reyes")
    await expect(details).to_contain_text("➤ Release Preparation")
    await expect(details.get_by_role("button", name="Approve")).to_have_count(0)
    await bob.press("Close", details)
    await expect(bob.page.locator(".home")).to_contain_text("✅ 1 Approved")
    assert not bob.faults
