"""The frame of a modal and of a home tab: docs.slack.dev/reference/views."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.limits.blocks import BLOCK
from bot.sandbox.limits.specs import (
    Anything,
    Complaint,
    Flag,
    Many,
    Shape,
    Spec,
    Text,
    Words,
    listed,
)

BLOCKS_PER_VIEW = 100


def _submit_for_inputs(view: Mapping[str, Any], at: str) -> Iterator[Complaint]:
    """Slack: submit is required in a modal with an input block."""
    blocks = [each for each in listed(view, "blocks") if isinstance(each, Mapping)]
    if any(each.get("type") == "input" for each in blocks) and view.get("submit") is None:
        yield Complaint(at, "must define `submit` to use an `input` block in modals")


_FRAME: dict[str, Spec] = {
    "type": Anything(),
    "blocks": Many(BLOCK, BLOCKS_PER_VIEW),
    "private_metadata": Words(3000, shortest=0),
    "callback_id": Words(255),
    "external_id": Words(255, shortest=0),
}

VIEWS: dict[str, Shape] = {
    "modal": Shape(
        {
            **_FRAME,
            "title": Text(24),
            "submit": Text(24),
            "close": Text(24),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
            "submit_disabled": Flag(),
        },
        required=("type", "title", "blocks"),
        rules=(_submit_for_inputs,),
    ),
    "home": Shape(_FRAME, required=("type", "blocks")),
}
