"""Features are asked for one by one, in a window on top of the form."""

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import Desk, expect

pytestmark = pytest.mark.browser


async def add_feature(desk: Desk, button: str, name: str, version: str, apis: str) -> None:
    """Fill in the window of one feature and save it."""
    await desk.press(button, desk.modal)
    await expect(desk.modal.get_by_role("heading", name="Add a feature")).to_be_visible()
    await desk.modal.get_by_label("Feature Name").fill(name)
    await desk.modal.get_by_label("Version").fill(version)
    await desk.modal.get_by_label("Status").fill("Activation needed")
    await desk.modal.get_by_label("APIs").fill(apis)
    await desk.press("Save", desk.modal)
    await expect(desk.modal).to_contain_text(f"{name} {version}")


async def test_features_are_added_and_removed(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice, bob = await desk("alice"), await desk("bob")
    await alice.write("/mp-requests new")
    form = alice.modal
    await form.get_by_role("combobox", name="Category").click()
    await form.get_by_role("option", name="Mini Program Features").click()
    await form.get_by_role("radio", name="Sandbox").check()
    await form.get_by_label("Mini Program Name").fill("Bills Pay")
    await form.get_by_label("Mini Program ID").fill("2171020092715498")
    await form.get_by_label("Version").fill("3.2.4")
    await alice.press("Next", form)
    await add_feature(alice, "Add a feature", "Scan", "1.8", "my.scan")
    await add_feature(alice, "Add another feature", "Payment", "2.0", "my.tradePay")
    await form.get_by_label("Admin").fill("erin@example.com")
    await form.get_by_label("More actions").first.click()
    await form.get_by_role("menuitem", name="Remove").click()
    await expect(form).not_to_contain_text("Scan 1.8")
    await expect(form.get_by_label("Admin")).to_have_value("erin@example.com")
    await alice.press("Next", form)
    await expect(form).to_contain_text("Payment 2.0")
    await alice.press("Submit for Review", form)
    await expect(form).to_have_count(0)
    await expect(bob.message("MP-1", "Sandbox", "Bills Pay")).to_be_visible()
    await alice.press("Details: MP-1 Activate features for Bills Pay", alice.message("MP-1"))
    await expect(form).to_contain_text("APIs: my.tradePay")
    await expect(form).not_to_contain_text("my.scan")
    assert not alice.faults
