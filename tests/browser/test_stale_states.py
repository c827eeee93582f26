"""What the page does with a state of the workspace that was drawn before the person's own act.

Two delays bring it about: acts that reach the workspace late, and states that reach the page late.
In both, a control shows what the person chose until the answer is drawn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox.page import server
from bot.sandbox.page.site import Site
from bot.sandbox.state.views import View
from bot.sandbox.workspace import Workspace
from tests.browser.desk import Desk, expect, opened_browser
from tests.sandbox import pieces

if TYPE_CHECKING:
    from playwright.async_api import Locator, Route

pytestmark = pytest.mark.browser
Json = dict[str, Any]

COLOURS = pieces.options("red", "green", "blue")
CONFIRM = {
    name: pieces.text(words)
    for name, words in {"title": "Sure?", "text": "?", "confirm": "Yes", "deny": "No"}.items()
}
FORM = pieces.modal(
    pieces.field("one", {"type": "radio_buttons", "options": COLOURS}),
    pieces.field("some", {"type": "checkboxes", "options": COLOURS}),
    pieces.field("asking", {"type": "checkboxes", "options": COLOURS, "confirm": CONFIRM}),
    pieces.field("menu", {"type": "static_select", "options": COLOURS}),
    pieces.field("other", {"type": "static_select", "options": COLOURS}, optional=True),
    pieces.field("menus", {"type": "multi_static_select", "options": COLOURS}),
    pieces.field(
        "single", {"type": "multi_static_select", "options": COLOURS, "max_selected_items": 1}
    ),
    pieces.field("person", {"type": "users_select"}),
    pieces.field("people", {"type": "multi_users_select"}),
    pieces.field("search", {"type": "external_select"}),
    pieces.field("day", {"type": "datepicker"}),
    pieces.field("hour", {"type": "timepicker"}),
    pieces.field("moment", {"type": "datetimepicker"}),
    pieces.line("words"),
    pieces.field("lines", {"type": "plain_text_input", "multiline": True}),
    pieces.field("count", {"type": "number_input", "is_decimal_allowed": False}),
)
# States wait in the page while `late` is true, as they would on a slow connection.
SLOW_STREAM = """
window.late = false;
window.states = [];
window.first = new Promise((arrived) => (window.arrived = arrived));
window.EventSource = class extends EventSource {
  addEventListener(kind, listener) {
    super.addEventListener(kind, kind !== "message" ? listener : (event) => {
      if (!window.late) return listener(event);
      window.states.push(() => listener(event));
      window.arrived();
    });
  }
};
"""


@dataclass
class Line:
    """Alice's browser with the form in front, and the connection to the workspace."""

    desk: Desk
    workspace: Workspace
    view: View
    changes: int = 0
    sent: list[str] = field(default_factory=list)

    @property
    def form(self) -> "Locator":
        return self.desk.modal

    def change(self) -> str:
        """The app changes the form, as it may at any time; the words to see it by."""
        self.changes += 1
        words = f"Change number {self.changes}."
        note = {"type": "section", "block_id": "note", "text": pieces.text(words)}
        self.workspace.views.update(self.view, {**FORM, "blocks": [note, *FORM["blocks"]]})
        self.workspace.changed()
        return words

    async def new_state(self) -> None:
        """The app changes the form, and the page shows it."""
        await expect(self.form).to_contain_text(self.change())

    @asynccontextmanager
    async def late_acts(self) -> AsyncIterator[None]:
        """What alice does reaches the workspace at the end of the block."""
        may_go = asyncio.Event()

        async def wait(route: "Route") -> None:
            self.sent.append(route.request.url.rpartition("/")[2])
            await may_go.wait()
            await route.continue_()

        acts = f"{self.desk.address}/as/alice/*/*"
        await self.desk.page.route(acts, wait)
        yield
        may_go.set()

    @asynccontextmanager
    async def late_states(self) -> AsyncIterator[str]:
        """A state is drawn before alice acts and reaches the page after she was answered. Gives
        the words to see it by; what came later arrives after the block."""
        page = self.desk.page
        await self.new_state()  # what was on its way before has arrived
        await page.evaluate("window.late = true")
        words = self.change()
        await page.evaluate("window.first")
        yield words
        await page.evaluate("window.late = false; for (const state of window.states) state()")

    async def first_late_state(self) -> None:
        """The one that was drawn before alice acted."""
        await self.desk.page.evaluate("window.states.shift()()")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with Workspace() as workspace:
        alice = workspace.add_person("alice", real_name="Alice Santos")
        workspace.add_person("bob", real_name="Bob Reyes")
        site = Site(workspace, {"features": {"bot_user": {"display_name": "Gatekeeper"}}})
        async with server.serving(site) as address, opened_browser() as browser:
            desk = await Desk.open(browser, address, alice)
            await desk.page.add_init_script(SLOW_STREAM)
            view = workspace.views.open(alice.id, FORM)
            view.offered["search_value"] = COLOURS
            await desk.go(alice.dm.id)
            yield Line(desk, workspace, view)
            assert not desk.faults


