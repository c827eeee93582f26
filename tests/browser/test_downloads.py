"""A list comes as a file, into the direct messages of who asked for it."""

import csv
from pathlib import Path

import pytest

from bot.cli.local_workspace import LocalWorkspace
from tests.browser.conftest import OpenDesk
from tests.browser.desk import Desk, expect

pytestmark = pytest.mark.browser

NINE = [
    "Title",
    "Mini Program Name",
    "Environment",
    "Category",
    "Version",
    "Submitted By",
    "Created At (Asia/Manila)",
    "Completed On (Asia/Manila)",
    "Status",
]


def read(file: Path) -> list[list[str]]:
    """A CSV with Excel's mark at its start."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


async def downloaded(desk: Desk) -> list[list[str]]:
    """The rows of the CSV that the newest file link gives."""
    async with desk.page.expect_download() as started:
        await desk.page.get_by_role("link", name=".csv").last.click()
    download = await started.value
    assert download.suggested_filename.endswith(".csv")
    return read(await download.path())


async def test_a_list_is_downloaded_with_its_nine_columns(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    bob = await desk("bob")
    await bob.write("/mp-requests list by:@erin sort:created")
    listed = bob.message("as of")
    await bob.choose("Download", "New request", listed)
    await expect(bob.message("Your download is here")).to_contain_text("2 requests")
    header, *rows = await downloaded(bob)
    assert header[1:10] == NINE
    assert [row[1] for row in rows] == ["Release Bills Pay 3.2.4", "Launch Kape Rewards"]
    assert rows[0][2:10] == [
        "Bills Pay",
        "Production",
        "Mini Program Release",
        "3.2.4",
        "Erin Garcia",
        "2026-11-16 10:14:00",
        "",
        "Under Review",
    ]
    assert not bob.faults


async def test_a_download_asked_for_in_home_says_where_it_comes(
    seeded: LocalWorkspace, desk: OpenDesk
) -> None:
    alice = await desk("alice")
    await alice.go("home")
    await alice.choose("Download", "New request", alice.page.locator(".home"))
    await expect(alice.modal).to_contain_text("You will get it as a direct message")
    await alice.press("Close", alice.modal)
    await alice.go(alice.person.dm.id)
    await expect(alice.message("Your download is here")).to_contain_text("1 request")
    _header, *rows = await downloaded(alice)
    assert [row[1] for row in rows] == ["Release Kape Rewards 4.7.2"]
