"""A reviewer goes away and comes back, in the browser at the width of a phone."""

import json
from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import SEED, OpenDesk, seed
from tests.browser.desk import expect
from tests.browser.policies import bob_alone

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


async def test_who_stands_in_decides_and_what_is_left_comes_back(
    play: LocalWorkspace, desk: OpenDesk, tmp_path: Path
) -> None:
    await bob_alone(play)
    sample = SAMPLE.read_text(encoding="utf-8").splitlines()
    first, second = (sample[number - 1] for number in SEED[:2])
    await seed(play, tmp_path, [first])
    bob, carol = await desk("bob", **PHONE), await desk("carol", **PHONE)
    await bob.go("home")
    home = bob.page.locator(".home")
    await bob.choose("I'm away…", "New request", home)
    await bob.modal.get_by_label("Last day").fill("2026-12-03")
    await bob.modal.get_by_role("combobox", name="Who stands in?").click()
    await bob.modal.get_by_role("option", name="Bob Reyes").click()
    await bob.press("Save", bob.modal)
    await expect(bob.modal).to_contain_text("Nobody stands in for themselves")
    await bob.modal.get_by_role("combobox", name="Who stands in?").click()
    await bob.modal.get_by_role("option", name="Carol Tan").click()
    await bob.press("Save", bob.modal)
    await expect(bob.modal).to_contain_text("You are away until 3 Dec, that day included.")
    await bob.press("Close this window", bob.modal)
    await expect(home).to_contain_text("You are away until 3 Dec. Carol Tan stands in.")

    card = carol.message("MP-1", "Release Bills Pay")
    await expect(card).to_contain_text("For Bob Reyes, away until 3 Dec")
    await carol.press("Approve", card)
    await carol.confirm("Approve")
    await expect(card).to_contain_text("This request is approved. Carol Tan for Bob Reyes")
    await carol.press("Details", card)
    await expect(carol.modal).to_contain_text("Carol Tan for Bob Reyes")
    await carol.press("Close this window", carol.modal)

    file = tmp_path / "second.jsonl"
    file.write_text(second, encoding="utf-8")
    await play.import_requests(file)
    title = json.loads(second)["title"]
    lent = carol.message("MP-2", title)
    await expect(lent).to_contain_text("For Bob Reyes, away until 3 Dec")
    await bob.press("I'm back", home)
    await expect(home).not_to_contain_text("You are away")
    await expect(lent).to_contain_text("You no longer stand in")
    await expect(lent.get_by_role("button", name="Approve")).to_have_count(0)

    await bob.go(bob.person.dm.id)
    await expect(bob.message("MP-1")).to_contain_text("Carol Tan for Bob Reyes")
    await bob.press("Approve", bob.message("MP-2", title))
    await bob.confirm("Approve")
    await expect(bob.message("MP-2", title)).to_contain_text("approved. Bob Reyes")
    for someone in (bob, carol):
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await someone.page.evaluate(wide)
        assert not someone.faults
