"""Evidence and a test version in the browser: where a link leads is seen before it is pressed."""

from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import OpenDesk, seed
from tests.browser.desk import expect

pytestmark = pytest.mark.browser

LINE = 5
"""The sample's line with evidence, a test version and its code."""
REPORT = "https://jira.example.com/browse/QA-380"
PREVIEW = "https://preview.example.com/load-central/3.8.0"


async def test_evidence_is_followed_from_card_and_details_on_a_phone(
    play: LocalWorkspace, desk: OpenDesk, tmp_path: Path
) -> None:
    await seed(play, tmp_path, [SAMPLE.read_text("utf-8").splitlines()[LINE - 1]])
    bob = await desk("bob", width=390)
    card = bob.message("MP-1", "Release Load Central")
    await expect(card).to_contain_text("Test report (jira.example.com)")
    await expect(card.get_by_role("link", name="Test report")).to_have_attribute("href", REPORT)
    opens = card.get_by_role("button", name="Open preview")
    await expect(opens).to_have_attribute("data-url", PREVIEW)
    await bob.choose("Details", "Approve", card)
    await expect(bob.modal.get_by_role("link", name="Security review")).to_be_visible()
    await expect(bob.modal).to_contain_text("QR code that opens the test version")
    width = await bob.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    assert not bob.faults
