"""Small valid pieces of Block Kit for tests to bend."""

from typing import Any

from bot.sandbox.limits import message_problems, view_problems

Json = dict[str, Any]


def plain(length: int = 1) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int = 1) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def url(length: int) -> str:
    return "https://example.com/".ljust(length, "x")


def option(number: int = 0, text: int = 1, **more: Any) -> Json:
    return {"text": plain(text), "value": str(number), **more}


def options(count: int) -> list[Json]:
    return [option(number) for number in range(count)]


def button(number: int = 0, **more: Any) -> Json:
    return {"type": "button", "text": plain(), "action_id": f"b{number}", **more}


def buttons(count: int) -> list[Json]:
    return [button(number) for number in range(count)]


def picture(**more: Any) -> Json:
    return {"type": "image", "image_url": url(30), "alt_text": "logo", **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def beside(element: Json) -> Json:
    return section(accessory=element)


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def confirmed(**more: Any) -> Json:
    parts = {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain()}
    return beside(button(confirm={**parts, **more}))


def asking(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain(), "element": element, **more}


def typed(**more: Any) -> Json:
    return {"type": "plain_text_input", **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", **more}


def table(rows: int = 1, columns: int = 1, **more: Any) -> Json:
    row = [{"type": "raw_text", "text": "x"}] * columns
    return {"type": "table", "rows": [row] * rows, **more}


def card(**more: Any) -> Json:
    return {"type": "card", "title": plain(), **more}


def container(**more: Any) -> Json:
    return {"type": "container", "title": plain(), "child_blocks": [section()], **more}


def modal(*blocks: Json, **more: Any) -> Json:
    shown = list(blocks) or [section()]
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": shown, **more}


def message(*blocks: Json) -> Json:
    return {"text": "fallback", "blocks": list(blocks)}


def refusals(payload: Json) -> list[tuple[str, str]]:
    """Slack's error codes and pointers for a message or view."""
    check = view_problems if payload.get("type") in ("modal", "home") else message_problems
    return [(problem.code, problem.pointer) for problem in check(payload)]
