"""Takes the README's pictures from the running page, each in light and in dark.

`python -m tests.browser.pictures` writes them all. What they show is what the bot sent: nothing is
drawn for them.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from bot.cli.local_workspace import LocalWorkspace, local_workspace
from bot.sandbox import SAMPLE
from tests.browser.conftest import seed
from tests.browser.desk import Desk, opened_browser
from tests.browser.policies import bob_alone, two_parties

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator

PICTURES = Path(__file__).parent.parent / "pictures"
LARGEST = 60_000
"""Bytes of a picture: a page that loads on a phone."""
FINENESS = ((1.5, 80), (1.5, 60), (1.25, 60), (1.0, 70))
"""Pixels a point and WebP's quality, tried in turn until a picture is small enough."""
STARTS = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)
"""Monday, 15:00 in Manila: the first lines of the sample were submitted that day."""
FILTERS = "status:under_review,rejected env:production category:release,launch by:@alice"
"""What the form is opened with, so that it shows choices."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass
class Studio:
    """The workspace and the browser that looks at it."""

    play: LocalWorkspace
    browser: "Browser"
    address: str
    folder: Path

    async def submit(self, *lines: int) -> None:
        """Import these lines of the sample; their cards stand apart from what came before."""
        self.wait()
        sample = SAMPLE.read_text(encoding="utf-8").splitlines()
        await seed(self.play, self.folder, [sample[line - 1] for line in lines])

    def wait(self) -> None:
        """Ten minutes pass."""
        self.play.clock.move_to(self.play.clock() + timedelta(minutes=10))

    @asynccontextmanager
    async def desk(
        self, handle: str, scheme: Literal["light", "dark"] = "light", width: int = 1000
    ) -> AsyncIterator[Desk]:
        """Somebody's browser, tall enough for a whole modal."""
        desk = await Desk.open(
            self.browser,
            self.address,
            self.play.people[handle],
            width=width,
            height=844 if width < 500 else 1500,
            scheme=scheme,
        )
        yield desk
        await desk.page.context.close()

    async def take(self, name: str, handle: str, *words: str) -> None:
        """The newest message with these words, as this person sees it, in both schemes."""
        for scheme in SCHEMES:
            async with self.desk(handle, scheme) as desk:
                message = desk.message(*words)
                await message.wait_for()
                await shoot(desk, message, f"{name}-{scheme}")

    async def take_window(
        self, name: str, handle: str, button: str, *words: str, menu: bool = False
    ) -> None:
        """The same for the modal behind a button of that message, or behind an entry of the menu
        beside *New request*.
        """
        for scheme in SCHEMES:
            async with self.desk(handle, scheme) as desk:
                message = desk.message(*words)
                if menu:
                    await desk.choose(button, "New request", message)
                else:
                    await message.get_by_role("button", name=button).click()
                await desk.modal.wait_for()
                await shoot(desk, desk.modal, f"{name}-{scheme}")
                await desk.press("Close this window", desk.modal)
                await desk.modal.wait_for(state="detached")

    async def take_home(self, name: str, handle: str) -> None:
        """Their Home, in both schemes; it fills its window, so that is as tall as five requests."""
        for scheme in SCHEMES:
            async with self.desk(handle, scheme) as desk:
                await desk.page.set_viewport_size({"width": 1000, "height": 820})
                await desk.go("home")
                home = desk.page.locator(".home")
                await home.get_by_label("More actions").first.wait_for()
                await shoot(desk, home, f"{name}-{scheme}")


async def shoot(desk: Desk, what: "Locator", name: str) -> None:
    """Write one picture; the pointer rests where it changes nothing."""
    await desk.page.mouse.move(0, 0)
    await what.scroll_into_view_if_needed()
    box = await what.bounding_box()
    assert box, f"{name} is not on the page"
    protocol = await desk.page.context.new_cdp_session(desk.page)
    for scale, quality in FINENESS:
        clip = {**box, "width": min(box["width"], 720), "scale": scale}
        wanted = {"format": "webp", "quality": quality, "clip": clip}
        taken = await protocol.send("Page.captureScreenshot", wanted)
        picture = base64.b64decode(taken["data"])
        if len(picture) <= LARGEST:
            break
    assert len(picture) <= LARGEST, f"{name} has {len(picture)} bytes"
    (PICTURES / f"{name}.webp").write_bytes(picture)


async def story(studio: Studio) -> None:
    """From a card that waits to the digest of the next morning."""
    await studio.submit(2)
    await _confirmation(studio)
    await studio.take("card-waiting", "bob", "MP-1")
    await studio.submit(4)
    studio.wait()
    await _decide(studio)
    await studio.take("card-approved", "bob", "MP-1", "This request is approved.")
    await studio.take("card-rejected", "bob", "MP-2", "Rejected")
    await studio.take("told", "alice", "MP-2", "Rejected", "Submit again")
    await studio.take_window("details", "bob", "Details", "MP-1", "This request is approved.")
    await studio.submit(5, 6, 7, 8, 9)
    async with studio.desk("alice") as alice:
        await alice.write("/mp-requests mine status:under_review")
        await alice.message("My Requests").wait_for()
    await studio.take("list", "alice", "My Requests", "as of")
    await studio.take_home("home", "bob")
    async with studio.desk("bob") as bob:
        await bob.write(f"/mp-requests list {FILTERS}")
        await bob.message("All requests", "as of").wait_for()
    await studio.take_window("filters", "bob", "Filter…", "All requests", "as of", menu=True)
    async with studio.desk("bob", width=390) as bob:
        await shoot(bob, bob.page.locator("body"), "phone-light")
    morning = studio.play.clock().replace(hour=1, minute=0) + timedelta(days=1)
    await studio.play.move_to(morning)
    await studio.take("digest", "bob", "Good morning")


