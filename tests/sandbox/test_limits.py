"""Slack's limits: each once at the edge, where Slack still takes it, and once over."""

from collections.abc import Callable, Iterator

import pytest

from bot.sandbox.limits import options_problems
from tests.sandbox.block_kit import (
    Json,
    actions,
    asking,
    beside,
    button,
    buttons,
    card,
    confirmed,
    container,
    message,
    modal,
    mrkdwn,
    option,
    options,
    picture,
    plain,
    refusals,
    section,
    select,
    table,
    typed,
    url,
)

Make = Callable[[int], Json]

IN_MESSAGES: list[tuple[str, Make, int]] = [
    ("/block_id", lambda n: section(block_id="x" * n), 255),
    ("/text/text", lambda n: section(text=mrkdwn(n)), 3000),
    ("/fields", lambda n: section(fields=[mrkdwn()] * n), 10),
    ("/fields/0/text", lambda n: section(fields=[mrkdwn(n)]), 2000),
    ("/text/text", lambda n: {"type": "header", "text": plain(n)}, 150),
    ("/text", lambda n: {"type": "markdown", "text": "x" * n}, 12000),
    ("/elements", lambda n: actions(*buttons(n)), 25),
    ("/elements", lambda n: {"type": "context", "elements": [mrkdwn()] * n}, 10),
    ("/image_url", lambda n: picture(image_url=url(n)), 3000),
    ("/alt_text", lambda n: picture(alt_text="x" * n), 2000),
    ("/title/text", lambda n: picture(title=plain(n)), 2000),
    ("/rows", lambda n: table(rows=n), 100),
    ("/rows/0", lambda n: table(columns=n), 20),
    ("/column_settings", lambda n: table(column_settings=[{"align": "left"}] * n), 20),
    ("/title/text", lambda n: card(title=mrkdwn(n)), 150),
    ("/subtitle/text", lambda n: card(subtitle=mrkdwn(n)), 150),
    ("/body/text", lambda n: card(body=mrkdwn(n)), 200),
    ("/actions", lambda n: card(actions=buttons(n)), 3),
    ("/elements", lambda n: {"type": "carousel", "elements": [card()] * n}, 10),
    ("/title/text", lambda n: container(title=plain(n)), 150),
    ("/child_blocks", lambda n: container(child_blocks=[section()] * n), 10),
    ("/accessory/text/text", lambda n: beside(button(text=plain(n))), 75),
    ("/accessory/value", lambda n: beside(button(value="x" * n)), 2000),
    ("/accessory/url", lambda n: beside(button(url=url(n))), 3000),
    ("/accessory/action_id", lambda n: beside(button(action_id="x" * n)), 255),
    ("/accessory/confirm/title/text", lambda n: confirmed(title=plain(n)), 100),
    ("/accessory/confirm/text/text", lambda n: confirmed(text=mrkdwn(n)), 300),
    ("/accessory/confirm/confirm/text", lambda n: confirmed(confirm=plain(n)), 30),
    ("/accessory/confirm/deny/text", lambda n: confirmed(deny=plain(n)), 30),
    ("/accessory/options", lambda n: beside({"type": "overflow", "options": options(n)}), 5),
    ("/accessory/options", lambda n: beside({"type": "checkboxes", "options": options(n)}), 10),
    ("/accessory/options", lambda n: beside({"type": "radio_buttons", "options": options(n)}), 10),
    ("/accessory/options", lambda n: beside(select(options=options(n))), 100),
    (
        "/accessory/option_groups",
        lambda n: beside(select(option_groups=[{"label": plain(), "options": options(1)}] * n)),
        100,
    ),
    (
        "/accessory/option_groups/0/options",
        lambda n: beside(select(option_groups=[{"label": plain(), "options": options(n)}])),
        100,
    ),
    (
        "/accessory/option_groups/0/label/text",
        lambda n: beside(select(option_groups=[{"label": plain(n), "options": options(1)}])),
        75,
    ),
    ("/accessory/options/0/text/text", lambda n: beside(select(options=[option(text=n)])), 75),
    (
        "/accessory/options/0/value",
        lambda n: beside(select(options=[{"text": plain(), "value": "x" * n}])),
        150,
    ),
    (
        "/accessory/options/0/description/text",
        lambda n: beside(select(options=[option(description=plain(n))])),
        75,
    ),
    (
        "/accessory/placeholder/text",
        lambda n: beside(select(options=options(1), placeholder=plain(n))),
        150,
    ),
]

