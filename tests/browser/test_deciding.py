"""Cards are decided in the browser as they are in Slack."""

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser


async def test_bob_approves_after_the_confirmation(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob, erin = await desk("bob"), await desk("erin")
    card = bob.message("MP-1", "Release Bills Pay")
    await bob.press("Approve", card)
    await expect(bob.page.get_by_role("dialog")).to_contain_text("It goes to Production: Wallet PH")
    await bob.confirm("Approve")
    await expect(card).to_contain_text("This request is approved.")
    await expect(card.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(erin.message("MP-1", "Release Preparation")).to_be_visible()
    assert not bob.faults


async def test_a_confirmation_can_be_cancelled_with_escape(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    approve = bob.message("MP-1").get_by_role("button", name="Approve")
    await approve.click()
    await bob.page.keyboard.press("Escape")
    await expect(bob.page.get_by_role("dialog")).to_have_count(0)
    await expect(approve).to_be_visible()
    assert not [e for e in seeded.workspace.exchanges.latest if e.payload.get("actions")]


async def test_a_rejection_needs_a_reason(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob, erin = await desk("bob"), await desk("erin")
    await bob.press("Reject", bob.message("MP-1", "Release Bills Pay"))
    reason = bob.modal.get_by_label("Reason")
    await reason.fill("   ")
    await bob.press("Reject", bob.modal)
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(bob.modal).to_contain_text("Say why, so that the submitter knows what to change.")
    await expect(reason).to_be_focused()

    await bob.modal.get_by_role("combobox", name="Kind of violation").click()
    await bob.modal.get_by_role("option", name="Illegal content").click()
    await reason.fill("The privacy text names no contact.")
    await bob.press("Reject", bob.modal)
    await expect(bob.modal).to_have_count(0)
    told = erin.message("MP-1", "Rejected", "Illegal content")
    await expect(told.locator("blockquote")).to_have_text("The privacy text names no contact.")


async def test_two_browsers_race_on_one_card(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob, carol = await desk("bob"), await desk("carol")
    await carol.press("Approve", carol.message("MP-2", "Launch"))
    await bob.press("Approve", bob.message("MP-2", "Launch"))
    await bob.confirm("Approve")
    await expect(bob.message("MP-2")).to_contain_text("This request is approved.")
    await expect(carol.message("MP-2")).to_contain_text("This request is approved.")
    await carol.confirm("Approve")
    refusal = carol.message("MP-2 was approved by Bob Reyes")
    await expect(refusal).to_contain_text("Only visible to you")
    await expect(bob.message("MP-2 was approved by")).to_have_count(0)


async def test_mallory_is_refused(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    mallory = await desk("mallory")
    await mallory.go(seeded.reviews.id)
    await mallory.press("Approve", mallory.message("MP-1"))
    await mallory.confirm("Approve")
    await expect(mallory.message("Only Bob Reyes, Carol Tan or Ada Cruz")).to_be_visible()


async def test_alice_withdraws_and_the_reviewers_read_it_in_the_thread(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    alice, bob = await desk("alice"), await desk("bob")
    await alice.write("/mp-requests withdraw MP-3")
    await expect(alice.message("MP-3", "Withdrawn")).to_be_visible()
    await bob.message("MP-3", "Withdrawn").get_by_role("link", name="1 reply").click()
    await expect(bob.page.get_by_role("complementary", name="Thread")).to_contain_text(
        "Nothing is left for you to do."
    )