async def who_decides(studio: Studio) -> None:
    """Two stages on a phone: the card, who is on it, handing over."""
    await two_parties(studio.play)
    await studio.submit(2)
    card = ("MP-1", "Release Bills Pay")
    async with studio.desk("bob", width=390) as bob:
        message = bob.message(*card)
        await message.wait_for()
        await shoot(bob, message, "phone-stages")
        await bob.choose("I'm on it", "Approve", message)
        await bob.message(*card, "is testing since").wait_for()
        await bob.choose("Hand to…", "Approve", message)
        await bob.modal.get_by_role("combobox", name="To whom?").wait_for()
        await shoot(bob, bob.modal, "phone-hand-over")
    async with studio.desk("carol", width=390) as carol:
        await shoot(carol, carol.message(*card, "is testing since"), "phone-on-it")


async def being_away(studio: Studio) -> None:
    """On a phone: the form behind *I'm away…*, and the card of who stands in."""
    await bob_alone(studio.play)
    await studio.submit(2)
    async with studio.desk("bob", width=390) as bob:
        await bob.go("home")
        home = bob.page.locator(".home")
        await bob.choose("I'm away…", "New request", home)
        await bob.modal.get_by_label("Last day").fill("2026-12-03")
        await bob.modal.get_by_role("combobox", name="Who stands in?").click()
        await bob.modal.get_by_role("option", name="Carol Tan").click()
        await shoot(bob, bob.modal, "phone-away-form")
        await bob.press("Save", bob.modal)
        await bob.modal.get_by_text("You are away").wait_for()
        await bob.press("Close this window", bob.modal)
        await home.get_by_text("Carol Tan stands in").wait_for()
    async with studio.desk("carol", width=390) as carol:
        card = carol.message("MP-1", "For Bob Reyes")
        await card.wait_for()
        await shoot(carol, card, "phone-stands-in")


async def exchange(studio: Studio) -> None:
    """On a phone: a question, the form that answers it, and the card and details with both."""
    await studio.submit(2)
    first, second = "Which agreement covers the new domain?", "Who tests it?"
    card = ("MP-1", "Release Bills Pay")
    async with studio.desk("bob", width=390) as bob:
        for question in (first, second):
            await bob.press("Ask", bob.message(*card))
            await bob.modal.get_by_label("Question", exact=True).fill(question)
            await bob.press("Ask", bob.modal)
            await bob.message(*card, question).wait_for()
    async with studio.desk("erin", width=390) as erin:
        await shoot(erin, erin.message("has a question", first), "phone-asked")
        await erin.press("Answer", erin.message("has a question", first))
        answer = "The one of 3 May, page 4: https://wiki.example.com/agreements/3-may"
        await erin.modal.get_by_label("Your answer").fill(answer)
        await shoot(erin, erin.modal, "phone-answer")
        await erin.press("Answer", erin.modal)
        await erin.message("has a question", first, "You answered").wait_for()
        await erin.message("has a question", second).get_by_role("link", name="Reply").click()
        await erin.is_live()
        thread = erin.page.get_by_role("complementary", name="Thread")
        line = thread.get_by_label("Reply", exact=True)
        await line.fill("Dan does, on Thursday.")
        await line.press("Enter")
        await thread.get_by_text("You answered").wait_for()
    async with studio.desk("bob", width=390) as bob:
        await bob.message(*card, "Dan does").wait_for()
        await shoot(bob, bob.message(*card, "Under Review"), "phone-exchange")
        await bob.choose("Details", "Approve", bob.message(*card, "Under Review"))
        await bob.modal.get_by_text("Questions").scroll_into_view_if_needed()
        await shoot(bob, bob.modal, "phone-questions")


async def _confirmation(studio: Studio) -> None:
    """On a phone: the card, and what Approve asks before it is done."""
    async with studio.desk("bob", width=390) as bob:
        await bob.press("Approve", bob.message("MP-1"))
        await bob.page.get_by_role("dialog").wait_for()
        await shoot(bob, bob.page.locator("body"), "phone-confirm")
        await bob.press("Not yet", bob.page.get_by_role("dialog"))


async def _decide(studio: Studio) -> None:
    async with studio.desk("bob") as bob:
        await bob.press("Approve", bob.message("MP-1"))
        await bob.confirm("Approve")
        await bob.message("MP-1", "This request is approved.").wait_for()
        await bob.press("Reject", bob.message("MP-2"))
        await bob.modal.get_by_role("combobox", name="Kind of violation").click()
        await bob.modal.get_by_role("option", name="Personal data").click()
        reason = "The privacy text names no contact. Add one, then submit again."
        await bob.modal.get_by_label("Reason").fill(reason)
        await bob.press("Reject", bob.modal)
        await bob.message("MP-2", "Rejected").wait_for()


async def take_all() -> None:
    """Every picture, each from one telling of its story."""
    PICTURES.mkdir(exist_ok=True)
    for told in (story, who_decides, being_away, exchange):
        with TemporaryDirectory() as folder:
            async with (
                local_workspace(starts=STARTS) as play,
                play.page() as address,
                opened_browser() as browser,
            ):
                await told(Studio(play, browser, address, Path(folder)))


if __name__ == "__main__":
    asyncio.run(take_all())
