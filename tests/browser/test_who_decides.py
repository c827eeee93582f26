"""Who decides, in the browser at the width of a phone: stages, being on it, handing over, and an
emergency.
"""

from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import SEED, OpenDesk, seed
from tests.browser.desk import Desk, expect
from tests.browser.policies import two_parties

pytestmark = pytest.mark.browser
PHONE = 390


@pytest.fixture
async def staged(play: LocalWorkspace, tmp_path: Path) -> LocalWorkspace:
    """Three requests that go through two stages."""
    await two_parties(play)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return await seed(play, tmp_path, [lines[number - 1] for number in SEED])


async def fits(desk: Desk) -> None:
    """Nothing of the page lies beyond the right edge, and no script has failed."""
    width = await desk.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE
    assert not desk.faults


async def test_one_stage_after_the_other(staged: LocalWorkspace, desk: OpenDesk) -> None:
    bob, mallory = await desk("bob", width=PHONE), await desk("mallory", width=PHONE)
    card = bob.message("MP-1", "Release Bills Pay")
    await expect(card).to_contain_text("Stage 1 of 2 · Product 0 of 1 · Compliance 0 of 2")
    await expect(card).to_contain_text("Payments: check the merchant agreement first.")
    await expect(mallory.page.locator(".message", has_text="MP-1")).to_have_count(0)
    await bob.press("Approve", card)
    await expect(bob.page.get_by_role("dialog")).to_contain_text("your vote at “Product”")
    await bob.confirm("Approve")
    await expect(card).to_contain_text("Stage 2 of 2 · Product ✓ Bob Reyes")
    theirs = mallory.message("MP-1", "Release Bills Pay")
    await expect(theirs).to_contain_text("Stage 2 of 2 · Product ✓ Bob Reyes · Compliance 0 of 2")
    await expect(theirs.get_by_role("button", name="Approve")).to_be_visible()
    await fits(bob)
    await fits(mallory)


async def test_somebody_is_on_it_and_hands_it_over(staged: LocalWorkspace, desk: OpenDesk) -> None:
    bob, carol = await desk("bob", width=PHONE), await desk("carol", width=PHONE)
    await bob.choose("I'm on it", "Approve", bob.message("MP-1", "Release Bills Pay"))
    await expect(carol.message("MP-1")).to_contain_text("Bob Reyes is testing since")
    await fits(carol)

    await bob.choose("Hand to…", "Approve", bob.message("MP-1", "Release Bills Pay"))
    await bob.modal.get_by_role("combobox", name="To whom?").click()
    await bob.modal.get_by_role("option", name="Carol Tan").click()
    await fits(bob)
    await bob.press("Hand over", bob.modal)
    await expect(bob.modal).to_contain_text("Carol Tan has MP-1 to decide at “Product”")
    await expect(carol.message("Bob Reyes handed you", "MP-1")).to_be_visible()


async def test_an_emergency_is_typed_and_reviewed_by_others(
    staged: LocalWorkspace, desk: OpenDesk
) -> None:
    ada, carol = await desk("ada", width=PHONE), await desk("carol", width=PHONE)
    await ada.write("/mp-requests emergency MP-1")
    await expect(ada.modal).to_contain_text("Nobody else can review it afterwards")
    await ada.modal.get_by_label("Type MP-1 to be sure").fill("MP-2")
    await ada.modal.get_by_label("Why can it not wait?").fill("Payments are down for everybody.")
    await ada.modal.get_by_label("Link to the incident").fill("https://incidents.example/7")
    await ada.press("Approve alone", ada.modal)
    await expect(ada.modal).to_contain_text("Type MP-1, the number of this request.")
    await fits(ada)
    await ada.modal.get_by_label("Type MP-1 to be sure").fill("MP-1")
    await ada.press("Approve alone", ada.modal)
    await expect(ada.modal).to_contain_text("This request is approved.")
    told = carol.message("Approved in an emergency", "You need not decide it.")
    await expect(told).to_contain_text("by Ada Cruz alone, past Product and Compliance")
    await expect(told).to_contain_text("not yet reviewed")
    await fits(carol)