IN_VIEWS: list[tuple[str, Make, int]] = [
    ("/title/text", lambda n: modal(title=plain(n)), 24),
    ("/submit/text", lambda n: modal(submit=plain(n)), 24),
    ("/close/text", lambda n: modal(close=plain(n)), 24),
    ("/private_metadata", lambda n: modal(private_metadata="x" * n), 3000),
    ("/callback_id", lambda n: modal(callback_id="x" * n), 255),
    ("/external_id", lambda n: modal(external_id="x" * n), 255),
    ("/blocks", lambda n: modal(*[section()] * n), 100),
    ("/blocks", lambda n: {"type": "home", "blocks": [section()] * n}, 100),
    ("/blocks/0/label/text", lambda n: modal(asking(typed(), label=plain(n))), 2000),
    ("/blocks/0/hint/text", lambda n: modal(asking(typed(), hint=plain(n))), 2000),
    ("/blocks/0/text/text", lambda n: modal({"type": "alert", "text": mrkdwn(n)}), 200),
    ("/blocks/0/element/max_length", lambda n: modal(asking(typed(max_length=n))), 3000),
    ("/blocks/0/element/min_length", lambda n: modal(asking(typed(min_length=n))), 3000),
    (
        "/blocks/0/element/initial_value",
        lambda n: modal(asking(typed(initial_value="x" * n))),
        3000,
    ),
    (
        "/blocks/0/element/placeholder/text",
        lambda n: modal(asking(typed(placeholder=plain(n)))),
        150,
    ),
    (
        "/blocks/0/element/max_files",
        lambda n: modal(asking({"type": "file_input", "max_files": n})),
        10,
    ),
]


def ids(rows: list[tuple[str, Make, int]]) -> Iterator[str]:
    return (f"{index} {pointer} {limit}" for index, (pointer, _, limit) in enumerate(rows))


@pytest.mark.parametrize(("pointer", "make", "limit"), IN_MESSAGES, ids=ids(IN_MESSAGES))
def test_a_message_is_taken_at_the_limit_and_refused_over_it(
    pointer: str, make: Make, limit: int
) -> None:
    assert refusals(message(make(limit))) == []
    assert ("invalid_blocks", f"/blocks/0{pointer}") in refusals(message(make(limit + 1)))


@pytest.mark.parametrize(("pointer", "make", "limit"), IN_VIEWS, ids=ids(IN_VIEWS))
def test_a_view_is_taken_at_the_limit_and_refused_over_it(
    pointer: str, make: Make, limit: int
) -> None:
    assert refusals(make(limit)) == []
    assert refusals(make(limit + 1)) == [("invalid_arguments", f"/view{pointer}")]


@pytest.mark.parametrize(
    ("code", "make", "limit"),
    [
        ("msg_too_long", lambda n: {"text": "x" * n}, 40_000),
        ("invalid_blocks", lambda n: message(*[{"type": "divider"}] * n), 50),
        ("msg_blocks_too_long", lambda n: message(*[section(text=mrkdwn(2000))] * 6,
                                                  section(text=mrkdwn(n))), 1171),
        ("msg_too_long", lambda n: message({"type": "markdown", "text": "x" * 11_000},
                                           {"type": "markdown", "text": "x" * n}), 1000),
    ],
    ids=["text", "blocks", "text of all blocks", "markdown together"],
)  # fmt: skip
def test_a_whole_message_has_limits_of_its_own(code: str, make: Make, limit: int) -> None:
    assert refusals(make(limit)) == []
    assert [found for found, _ in refusals(make(limit + 1))] == [code]


def test_characters_are_counted_and_not_bytes() -> None:
    assert (
        refusals(message({"type": "header", "text": {"type": "plain_text", "text": "审" * 150}}))
        == []
    )


def test_a_menu_is_answered_with_at_most_a_hundred_options() -> None:
    assert options_problems({"options": options(100)}) == []
    assert options_problems({"options": []}) == []
    assert [found.pointer for found in options_problems({"options": options(101)})] == ["/options"]
