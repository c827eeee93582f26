"""A button carries which request and which revision, and nothing that was tampered with is read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.buttons import RequestRound
from bot.sandbox.limits.whole import objects


@given(st.integers(1, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_a_target_comes_back_as_it_was_sent(number: int, revision: int) -> None:
    assert RequestRound.parse(RequestRound(number, revision).encode()) == RequestRound(
        number, revision
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "128",  # no revision
        "128:",
        ":3",
        "-1:3",  # no request has such a number
        "128:-3",
        "0:1",  # they begin with 1
        "1e3:1",  # a number to float(), not to us
        "128:3 ",
        "128:3\n",  # where `$` would match
        "١٢٨:3",  # digits to int(), not to us
        "9" * 11 + ":1",  # more than a row id holds
        "1:" + "9" * 4000,  # more than int() takes from a text
        "128:3:4",  # no field is left over
        "0128:3",  # one number, one spelling
    ],
)
def test_anything_else_is_no_target(value: str) -> None:
    assert RequestRound.parse(value) is None


DRAWN = sorted((Path(__file__).parent / "golden").rglob("*.json"))


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_screen_reader_tells_every_button_by_what_it_is_about(drawn: Path) -> None:
    for button in objects(json.loads(drawn.read_text(encoding="utf-8"))):
        if button.get("type") != "button":
            continue
        label, spoken = button["text"]["text"], button.get("accessibility_label", "")
        assert spoken.startswith(label), button
        assert len(spoken) <= 75
        if RequestRound.parse(button.get("value", "")):
            assert spoken.startswith(f"{label}: MP-"), button