Step = Callable[["Locator"], Awaitable[object]]


@dataclass(frozen=True)
class Use:
    """One way to use a control: what alice does, and what she sees from then on."""

    act: Step
    sees: Step


def ticked(group: str, kind: Any, name: str) -> Use:
    def box(form: "Locator") -> "Locator":
        return form.get_by_role("group", name=group, exact=True).get_by_role(kind, name=name)

    return Use(
        # Not `check`, which looks at once whether it worked.
        lambda form: box(form).click(),
        lambda form: expect(box(form)).to_be_checked(),
    )


def picked(menu: str, name: str) -> Use:
    async def pick(form: "Locator") -> None:
        await form.get_by_role("combobox", name=menu, exact=True).click()
        await form.get_by_role("option", name=name).click()

    def sees(form: "Locator") -> Awaitable[object]:
        return expect(form.get_by_role("combobox", name=menu, exact=True)).to_have_value(name)

    return Use(pick, sees)


def added(menu: str, *names: str) -> Use:
    async def pick(form: "Locator") -> None:
        box = form.get_by_role("combobox", name=menu, exact=True)
        await box.click()
        for name in names:
            await form.get_by_role("option", name=name).click()
        await box.press("Escape")

    def sees(form: "Locator") -> Awaitable[object]:
        chips = form.locator(".combo").filter(has=form.page.get_by_label(menu, exact=True))
        return expect(chips.locator(".chip")).to_have_text([f"{name}✕" for name in names])

    return Use(pick, sees)


def typed(label: str, value: str) -> Use:
    async def fill(form: "Locator") -> None:
        await form.get_by_label(label, exact=True).fill(value)
        await form.get_by_label(label, exact=True).blur()

    return Use(fill, lambda form: expect(form.get_by_label(label, exact=True)).to_have_value(value))


USES = (
    ticked("one", "radio", "Green"),
    ticked("some", "checkbox", "Green"),
    picked("menu", "Green"),
    added("menus", "Green", "Red"),
    picked("person", "Bob Reyes"),
    added("people", "Bob Reyes"),
    picked("search", "Blue"),
    typed("day", "2026-11-20"),
    typed("hour", "09:30"),
    typed("moment", "2026-11-20T10:14"),
    typed("words", "hello"),
    typed("lines", "one\ntwo"),
    typed("count", "12"),
)


async def test_acts_on_their_way_are_not_undone(line: Line) -> None:
    async with line.late_acts():
        for use in USES:
            await use.act(line.form)
            await line.new_state()
        for use in USES:
            await use.sees(line.form)
    await line.workspace.until(lambda: line.view.state["count"]["count_value"]["value"])
    await line.new_state()
    for use in USES:
        await use.sees(line.form)


async def test_answered_acts_are_not_undone_by_a_late_state(line: Line) -> None:
    async with line.late_states() as old:
        async with line.desk.page.expect_response(lambda r: '"12"' in (r.request.post_data or "")):
            for use in USES:
                await use.act(line.form)
        await line.first_late_state()
        await expect(line.form).to_contain_text(old)
        for use in USES:
            await use.sees(line.form)
    await line.new_state()
    for use in USES:
        await use.sees(line.form)


async def test_two_acts_on_one_control_wait_for_both_answers(line: Line) -> None:
    green, blue = ticked("one", "radio", "Green"), ticked("one", "radio", "Blue")
    async with line.late_acts():
        await green.act(line.form)
        await blue.act(line.form)
        await line.new_state()
        await blue.sees(line.form)
    await line.workspace.until(
        lambda: line.view.state["one"]["one_value"]["selected_option"] == COLOURS[2]
    )
    await line.new_state()
    await blue.sees(line.form)


async def test_what_was_chosen_elsewhere_is_shown(line: Line) -> None:
    await ticked("one", "radio", "Green").act(line.form)
    await line.workspace.until(lambda: line.view.state["one"]["one_value"]["selected_option"])
    await line.desk.person.choose(line.view, "one_value", "blue")
    await line.new_state()
    await ticked("one", "radio", "Blue").sees(line.form)


async def test_a_choice_the_workspace_refuses_is_taken_back(line: Line) -> None:
    await added("single", "Green", "Red").act(line.form)
    await expect(line.form).to_contain_text("takes at most 1")
    await added("single", "Green").sees(line.form)


async def test_a_choice_that_never_arrived_is_taken_back(line: Line) -> None:
    await line.desk.page.route("**/choose", lambda route: route.abort())
    await ticked("some", "checkbox", "Green").act(line.form)
    green = line.form.get_by_role("group", name="some").get_by_role("checkbox", name="Green")
    await expect(green).not_to_be_checked()
    line.desk.faults.clear()  # the browser logs the failed request


