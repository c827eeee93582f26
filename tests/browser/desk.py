"""Somebody before the page: what they see and use, by the names a screen reader would say."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from bot.sandbox.actions.people import Person

try:
    from playwright.async_api import async_playwright, expect
except ModuleNotFoundError:  # everything that needs them is skipped then
    async_playwright = expect = None

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

__all__ = ["Desk", "browser_is_there", "expect", "opened_browser"]

PATIENCE_MS = 60_000
"""How long the page may take on a busy machine to show what a test expects; or a click to land."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser_is_there() -> bool:
    """Whether Playwright and Debian's Chromium are installed."""
    return async_playwright is not None and shutil.which("chromium") is not None


@asynccontextmanager
async def opened_browser() -> "AsyncIterator[Browser]":
    """Chromium without a window."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=_FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Desk:
    """One browser with the page open as somebody. A script error on the page is `faults`."""

    page: "Page"
    address: str
    person: Person
    faults: list[str]

    @classmethod
    async def open(
        cls,
        browser: "Browser",
        address: str,
        person: Person,
        *,
        width: int = 1280,
        height: int = 800,
        scheme: Literal["light", "dark"] = "light",
    ) -> Self:
        """A browser of their own at their direct messages with the bot."""
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        desk = cls(page, address, person, [])
        page.on("pageerror", lambda error: desk.faults.append(str(error)))
        page.on("console", lambda m: desk.faults.append(m.text) if m.type == "error" else None)
        await desk.go(person.dm.id)
        return desk

    async def go(self, place: str) -> None:
        """Open a place by its id, or `home`."""
        await self.page.goto(f"{self.address}/as/{self.person.handle}/{place}")
        await self.is_live()

    async def is_live(self) -> None:
        """Wait until the page follows the workspace."""
        await self.page.locator("body[data-ready]").wait_for()

    async def write(self, text: str) -> None:
        """Type into the composer and press Enter."""
        composer = self.page.get_by_role("combobox", name="Message", exact=True)
        await composer.fill(text)
        await composer.press("Enter")

    def message(self, *words: str) -> "Locator":
        """The newest message with all these words; MP-1 is not in MP-12."""
        found = self.page.locator(".message")
        for word in words:
            is_number = re.fullmatch(r"MP-[0-9]+", word)
            found = found.filter(has_text=re.compile(rf"{word}(?![0-9])") if is_number else word)
        return found.last

    @property
    def modal(self) -> "Locator":
        """The window in front."""
        return self.page.locator("dialog.modal[open]")

    async def press(self, name: str, within: "Locator | None" = None) -> None:
        """Click a button by what stands on it; a screen reader may say more behind that."""
        called = re.compile(rf"^{re.escape(name)}(: .*)?$")
        await (within or self.page).get_by_role("button", name=called).click()

    async def choose(self, entry: str, row: str, within: "Locator") -> None:
        """Choose from the menu of the row with these words."""
        found = within.locator(".block", has_text=row).last
        await found.get_by_label("More actions").click()
        await found.get_by_role("menuitem", name=entry).click()

    async def confirm(self, name: str) -> None:
        """Answer a confirmation."""
        await self.press(name, self.page.get_by_role("dialog"))
