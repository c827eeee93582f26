"""The page around the messages: switching person, completion, the keyboard, a phone, strangers."""

import aiohttp
import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import expect

pytestmark = pytest.mark.browser


async def test_one_switches_person_at_the_top(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    alice = await desk("alice")
    people = alice.page.get_by_role("navigation", name="Who you are")
    await people.get_by_role("link", name="carol").click()
    await alice.is_live()
    await expect(alice.message("MP-1")).to_be_visible()
    await expect(people.locator("[aria-current]")).to_have_text("CTcarol")
    await expect(alice.page.get_by_text("This is not Slack")).to_be_visible()


async def test_a_command_is_completed(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice = await desk("alice")
    composer = alice.page.get_by_role("combobox", name="Message", exact=True)
    await composer.press_sequentially("/mp")
    offered = alice.page.get_by_role("option", name="/mp-requests")
    await expect(offered).to_contain_text("mine | approvals")
    await composer.press("Tab")
    await expect(composer).to_have_value("/mp-requests ")


async def test_who_has_scrolled_up_sees_the_answer_to_what_they_write(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob", width=390, height=844)
    await bob.message("MP-1").scroll_into_view_if_needed()
    await bob.page.locator("#scroll").evaluate("(all) => { all.scrollTop = 0; }")
    await bob.write("/mp-requests approve MP-2 but only after legal has signed")
    await expect(bob.message("Only visible to you")).to_be_in_viewport()


async def test_a_message_leads_to_the_request_that_it_names(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.write("Please look at MP-1")
    said = bob.message("Please look at MP-1")
    await said.hover()
    await said.get_by_label("Shortcuts for this message").click()
    await said.get_by_role("menuitem", name="Find request").click()
    await expect(bob.modal).to_contain_text("Request details")
    assert not bob.faults


async def test_an_unknown_command_is_told_by_the_page(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice = await desk("alice")
    await alice.write("/mp-nonsense")
    await expect(alice.page.get_by_role("alert")).to_contain_text("not a valid command")


async def test_home_is_drawn_when_it_is_opened(play: LocalWorkspace, desk: OpenDesk) -> None:
    alice = await desk("alice")
    await alice.page.get_by_role("link", name="Home", exact=True).click()
    await expect(alice.page.locator(".home")).to_contain_text("My Requests")
    assert not alice.faults


async def test_escape_closes_a_modal_and_gives_the_focus_back(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    menu = bob.message("MP-1").get_by_label("More actions")
    await menu.click()
    await bob.message("MP-1").get_by_role("menuitem", name="Details").press("Enter")
    await expect(bob.modal).to_contain_text("Release Process Overview")
    await bob.page.keyboard.press("Tab")
    assert await bob.page.evaluate("document.activeElement.closest('dialog') !== null")
    await bob.page.keyboard.press("Escape")
    await expect(bob.modal).to_have_count(0)
    await expect(menu).to_be_focused()
    assert not bob.person.views


async def test_a_phone_shows_one_thing_at_a_time(seeded: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob", width=390, height=844)
    card = bob.message("MP-1")
    await expect(card.get_by_role("button", name="Approve")).to_be_visible()
    sidebar = bob.page.get_by_role("navigation", name="Conversations")
    await expect(sidebar).to_be_hidden()
    assert await bob.page.evaluate("document.documentElement.scrollWidth") <= 390
    await bob.page.locator("#part-header").get_by_role("button", name="Back").click()
    await sidebar.get_by_role("link", name="mini-program-reviews").click()
    await expect(bob.page.get_by_role("heading", name="mini-program-reviews")).to_be_visible()


async def test_what_people_write_stays_words(play: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob")
    await bob.write("<script>document.title = 'taken'</script> of @carol")
    said = bob.message("<script>document.title = 'taken'</script>")
    await expect(said.locator(".mention")).to_have_text("@Carol Tan")
    assert "taken" not in await bob.page.title()
    assert not bob.faults


async def test_other_pages_and_hosts_are_refused(play: LocalWorkspace, desk: OpenDesk) -> None:
    bob = await desk("bob")
    act = f"{bob.address}/as/bob/{bob.person.dm.id}/write"
    async with aiohttp.ClientSession() as stranger:
        foreign = {"Origin": "https://example.com"}
        async with stranger.post(act, json={"text": "hello"}, headers=foreign) as answer:
            assert answer.status == 403
        async with stranger.get(bob.address, headers={"Host": "example.com"}) as answer:
            assert answer.status == 403
    assert not bob.person.sees()
