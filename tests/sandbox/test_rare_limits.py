"""The limits of blocks and elements that few apps use: at the edge and once over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sandbox.block_kit import (
    Json,
    actions,
    asking,
    beside,
    button,
    container,
    message,
    modal,
    mrkdwn,
    option,
    options,
    plain,
    refusals,
    table,
    url,
)

Make = Callable[[int], Json]
TASK = {"type": "task_card", "task_id": "t", "title": "x", "status": "complete"}


def choices(**more: Any) -> Json:
    return beside({"type": "checkboxes", "options": [{**option(), **more}]})


def icon(**more: Any) -> Json:
    element = {"type": "icon_button", "icon": "trash", "text": plain(), **more}
    return {"type": "context_actions", "elements": [element]}


def feedback(**more: Any) -> Json:
    one = {"text": plain(), "value": "x"}
    both = {"positive_button": {**one, **more}, "negative_button": one}
    return {"type": "context_actions", "elements": [{"type": "feedback_buttons", **both}]}


def workflow(**more: Any) -> Json:
    start = {"trigger": {"url": url(30)}}
    return actions({"type": "workflow_button", "text": plain(), "workflow": start, **more})


def data_table(rows: int = 2, columns: int = 1, **more: Any) -> Json:
    return {**table(rows, columns), "type": "data_table", "caption": "x", **more}


def video(**more: Any) -> Json:
    links = {"video_url": url(30), "thumbnail_url": url(30)}
    return {"type": "video", "alt_text": "x", "title": plain(), **links, **more}


def provider(**more: Any) -> Json:
    base = {"type": "auth_provider", "value": "x", "name": plain(), "is_connected": True}
    return {**base, **more}


def chart(title: str) -> Json:
    return {"type": "data_visualization", "title": title, "chart": {"type": "pie"}}


def people(count: int) -> list[str]:
    return [f"U{number}" for number in range(count)]


IN_MESSAGES: list[tuple[str, Make, int]] = [
    ("/accessory/options/0/text/text", lambda n: choices(text=mrkdwn(n)), 75),
    ("/accessory/options/0/value", lambda n: choices(value="x" * n), 150),
    ("/accessory/options/0/description/text", lambda n: choices(description=mrkdwn(n)), 75),
    ("/elements/0/positive_button/text/text", lambda n: feedback(text=plain(n)), 75),
    ("/elements/0/positive_button/value", lambda n: feedback(value="x" * n), 2000),
    (
        "/elements/0/positive_button/accessibility_label",
        lambda n: feedback(accessibility_label="x" * n),
        75,
    ),
    ("/elements/0/text/text", lambda n: icon(text=plain(n)), 75),
    ("/elements/0/value", lambda n: icon(value="x" * n), 2000),
    ("/elements/0/accessibility_label", lambda n: icon(accessibility_label="x" * n), 75),
    ("/elements/0/visible_to_user_ids", lambda n: icon(visible_to_user_ids=people(n)), 10),
    ("/elements", lambda n: {**icon(), "elements": icon()["elements"] * n}, 5),
    ("/elements/0/text/text", lambda n: workflow(text=plain(n)), 75),
    ("/elements/0/accessibility_label", lambda n: workflow(accessibility_label="x" * n), 75),
    (
        "/elements/0/accessibility_label",
        lambda n: actions(button(accessibility_label="x" * n)),
        75,
    ),
    ("/elements/0/agent_prompt", lambda n: actions(button(agent_prompt="x" * n)), 4000),
    (
        "/elements/0/visible_to_user_ids",
        lambda n: actions(button(visible_to_user_ids=people(n))),
        10,
    ),
    (
        "/accessory/initial_options",
        lambda n: beside({"type": "multi_external_select", "initial_options": options(n)}),
        100,
    ),
    ("/page_size", lambda n: data_table(page_size=n), 100),
    ("/row_header_column_index", lambda n: data_table(row_header_column_index=n), 19),
    ("/rows", lambda n: data_table(rows=n), 101),
    ("/rows/0", lambda n: data_table(columns=n), 20),
    ("/title", lambda n: chart("x" * n), 50),
    ("/subtitle/text", lambda n: container(subtitle=plain(n)), 150),
    ("/tasks", lambda n: {"type": "plan", "title": "x", "tasks": [TASK] * n}, 50),
    ("/alt_text", lambda n: video(alt_text="x" * n), 2000),
    ("/title/text", lambda n: video(title=plain(n)), 199),
    ("/description/text", lambda n: video(description=plain(n)), 200),
    ("/provider_name", lambda n: video(provider_name="x" * n), 49),
    ("/author_name", lambda n: video(author_name="x" * n), 49),
    ("/value", lambda n: provider(value="x" * n), 150),
    ("/name/text", lambda n: provider(name=plain(n)), 75),
    ("/description/text", lambda n: provider(description=plain(n)), 150),
    ("/connected_identity/text", lambda n: provider(connected_identity=plain(n)), 75),
    ("/connected_context/text", lambda n: provider(connected_context=plain(n)), 75),
]


def ids() -> Iterator[str]:
    return (f"{index} {pointer}" for index, (pointer, _, _) in enumerate(IN_MESSAGES))


@pytest.mark.parametrize(("pointer", "make", "limit"), IN_MESSAGES, ids=ids())
def test_a_rare_block_is_taken_at_the_limit_and_refused_over_it(
    pointer: str, make: Make, limit: int
) -> None:
    assert refusals(message(make(limit))) == []
    assert ("invalid_blocks", f"/blocks/0{pointer}") in refusals(message(make(limit + 1)))


@pytest.mark.parametrize("name", ["min_lines", "max_lines"])
def test_a_rich_text_input_has_at_most_a_hundred_lines(name: str) -> None:
    assert refusals(modal(asking({"type": "rich_text_input", name: 100}))) == []
    over = refusals(modal(asking({"type": "rich_text_input", name: 101})))
    assert over == [("invalid_arguments", f"/view/blocks/0/element/{name}")]