async def test_a_choice_that_was_not_confirmed_is_taken_back(line: Line) -> None:
    green = line.form.get_by_role("group", name="asking").get_by_role("checkbox", name="Green")
    await green.click()
    await line.new_state()
    await expect(green).to_be_checked()
    await line.desk.press("No", line.desk.page.locator("dialog.confirm"))
    await expect(green).not_to_be_checked()


async def test_a_menu_is_cleared_at_once(line: Line) -> None:
    box = line.form.get_by_role("combobox", name="other (optional)", exact=True)
    await box.click()
    await line.form.get_by_role("option", name="Green").click()
    clear = line.form.get_by_role("button", name="Clear")
    await clear.wait_for()
    async with line.late_acts():
        await clear.click()
        await line.new_state()
        await expect(box).to_have_value("")
    await expect(clear).to_have_count(0)
    await expect(box).to_have_value("")


async def test_words_that_are_still_being_typed_stay(line: Line) -> None:
    words = line.form.get_by_label("words", exact=True)
    await words.press_sequentially("ab")
    await words.press("ArrowLeft")
    await line.new_state()
    await expect(words).to_be_focused()
    await words.press_sequentially("-")
    await expect(words).to_have_value("a-b")


async def test_a_date_that_is_half_typed_stays(line: Line) -> None:
    day = line.form.get_by_label("day", exact=True)
    await day.press_sequentially("1120")
    await line.new_state()
    await expect(day).to_be_focused()
    await day.press_sequentially("2026")
    await expect(day).to_have_value("2026-11-20")


async def test_a_list_stays_open_and_filtered(line: Line) -> None:
    box = line.form.get_by_role("combobox", name="menus", exact=True)
    await box.press_sequentially("gre")
    await line.new_state()
    await expect(box).to_be_focused()
    await expect(box).to_have_value("gre")
    await expect(line.form.get_by_role("option").filter(visible=True)).to_have_text(["Green"])


async def test_a_form_is_sent_once_while_its_answer_is_awaited(line: Line) -> None:
    async with line.late_acts():
        await line.desk.press("Send", line.form)
        await line.new_state()
        await expect(line.form.get_by_role("button", name="Send")).to_have_attribute(
            "aria-busy", "true"
        )
        await line.form.get_by_label("words", exact=True).press("Enter")
        await line.new_state()
    # It was refused: fields are missing. Then it can be sent again.
    await expect(line.form).to_contain_text("Please complete this required field.")
    await line.desk.press("Send", line.form)
    assert line.sent.count("submit") == 2


async def test_old_errors_do_not_take_the_focus(line: Line) -> None:
    await line.desk.press("Send", line.form)
    first = line.form.get_by_role("radio", name="Red")
    await expect(first).to_be_focused()
    words = line.form.get_by_label("words", exact=True)
    async with line.late_acts():
        await words.press("Enter")
        await line.new_state()
        await expect(words).to_be_focused()
    await expect(first).to_be_focused()


@pytest.fixture
async def card(line: Line) -> "Locator":
    """A message with a menu and two buttons, below another message."""
    line.workspace.views.clear(line.desk.person.id)
    line.workspace.post(line.desk.person.dm, {"text": "An older message"})
    menu = {"type": "overflow", "action_id": "more", "options": COLOURS[:2]}
    blocks = pieces.actions(pieces.button("yes", "Yes"), pieces.button("no", "No"), menu)
    line.workspace.post(line.desk.person.dm, {"text": "A card", "blocks": blocks})
    found = line.desk.page.locator(".message").filter(has_text="Yes")
    await expect(found).to_be_visible()
    return found


def above(line: Line) -> Any:
    return next(iter(line.desk.person.dm.messages.values()))


async def test_a_menu_and_the_focus_stay_when_a_message_above_goes(
    line: Line, card: "Locator"
) -> None:
    await card.get_by_label("More actions").click()
    item = card.get_by_role("menuitem", name="Green")
    await item.focus()
    above(line).deleted = True
    line.workspace.changed()
    await expect(line.desk.page.get_by_text("An older message")).to_have_count(0)
    await expect(item).to_be_visible()
    await expect(item).to_be_focused()


async def test_the_focus_never_moves_to_another_button(line: Line, card: "Locator") -> None:
    await card.get_by_role("button", name="Yes").focus()
    *_, message = line.desk.person.dm.messages.values()
    line.workspace.fill(message, {"blocks": pieces.actions(pieces.button("no", "No"))})
    await expect(card.get_by_role("button", name="Yes")).to_have_count(0)
    await expect(line.desk.page.get_by_role("button", name="No")).not_to_be_focused()


async def test_a_button_stays_busy_until_it_is_answered(line: Line, card: "Locator") -> None:
    yes = card.get_by_role("button", name="Yes")
    async with line.late_acts():
        await yes.click()
        line.workspace.post(line.desk.person.dm, {"text": "Something else"})
        await expect(line.desk.message("Something else")).to_be_visible()
        await expect(yes).to_have_attribute("aria-busy", "true")
    await expect(yes).not_to_have_attribute("aria-busy", "true")
