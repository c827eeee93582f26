"""An admin hides what somebody wrote, in the browser at the width of a phone."""

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
ASKED, SECRET = "Who answers for it?", "Jose Rizal, 0917 555 0100."
BY_ADA = "hidden by Ada Cruz"


async def test_what_was_answered_is_read_by_nobody_once_it_is_hidden(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob, erin, ada = [await desk(each, **PHONE) for each in ("bob", "erin", "ada")]
    card = bob.message("MP-1", "Release Bills Pay", "Under Review")
    await bob.press("Ask", card)
    await bob.modal.get_by_label("Question", exact=True).fill(ASKED)
    await bob.press("Ask", bob.modal)
    await expect(bob.modal).to_have_count(0)
    question = erin.message("has a question about", ASKED)
    await erin.press("Answer", question)
    await erin.modal.get_by_label("Your answer").fill(SECRET)
    await erin.press("Answer", erin.modal)
    told = bob.message("answered your question", ASKED)
    for shown in (card, question, told):
        await expect(shown).to_contain_text(SECRET)

    await ada.write("/mp-requests redact MP-1 answer 1")
    await expect(ada.modal).to_contain_text(SECRET)
    await expect(ada.modal).to_contain_text("This cannot be undone.")
    await ada.press("Hide", ada.modal)
    await expect(ada.modal).to_contain_text("That text of MP-1 is hidden now.")
    for shown in (card, question, told):
        await expect(shown).to_contain_text(BY_ADA)
        await expect(shown).not_to_contain_text(SECRET)
    for someone in (bob, erin, ada):
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await someone.page.evaluate(wide)
        assert not someone.faults
