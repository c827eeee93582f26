"""Slack's layout blocks, as a table: what each may hold, and where it may show.

One row a type. Unless a row says otherwise its source is the block's page under
docs.slack.dev/reference/block-kit/blocks. Where Slack's pages and third parties disagree,
the stricter word stands: what passes here must pass at Slack.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.limits.elements import (
    ELEMENTS,
    MESSAGE,
    MODAL,
    PICTURE_URL,
    PLAIN_OR_MRKDWN,
    SELECTS,
    SLACK_FILE,
    URL,
)
from bot.sandbox.limits.rich_text import PARTS, TOP
from bot.sandbox.limits.specs import (
    Anything,
    Choice,
    Complaint,
    Flag,
    Kind,
    Many,
    Number,
    Rule,
    Shape,
    Spec,
    Surface,
    Text,
    Whole,
    Words,
    at_least_one,
    exactly_one,
    listed,
)

BLOCK_ID = Words(255)
ANY_TEXT = Text(3000, PLAIN_OR_MRKDWN)

_IMAGE: dict[str, Spec] = {
    "type": Choice("image"),
    "image_url": PICTURE_URL,
    "slack_file": SLACK_FILE,
    "alt_text": Words(2000),
}
_ONE_SOURCE = exactly_one("image_url", "slack_file")
# the image element; the image block of the same type also has a title and a block_id
PICTURE = Shape(_IMAGE, ("type", "alt_text"), (_ONE_SOURCE,))

# api.slack.com/reference/block-kit/block-elements: which element in which block
_PICKED = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *SELECTS)
_PRESSED = ("button", "workflow_button", "overflow")
ACCESSORIES = Kind(*_PRESSED, *_PICKED, image=PICTURE)
ACTIONS = Kind(*_PRESSED, *_PICKED, "datetimepicker")
INPUTS = Kind(
    *_PICKED,
    "datetimepicker",
    "plain_text_input",
    "rich_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "file_input",
)


def _not_beside(name: str, other: str) -> Rule:
    def rule(value: Mapping[str, Any], at: str) -> Iterator[Complaint]:
        if value.get(name) and value.get(other):
            yield Complaint(f"{at}/{other}", f"cannot be set when {name} is")

    return rule


def _rows_within(rows: int, columns: int) -> Rule:
    """Tables: so many rows and columns at most. The rows' own type is checked by their spec."""

    def rule(value: Mapping[str, Any], at: str) -> Iterator[Complaint]:
        table = listed(value, "rows")
        if len(table) > rows:
            yield Complaint(f"{at}/rows", f"no more than {rows} items allowed")
        for index, row in enumerate(table):
            if isinstance(row, list) and len(row) > columns:
                yield Complaint(f"{at}/rows/{index}", f"no more than {columns} items allowed")

    return rule


def _data_table_is_even(value: Mapping[str, Any], at: str) -> Iterator[Complaint]:
    """Slack: all rows of a data table are of one length, and its header takes no rich text."""
    rows = [row for row in listed(value, "rows") if isinstance(row, list)]
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield Complaint(f"{at}/rows/{index}", "must have as many cells as the header")
    for index, cell in enumerate(rows[0] if rows else []):
        if isinstance(cell, Mapping) and cell.get("type") == "rich_text":
            yield Complaint(f"{at}/rows/0/{index}/type", "unsupported type in a header: rich_text")


def _block(*required: str, **fields: Spec) -> Shape:
    return Shape({"type": Anything(), "block_id": BLOCK_ID, **fields}, required)


_CELL = Kind("raw_text", "raw_number", "rich_text")
_ROWS = Many(Many(_CELL))
_COLUMN = Shape({"align": Choice("left", "center", "right"), "is_wrapped": Flag()})
_STATUS = Choice("pending", "in_progress", "complete", "error")
_CHILD = Kind(
    *("actions", "context", "divider", "file", "header", "image"),
    *("input", "rich_text", "section", "table", "video"),
)
_HOME_TOO = MESSAGE | frozenset[Surface](("home",))

