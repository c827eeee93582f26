"""What Slack refuses whatever its length: wrong shapes, wrong places, ids used twice."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models import blocks as sdk

from bot.sandbox.limits import message_problems, view_problems
from bot.sandbox.limits.blocks import BLOCKS, BOOK
from tests.sandbox.block_kit import (
    Json,
    actions,
    asking,
    beside,
    button,
    buttons,
    card,
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


@pytest.mark.parametrize("payload", [{}, {"text": " "}, {"text": "", "blocks": []}])
def test_a_message_without_text_and_blocks_is_refused(payload: Json) -> None:
    assert refusals(payload) == [("no_text", "/text")]


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "sectoin"}, "/type"),
        ({}, ""),
        ("words", ""),
        ({"type": ["section"]}, "/type"),
        (section(colour="red"), ""),
        ({"type": "section"}, ""),
        ({"type": "section", "text": "words"}, "/text"),
        (section(text=plain(0)), "/text/text"),
        (section(text={**plain(), "verbatim": True}), "/text"),
        (section(text={**mrkdwn(), "emoji": True}), "/text"),
        ({"type": "header", "text": mrkdwn()}, "/text/type"),
        (beside(button(text=mrkdwn())), "/accessory/text/type"),
        (beside(button(style="default")), "/accessory/style"),
        (beside(button(url="not a link")), "/accessory/url"),
        (beside(typed()), "/accessory/type"),
        (actions(), "/elements"),
        (beside(select(options=[])), "/accessory/options"),
        (beside(select()), "/accessory"),
        (beside(select(options=options(1), option_groups=[])), "/accessory"),
        (beside(select(options=options(2), initial_option=option(9))), "/accessory/initial_option"),
        (beside({"type": "datepicker", "initial_date": "20.11.2026"}), "/accessory/initial_date"),
        (asking(typed(min_length=9, max_length=8)), "/element/min_length"),
        (picture(image_url="http://example.com/x.png"), "/image_url"),
        ({"type": "image", "image_url": url(30)}, ""),
        ({"type": "image", "alt_text": "logo"}, ""),
        ({"type": "context", "elements": [picture(title=plain())]}, "/elements/0"),
        ({"type": "context", "elements": [button()]}, "/elements/0/type"),
        ({"type": "card"}, ""),
        (container(is_collapsible=True, has_header_divider=True), "/has_header_divider"),
        (
            {"type": "data_table", "caption": "c", "rows": [*table()["rows"], []]},
            "/rows/1",
        ),
    ],
)
def test_a_malformed_block_is_refused_where_it_is_wrong(block: Any, pointer: str) -> None:
    assert ("invalid_blocks", f"/blocks/0{pointer}") in refusals(message(block))


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        ({}, "/type"),
        (modal(asking(typed()), submit=None), ""),
        (modal(hash="1"), ""),
        ({"type": "home", "title": plain(), "blocks": [section()]}, ""),
        ({"type": "home", "blocks": []}, "/blocks"),
        ({"type": "modal", "title": plain()}, ""),
        (modal(asking({"type": "number_input"})), "/blocks/0/element"),
        (modal(*[asking(typed(focus_on_load=True))] * 2), "/blocks"),
    ],
)
def test_a_malformed_view_is_refused_where_it_is_wrong(view: Json, pointer: str) -> None:
    found = [(problem.code, problem.pointer) for problem in view_problems(view)]
    assert ("invalid_arguments", f"/view{pointer}") in found


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    rows = [section(text=mrkdwn(2500))] * 100
    assert "view_too_large" in [code for code, _ in refusals(modal(*rows))]


def test_an_id_used_twice_is_refused() -> None:
    twice = message(section(block_id="a"), section(block_id="a"))
    assert refusals(twice) == [("invalid_blocks", "/blocks/1/block_id")]
    same = message(actions(button(1), button(1)))
    assert refusals(same) == [("invalid_blocks", "/blocks/0/elements/1/action_id")]


def test_an_action_id_may_return_in_another_block() -> None:
    assert refusals(message(actions(button(1)), actions(button(1)))) == []


@pytest.mark.parametrize(
    ("surface", "block"),
    [
        ("message", {"type": "alert", "text": plain()}),
        ("modal", table()),
        ("home", table()),
        ("modal", {"type": "carousel", "elements": [card()]}),
        ("modal", {"type": "markdown", "text": "x"}),
        ("home", container()),
        ("home", actions({"type": "datetimepicker"})),
        ("message", asking({"type": "rich_text_input"})),
        ("message", asking({"type": "number_input", "is_decimal_allowed": False})),
    ],
)
def test_a_block_on_the_wrong_surface_is_refused(surface: str, block: Json) -> None:
    shown = {
        "message": message(block),
        "modal": modal(block),
        "home": {"type": "home", "blocks": [block]},
    }
    found = refusals(shown[surface])
    assert len(found) == 1
    assert found[0][1].endswith("/type")


def test_a_refusal_reads_like_slacks() -> None:
    (problem,) = message_problems(message(actions(*buttons(26))))
    assert str(problem) == "[ERROR] no more than 25 items allowed [json-pointer:/blocks/0/elements]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(sorted(BOOK)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "elements", "rows", "options", "text"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_json_can_make_the_check_fail_instead_of_refuse(block: Any) -> None:
    assert isinstance(message_problems(message(block)), list)
    assert isinstance(view_problems(modal(block)), list)


@given(st.sampled_from(sorted(BLOCKS)), st.dictionaries(st.text(max_size=9), JSON, max_size=2))
def test_a_block_of_known_type_with_any_inside_is_answered(kind: str, inside: Json) -> None:
    assert isinstance(message_problems(message({**inside, "type": kind})), list)


def sdk_kinds() -> Iterator[tuple[str, str, set[str]]]:
    """Every class of the installed slack_sdk that has a type, with what it can be built from."""
    for name, kind in inspect.getmembers(sdk, inspect.isclass):
        type_ = getattr(kind, "type", None)
        if isinstance(type_, str) and type_ in BOOK:
            arguments = set(inspect.signature(kind).parameters) - {"others"}
            yield name, type_, arguments


@pytest.mark.parametrize(("name", "kind", "properties"), list(sdk_kinds()))
def test_every_property_the_sdk_can_set_is_known(
    name: str, kind: str, properties: set[str]
) -> None:
    assert properties <= set(BOOK[kind].fields)


def test_every_block_of_the_sdk_is_known() -> None:
    kinds = [kind for _, kind in inspect.getmembers(sdk, inspect.isclass)]
    built = {kind.type for kind in kinds if issubclass(kind, sdk.Block) and kind is not sdk.Block}
    assert built <= set(BLOCKS)
