"""Small messages and modals for tests about what people do with them."""

from typing import Any

Json = dict[str, Any]


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def button(action_id: str, words: str = "Press", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": text(words), **more}


def actions(*elements: Json) -> list[Json]:
    return [{"type": "actions", "block_id": "acts", "elements": list(elements)}]


def field(block_id: str, element: Json, **more: Any) -> Json:
    """An input block; its element gets the block's name with `_value` as action id."""
    named = {"action_id": f"{block_id}_value", **element}
    return {
        "type": "input",
        "block_id": block_id,
        "label": text(block_id),
        "element": named,
        **more,
    }


def line(block_id: str, **more: Any) -> Json:
    return field(block_id, {"type": "plain_text_input"}, **more)


def options(*values: str) -> list[Json]:
    return [{"text": text(value.title()), "value": value} for value in values]


def modal(*blocks: Json, title: str = "Form", **more: Any) -> Json:
    shown = list(blocks) or [line("name")]
    base = {"type": "modal", "callback_id": "form", "title": text(title), "submit": text("Send")}
    return {**base, "blocks": shown, **more}


def home(words: str) -> Json:
    return {"type": "home", "blocks": [{"type": "section", "text": text(words)}]}
