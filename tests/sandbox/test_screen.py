"""What a person reads on the terminal's screen."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len

from bot.sandbox import screen
from bot.sandbox.limits import message_problems
from bot.sandbox.limits.blocks import BLOCKS
from tests.sandbox.block_kit import (
    Json,
    actions,
    asking,
    beside,
    button,
    card,
    container,
    modal,
    option,
    picture,
    section,
    select,
    table,
    typed,
)

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NAMES = {"U1": "Erin", "C1": "reviews", "S1": "wallet-team"}
MORNING = int(datetime(2026, 11, 20, 2, 14, tzinfo=UTC).timestamp())


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return section(text={"type": "mrkdwn", "text": text})


def read(*blocks: Json, tz: str = "Asia/Manila") -> str:
    return screen.text(list(blocks), names=NAMES.__getitem__, reader_tz=tz, now=NOW)


def drawn(*blocks: Json, **how: Any) -> str:
    payload = {"text": "fallback", "blocks": list(blocks)}
    seen_by = {"names": NAMES.__getitem__, "reader_tz": "Asia/Manila", "now": NOW}
    return screen.message(payload, **seen_by, **how)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("*bold* _italic_ ~strike~ `code`", "bold italic strike code"),
        ("_*both*_", "both"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("`*not bold*`", "*not bold*"),
        ("```a\nb```", "a\nb"),
        ("<https://example.com|The platform>", "The platform"),
        ("<https://example.com>", "https://example.com"),
        ("<@U1> in <#C1>", "@Erin in #reviews"),
        ("<@U1|old name>", "@Erin"),
        ("<!subteam^S1> <!here>", "@wallet-team @here"),
        ("&lt;@U1&gt; &amp; co", "<@U1> & co"),
        ("&amp;lt;", "&lt;"),
        (":wave: hello", ":wave: hello"),
        ("> said\nplain", "┃ said\nplain"),
    ],
)
def test_mrkdwn_reads_as_in_slack(source: str, shown: str) -> None:
    assert read(marked(source)) == shown


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{date_short_pretty} at {time}", "Today at 10:14 AM"),
        ("on {date_short_pretty}", "on today"),
        ("{date_num} {time_secs}", "2026-11-20 10:14:00 AM"),
        ("{date_long}", "Friday, November 20th, 2026"),
        ("{date_short}", "Nov 20, 2026"),
        ("{ago}", "1 hour ago"),
        ("{no_such_token}", "the fallback"),
    ],
)
def test_a_date_reads_in_the_readers_words(template: str, shown: str) -> None:
    assert read(marked(f"<!date^{MORNING}^{template}|the fallback>")) == shown


def test_a_date_reads_in_the_readers_zone() -> None:
    date = marked(f"<!date^{MORNING}^{{date_short_pretty}} at {{time}}|f>")
    assert read(date, tz="Europe/Berlin") == "Today at 3:14 AM"
    # 02:14 UTC and the reader's now, 04:00 UTC, are both still the 19th in Los Angeles
    assert read(date, tz="America/Los_Angeles") == "Today at 6:14 PM"


def test_plain_text_has_no_markup() -> None:
    assert read(section(text=words("*Tom* &amp; <b>"))) == "*Tom* & <b>"


def test_buttons_show_their_style_without_colour() -> None:
    row = actions(
        button(1, text=words("Approve"), style="primary"),
        button(2, text=words("Reject"), style="danger"),
        button(3, text=words("View details")),
    )
    assert "▸[ Approve ]  ![ Reject ]  [ View details ]" in drawn(row)
    assert read(row).splitlines() == ["▸[ Approve ]", "![ Reject ]", "[ View details ]"]


def test_a_menu_shows_its_choice_or_its_placeholder() -> None:
    offered = [option(text=1), {"text": words("Rejected"), "value": "r"}]
    menu = select(options=offered, placeholder=words("Any status"))
    assert "[ Any status v ]" in read(beside(menu))
    assert "[ Rejected v ]" in read(beside({**menu, "initial_option": offered[1]}))


def test_radio_buttons_show_which_is_chosen() -> None:
    offered = [{"text": words("One"), "value": "1"}, {"text": words("Two"), "value": "2"}]
    radio = {"type": "radio_buttons", "options": offered, "initial_option": offered[1]}
    assert read(actions(radio)).splitlines() == ["( ) One", "(•) Two"]


def test_fields_stand_in_two_columns_and_the_accessory_at_the_right() -> None:
    fields = section(text=None, fields=[words("Category"), words("Version")])
    (line,) = [line for line in drawn(fields).splitlines() if "Category" in line]
    assert "Version" in line
    (line,) = [line for line in drawn(beside(picture())).splitlines() if "logo" in line]
    assert line.endswith("(picture: logo) │")


def test_the_fallback_text_shows_only_without_blocks() -> None:
    assert "fallback" not in drawn(section())
    assert screen.text({"text": "*fallback*"}) == "fallback"


def test_a_frame_says_who_sees_it_and_that_it_was_edited() -> None:
    shown = drawn(section(), title="Bob [red]", ephemeral=True, edited=True)
    assert all(each in shown for each in ("Bob [red]", "Only visible to you", "(edited)"))
    assert "Only visible to you" not in drawn(section())


def test_every_line_fits_the_width() -> None:
    long = marked("审批 " * 80 + "x" * 200)
    shown = drawn(long, table(rows=3, columns=4), width=60)
    assert {cell_len(line) for line in shown.splitlines()} == {60}


def test_colour_is_there_only_when_asked_for() -> None:
    assert "\x1b[" not in drawn(marked("*bold*"))
    assert "\x1b[1m" in drawn(marked("*bold*"), color=True)


def test_a_modal_shows_its_frame_fields_and_buttons() -> None:
    name = asking(typed(placeholder=words("Bills Pay")), label=words("Name"), hint=words("As live"))
    form = modal(name, title=words("New request"), submit=words("Send"))
    expected = ["New request", "Name", "Bills Pay", "As live", "[ Cancel ]", "▸[ Send ]"]
    assert screen.text(form).splitlines() == expected


def test_an_error_stands_below_its_input() -> None:
    form = modal(asking(typed(), block_id="name", label=words("Name"), optional=True))
    seen_by = {"names": str, "reader_tz": "UTC", "now": NOW}
    shown = screen.view(form, **seen_by, errors={"name": "Give it a name."})
    assert "! Give it a name." in shown
    assert "Name (optional)" in shown


def test_a_home_tab_has_no_buttons_of_its_own() -> None:
    assert screen.text({"type": "home", "blocks": [marked("hello")]}) == "Home\nhello"


def test_text_reads_messages_and_views_as_objects_too() -> None:
    assert screen.text(SimpleNamespace(text="f", blocks=[marked("hello")])) == "hello"
    assert "[ Cancel ]" in screen.text(SimpleNamespace(payload=modal()))


RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "ask ", "style": {"bold": True}},
                        {"type": "user", "user_id": "U1"},
                    ],
                }
            ],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
    ],
}


def test_rich_text_shows_lists_quotes_and_mentions() -> None:
    assert read(RICH).splitlines() == ["1. ask @Erin", "┃ said"]


RICH_WORDS = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "words"}]}],
}
ICON = {"type": "icon_button", "icon": "trash", "text": words("words")}
TASK = {"type": "task_card", "task_id": "t", "title": "words", "status": "complete"}
ONE_OF_EACH: list[Json] = [
    marked("words"),
    actions(button(text=words("words"))),
    {"type": "context", "elements": [words("words"), picture()]},
    {"type": "header", "text": words("words")},
    picture(alt_text="words"),
    asking(typed(), label=words("words")),
    RICH_WORDS,
    {"type": "markdown", "text": "words"},
    table(columns=2) | {"rows": [[{"type": "raw_text", "text": "words"}]]},
    {"type": "data_table", "caption": "words", "rows": table(rows=2)["rows"]},
    card(body=words("words")),
    {"type": "carousel", "elements": [card(title=words("words"))]},
    container(title=words("words")),
    {"type": "context_actions", "elements": [ICON]},
    TASK,
    {"type": "plan", "title": "words", "tasks": [TASK]},
    {
        "type": "video",
        "alt_text": "words",
        "title": words("words"),
        "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t",
    },
]
NOT_DRAWN = ("data_visualization", "file", "call", "auth_provider")


@pytest.mark.parametrize("block", ONE_OF_EACH, ids=lambda block: block["type"])
def test_a_block_that_slack_takes_is_drawn_with_its_words(block: Json) -> None:
    assert message_problems({"text": "f", "blocks": [block]}) == []
    assert "words" in read(block)
    assert "words" in drawn(block)


@pytest.mark.parametrize("kind", NOT_DRAWN)
def test_a_block_that_is_not_drawn_says_so(kind: str) -> None:
    assert read({"type": kind}) == f"(this block is not drawn here: {kind})"


def test_an_alert_stands_in_a_modal_with_its_level() -> None:
    alert = {"type": "alert", "level": "warning", "text": words("Careful")}
    assert "(!) Careful" in screen.text(modal(alert))


def test_no_known_block_is_left_out() -> None:
    drawn_kinds = {block["type"] for block in ONE_OF_EACH} | {"divider", "alert"}
    assert drawn_kinds | set(NOT_DRAWN) == set(BLOCKS)
