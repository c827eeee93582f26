"""A request is submitted by form in the browser, and its card arrives at the reviewers'."""

from typing import TYPE_CHECKING

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

if TYPE_CHECKING:
    from playwright.async_api import Locator

pytestmark = pytest.mark.browser


async def test_alice_submits_a_release_by_form(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice, bob = await desk("alice"), await desk("bob")
    await alice.write("/mp-requests new")
    form = alice.modal
    await form.get_by_role("combobox", name="Category").click()
    await form.get_by_role("option", name="Mini Program Release").click()
    await form.get_by_role("radio", name="Production").check()
    await expect(form.get_by_role("combobox", name="Target App")).to_be_visible()
    await form.get_by_label("Mini Program Name").fill("Bills Pay")
    await form.get_by_label("Mini Program ID").fill("2171020092715498")
    await form.get_by_label("Version").fill("3.2.4")
    await search(form, "Target App", "Wallet PH", "Use “Wallet PH”")
    await alice.press("Next", form)
    await form.get_by_role("radio", name="DSL").check()
    await search(form, "Language", "fil", "Filipino (fil)")
    await alice.press("Next", form)
    await expect(form).to_contain_text("Release Bills Pay 3.2.4")
    await alice.press("Submit for Review", form)
    await expect(form).to_have_count(0)
    await expect(alice.message("Submitted.", "MP-1")).to_be_visible()
    await expect(bob.message("MP-1", "Bills Pay", "Wallet PH")).to_be_visible()
    assert not alice.faults


async def search(form: "Locator", name: str, typed: str, option: str) -> None:
    """Type into a search and take what it offers."""
    box = form.get_by_role("combobox", name=name)
    await box.click()
    await box.press_sequentially(typed)
    await form.get_by_role("option", name=option).click()


async def test_on_a_phone_a_program_is_searched_for_and_fills_in_the_form(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob, erin = await desk("bob", width=390), await desk("erin", width=390, height=844)
    await bob.write("/mp-requests approve MP-1")
    await bob.press("Approve", bob.modal)
    await expect(bob.page.get_by_text("This request is approved.").first).to_be_visible()
    await erin.write("/mp-requests new")
    form = erin.modal
    await form.get_by_role("combobox", name="Category").click()
    await form.get_by_role("option", name="Mini Program Offline").click()
    await expect(form.get_by_role("combobox", name="Target App")).to_be_visible()
    await search(form, "Mini program", "bills", "Bills Pay · 2171020092715498")
    await expect(form.get_by_label("Mini Program ID")).to_have_value("2171020092715498")
    await expect(form.get_by_role("combobox", name="Target App")).to_have_value("Wallet PH")
    assert not erin.faults


async def test_an_empty_form_says_what_is_missing(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice = await desk("alice")
    await alice.page.get_by_label("Shortcuts").click()
    await alice.page.get_by_role("menuitem", name="New mini program request").click()
    await alice.press("Next", alice.modal)
    name = alice.modal.get_by_label("Mini Program Name")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(
        alice.modal.get_by_text("Please complete this required field.").first
    ).to_be_visible()
    await expect(alice.modal.get_by_role("combobox", name="Category")).to_be_focused()
    await alice.press("Cancel", alice.modal)
    await expect(alice.modal).to_have_count(0)
