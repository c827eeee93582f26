"""Slack's composition objects and block elements, as a table.

One row a type. Unless a row says otherwise its source is the page of that element or object
under docs.slack.dev/reference/block-kit; "api page" is the overview of block elements at
api.slack.com/reference/block-kit/block-elements, which lists blocks and surfaces.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.limits.specs import (
    Anything,
    Choice,
    Complaint,
    Flag,
    Kind,
    Many,
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

PLAIN_OR_MRKDWN = ("plain_text", "mrkdwn")
MESSAGE: frozenset[Surface] = frozenset(("message",))
MODAL: frozenset[Surface] = frozenset(("modal",))

ACTION_ID = Words(255)
URL = Words(3000, pattern=r"[A-Za-z][A-Za-z0-9+.-]*:\S+", form="a valid URL")
# Slack fetches pictures itself and refuses anything that is not public https
PICTURE_URL = Words(3000, pattern=r"https://\S+", form="an https URL")
DATE = Words(pattern=r"\d{4}-\d{2}-\d{2}", form="a date as YYYY-MM-DD")
TIME = Words(pattern=r"([01]\d|2[0-3]):[0-5]\d", form="a time as HH:mm")
DECIMAL = Words(pattern=r"-?\d+(\.\d+)?", form="a number in a string")
SLACK_FILE = Shape({"id": Words(), "url": Words()}, rules=(exactly_one("id", "url"),))
STYLE = Choice("primary", "danger")

CONFIRM = Shape(
    {
        "title": Text(100),
        "text": Text(300, PLAIN_OR_MRKDWN),
        "confirm": Text(30),
        "deny": Text(30),
        "style": STYLE,
    },
    required=("title", "text", "confirm", "deny"),
)
# option: text 75, value 150, description 75; mrkdwn only in checkboxes and radio buttons,
# url only in an overflow menu
OPTION = Shape(
    {"text": Text(75), "value": Words(150), "description": Text(75)}, required=("text", "value")
)
RICH_OPTION = Shape(
    {
        "text": Text(75, PLAIN_OR_MRKDWN),
        "value": Words(150),
        "description": Text(75, PLAIN_OR_MRKDWN),
    },
    required=("text", "value"),
)
LINK_OPTION = Shape({**OPTION.fields, "url": URL}, required=("text", "value"))
OPTION_GROUP = Shape(
    {"label": Text(75), "options": Many(OPTION, 100)}, required=("label", "options")
)
CONVERSATION_FILTER = Shape(
    {
        "include": Many(Choice("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    },
    rules=(at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users"),),
)
DISPATCH_CONFIG = Shape(
    {"trigger_actions_on": Many(Choice("on_enter_pressed", "on_character_entered"), 2)},
    required=("trigger_actions_on",),
)
WORKFLOW = Shape(
    {
        "trigger": Shape(
            {"url": URL, "customizable_input_parameters": Anything()}, required=("url",)
        )
    },
    required=("trigger",),
)
FEEDBACK_BUTTON = Shape(
    {"text": Text(75), "value": Words(2000), "accessibility_label": Words(75)},
    required=("text", "value"),
)


def _offered(element: Mapping[str, Any]) -> list[Any]:
    groups = listed(element, "option_groups")
    inside = [option for group in groups for option in listed(group, "options")]
    return listed(element, "options") + inside


def _initial_is_offered(element: Mapping[str, Any], at: str) -> Iterator[Complaint]:
    """Slack: an initial option must exactly match one of the options."""
    offered = _offered(element)
    single = element.get("initial_option")
    if single is not None and single not in offered:
        yield Complaint(f"{at}/initial_option", "must match one of the provided options")
    for index, option in enumerate(listed(element, "initial_options")):
        if option not in offered:
            pointer = f"{at}/initial_options/{index}"
            yield Complaint(pointer, "must match one of the provided options")


def _lengths_in_order(element: Mapping[str, Any], at: str) -> Iterator[Complaint]:
    low, high = element.get("min_length"), element.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield Complaint(f"{at}/min_length", "must not be greater than max_length")


def _element(*required: str, **fields: Spec) -> Shape:
    # without an action_id Slack makes one up, so the property is not required
    return Shape({"type": Anything(), "action_id": ACTION_ID, **fields}, required)


_CONFIRM: dict[str, Spec] = {"confirm": CONFIRM}
_FIELD: dict[str, Spec] = {"focus_on_load": Flag(), "placeholder": Text(150)}
_TYPED: dict[str, Spec] = {**_FIELD, "dispatch_action_config": DISPATCH_CONFIG}
_MENU: dict[str, Spec] = {**_FIELD, **_CONFIRM}
_LISTED: dict[str, Spec] = {"options": Many(OPTION, 100), "option_groups": Many(OPTION_GROUP, 100)}
_MOST: dict[str, Spec] = {"max_selected_items": Whole(1)}
_IDS = Many(Words(), least=0)
_ONE_LIST = (exactly_one("options", "option_groups"), _initial_is_offered)
_CONVERSATIONS: dict[str, Spec] = {
    "default_to_current_conversation": Flag(),
    "filter": CONVERSATION_FILTER,
}
_RESPONSE: dict[str, Spec] = {"response_url_enabled": Flag()}

ELEMENTS: dict[str, Shape] = {
    "button": _element(
        "text",
        text=Text(75),
        url=URL,
        value=Words(2000, shortest=0),
        style=STYLE,
        accessibility_label=Words(75),
        agent_prompt=Words(4000),
        agent_prompt_display=Anything(),
        visible_to_user_ids=Many(Words(), 10),
        **_CONFIRM,
    ),
    # api page: messages only
    "workflow_button": _element(
        "text",
        "workflow",
        text=Text(75),
        workflow=WORKFLOW,
        style=STYLE,
        accessibility_label=Words(75),
    ).only(MESSAGE),
    "checkboxes": _element(
        "options",
        options=Many(RICH_OPTION, 10),
        initial_options=Many(RICH_OPTION),
        focus_on_load=Flag(),
        **_CONFIRM,
    ).ruled(_initial_is_offered),
    "radio_buttons": _element(
        "options",
        options=Many(RICH_OPTION, 10),
        initial_option=RICH_OPTION,
        focus_on_load=Flag(),
        **_CONFIRM,
    ).ruled(_initial_is_offered),
    "overflow": _element("options", options=Many(LINK_OPTION, 5), **_CONFIRM),
    "datepicker": _element(initial_date=DATE, **_MENU),
    "timepicker": _element(initial_time=TIME, timezone=Words(), **_MENU),
    # api page: modals and messages; a Unix time of ten digits
    "datetimepicker": _element(
        initial_date_time=Whole(1_000_000_000, 9_999_999_999), focus_on_load=Flag(), **_CONFIRM
    ).only(MESSAGE | MODAL),
    "static_select": _element(initial_option=OPTION, **_LISTED, **_MENU).ruled(*_ONE_LIST),
    "external_select": _element(initial_option=OPTION, min_query_length=Whole(0), **_MENU),
    "users_select": _element(initial_user=Words(), **_MENU),
    "conversations_select": _element(
        initial_conversation=Words(), **_CONVERSATIONS, **_RESPONSE, **_MENU
    ),
    "channels_select": _element(initial_channel=Words(), **_RESPONSE, **_MENU),
    "multi_static_select": _element(
        initial_options=Many(OPTION), **_LISTED, **_MOST, **_MENU
    ).ruled(*_ONE_LIST),
    "multi_external_select": _element(
        initial_options=Many(OPTION, 100), min_query_length=Whole(0), **_MOST, **_MENU
    ),
    "multi_users_select": _element(initial_users=_IDS, **_MOST, **_MENU),
    "multi_conversations_select": _element(
        initial_conversations=_IDS, **_CONVERSATIONS, **_MOST, **_MENU
    ),
    "multi_channels_select": _element(initial_channels=_IDS, **_MOST, **_MENU),
    "plain_text_input": _element(
        initial_value=Words(3000, shortest=0),
        multiline=Flag(),
        min_length=Whole(0, 3000),
        max_length=Whole(1, 3000),
        **_TYPED,
    ).ruled(_lengths_in_order),
    # api page: rich text input in modals and home tabs
    "rich_text_input": _element(
        initial_value=Kind("rich_text"), min_lines=Whole(1, 100), max_lines=Whole(1, 100), **_TYPED
    ).only(frozenset(("modal", "home"))),
    # api page: e-mail, URL, number and file inputs in modals alone
    "email_text_input": _element(initial_value=Words(shortest=0), **_TYPED).only(MODAL),
    "url_text_input": _element(initial_value=Words(shortest=0), **_TYPED).only(MODAL),
    "number_input": _element(
        "is_decimal_allowed",
        is_decimal_allowed=Flag(),
        initial_value=DECIMAL,
        min_value=DECIMAL,
        max_value=DECIMAL,
        **_TYPED,
    ).only(MODAL),
    "file_input": _element(filetypes=Many(Words()), max_files=Whole(1, 10)).only(MODAL),
    "feedback_buttons": _element(
        "positive_button",
        "negative_button",
        positive_button=FEEDBACK_BUTTON,
        negative_button=FEEDBACK_BUTTON,
    ),
    "icon_button": _element(
        "icon",
        "text",
        icon=Words(),
        text=Text(75),
        value=Words(2000),
        accessibility_label=Words(75),
        visible_to_user_ids=Many(Words(), 10),
        **_CONFIRM,
    ),
}

SELECTS = tuple(name for name in ELEMENTS if name.endswith("_select"))
