"""A question and its answers in the browser, on phones."""

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
FIRST, SECOND = "Which agreement covers the new domain?", "Who tests it?"
LONG = f"The one of 3 May. {'It names the domain, its owner and its term. ' * 12}It ends in 2029."
ASKED = "has a question about"


async def test_a_question_is_answered_by_the_form_and_another_by_a_reply(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob, erin = await desk("bob", **PHONE), await desk("erin", **PHONE)
    card = bob.message("MP-1", "Release Bills Pay", "Under Review")
    for question in (FIRST, SECOND):
        await bob.press("Ask", card)
        await bob.modal.get_by_label("Question", exact=True).fill(question)
        await bob.press("Ask", bob.modal)
        await expect(bob.modal).to_have_count(0)
        await expect(card).to_contain_text(question)
    await expect(card).to_contain_text("waiting for Erin Garcia since")

    first = erin.message(ASKED, FIRST)
    await erin.press("Answer", first)
    await expect(erin.modal).to_contain_text(FIRST)
    await erin.modal.get_by_label("Your answer").fill(LONG)
    await erin.press("Answer", erin.modal)
    await expect(erin.modal).to_have_count(0)
    await expect(first).to_contain_text("You answered")
    await expect(first.get_by_role("button", name="Answer")).to_have_count(0)

    await erin.message(ASKED, SECOND).get_by_role("link", name="Reply").click()
    await erin.is_live()
    thread = erin.page.get_by_role("complementary", name="Thread")
    line = thread.get_by_label("Reply", exact=True)
    await line.fill("/mp-requests help")
    await line.press("Enter")
    await expect(erin.page.get_by_role("alert")).to_contain_text("not supported in threads")
    await line.fill("Dan does.")
    await line.press("Enter")
    await expect(line).to_have_value("")
    await expect(thread).to_contain_text("Dan does.")
    await expect(thread).to_contain_text("You answered")

    await expect(bob.message("answered your question", "Dan does.")).to_be_visible()
    for said in (FIRST, LONG[:250], SECOND, "Dan does."):
        await expect(card).to_contain_text(said)
    await expect(card).not_to_contain_text("It ends in 2029.")
    await expect(card.get_by_role("button", name="Approve")).to_be_visible()
    await bob.choose("Details", "Approve", card)
    for said in (FIRST, LONG, SECOND, "Dan does."):
        await expect(bob.modal).to_contain_text(said)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await bob.page.evaluate(wide)
    assert not await erin.page.evaluate(wide)
    assert not bob.faults
    assert not erin.faults