BLOCKS: dict[str, Shape] = {
    "section": _block(
        text=ANY_TEXT,
        fields=Many(Text(2000, PLAIN_OR_MRKDWN), 10),
        accessory=ACCESSORIES,
        expand=Flag(),
    ).ruled(at_least_one("text", "fields")),
    "actions": _block("elements", elements=Many(ACTIONS, 25)),
    "context": _block(
        "elements", elements=Many(Kind(plain_text=ANY_TEXT, mrkdwn=ANY_TEXT, image=PICTURE), 10)
    ),
    "divider": _block(),
    "header": _block("text", text=Text(150)),
    "image": _block("alt_text", title=Text(2000), **_IMAGE).ruled(_ONE_SOURCE),
    "input": _block(
        "label",
        "element",
        label=Text(2000),
        element=INPUTS,
        dispatch_action=Flag(),
        hint=Text(2000),
        optional=Flag(),
    ),
    "rich_text": _block("elements", elements=Many(TOP)),
    "markdown": _block("text", text=Words(12000)).only(MESSAGE),
    # the page lists messages alone; third parties also saw it in home tabs
    "table": _block("rows", rows=_ROWS, column_settings=Many(_COLUMN, 20, least=0))
    .ruled(_rows_within(100, 20))
    .only(MESSAGE),
    # the stored page says 101 rows with the header, newer sources 201
    "data_table": _block(
        "rows",
        "caption",
        caption=Words(),
        rows=Many(Many(_CELL), least=2),
        page_size=Whole(1, 100),
        row_header_column_index=Whole(0, 19),
    )
    .ruled(_rows_within(101, 20), _data_table_is_even)
    .only(MESSAGE),
    "data_visualization": _block("title", "chart", title=Words(50), chart=Anything()).only(MESSAGE),
    # text 200: the Java SDK's model of the block; surface: the SDKs' notes on it
    "alert": _block(
        "text",
        text=Text(200, PLAIN_OR_MRKDWN),
        level=Choice("default", "info", "warning", "error", "success"),
    ).only(MODAL),
    # three buttons at most: PyPI slackblocks 3.0.0
    "card": _block(
        hero_image=PICTURE,
        icon=PICTURE,
        title=Text(150, PLAIN_OR_MRKDWN),
        subtitle=Text(150, PLAIN_OR_MRKDWN),
        body=Text(200, PLAIN_OR_MRKDWN),
        actions=Many(Kind("button"), 3),
    ).ruled(at_least_one("hero_image", "title", "actions", "body")),
    "carousel": _block("elements", elements=Many(Kind("card"), 10)).only(_HOME_TOO),
    "container": _block(
        "child_blocks",
        title=Text(150),
        rich_text_title=Kind("rich_text"),
        subtitle=Text(150, PLAIN_OR_MRKDWN),
        icon=PICTURE,
        width=Choice("narrow", "standard", "wide", "full"),
        is_collapsible=Flag(),
        default_collapsed=Flag(),
        has_header_divider=Flag(),
        child_blocks=Many(_CHILD, 10),
    )
    .ruled(
        at_least_one("title", "rich_text_title"),
        _not_beside("is_collapsible", "has_header_divider"),
    )
    .only(MESSAGE),
    "context_actions": _block(
        "elements", elements=Many(Kind("feedback_buttons", "icon_button"), 5)
    ).only(MESSAGE),
    "task_card": _block(
        "task_id",
        "title",
        "status",
        task_id=Words(),
        title=Words(),
        details=Kind("rich_text"),
        output=Kind("rich_text"),
        sources=Many(Kind("url"), least=0),
        status=_STATUS,
    ).only(MESSAGE),
    # 50 tasks: PyPI slackblocks 3.0.0
    "plan": _block("title", title=Words(), tasks=Many(Kind("task_card"), 50, least=0)).only(
        MESSAGE
    ),
    "video": _block(
        "alt_text",
        "video_url",
        "thumbnail_url",
        "title",
        alt_text=Words(2000),
        video_url=PICTURE_URL,
        thumbnail_url=PICTURE_URL,
        # "less than 200" and "less than 50 characters", so 199 and 49
        title=Text(199),
        title_url=PICTURE_URL,
        description=Text(200),
        provider_name=Words(49),
        provider_icon_url=PICTURE_URL,
        author_name=Words(49),
    ),
    # files.remote.share; Slack writes "remote" as the only source
    "file": _block("external_id", "source", external_id=Words(), source=Choice("remote")).only(
        MESSAGE
    ),
    "call": _block(
        "call_id", call_id=Words(), api_decoration_available=Flag(), call=Anything()
    ).only(MESSAGE),
    # lengths: python-slack-sdk AuthProviderBlock
    "auth_provider": _block(
        "value",
        "name",
        "is_connected",
        value=Words(150),
        name=Text(75),
        is_connected=Flag(),
        description=Text(150),
        icon_url=URL,
        auth_url=URL,
        disconnect_url=URL,
        connected_identity=Text(75),
        connected_context=Text(75),
        accessory=Anything(),
        fallback=Anything(),
    ).only(MESSAGE),
}

_LEAVES: dict[str, Shape] = {
    "raw_text": Shape({"type": Anything(), "text": Words()}, ("text",)),
    "raw_number": Shape({"type": Anything(), "value": Number(), "text": Words()}, ("value",)),
    "url": Shape({"type": Anything(), "url": URL, "text": Words()}, ("url",)),
}

BLOCK = Kind(*BLOCKS)
BOOK: dict[str, Shape] = {**PARTS, **ELEMENTS, **_LEAVES, **BLOCKS}
