"""Messages and views of the app, checked against Slack's limits before they are kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox.limits import Problem, message_problems, view_problems
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.web_api.arguments import Arguments

Json = dict[str, Any]
# Slack: message metadata is limited to 8 KB.
_LARGEST_METADATA = 8000


def refuse_problems(problems: Iterable[Problem]) -> None:
    """Refuse with the first problem's code and every pointer, as Slack words it."""
    found = list(problems)
    if found:
        messages = [str(problem) for problem in found]
        errors = [message.removeprefix("[ERROR] ") for message in messages]
        metadata = {"messages": messages}
        raise Refusal(found[0].code, errors=errors, response_metadata=metadata)


def checked_message(arguments: Arguments) -> Json:
    """Text, blocks, metadata and thread_ts of a message, or a refusal."""
    content: Json = {"text": arguments.get("text"), "thread_ts": arguments.optional("thread_ts")}
    content["blocks"] = arguments.structure("blocks", otherwise="invalid_blocks_format")
    content["metadata"] = _metadata(arguments)
    given = {name: value for name, value in content.items() if value is not None}
    refuse_problems(message_problems(given))
    return given


def checked_view(payload: object) -> Json:
    """A view payload within Slack's limits, or a refusal."""
    if not isinstance(payload, Mapping):
        raise Refusal("invalid_arguments")
    refuse_problems(view_problems(payload))
    return dict(payload)


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.structure("metadata", otherwise="invalid_metadata_format")
    if not metadata:
        return None
    well_formed = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not well_formed or not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    if len(str(metadata)) > _LARGEST_METADATA:
        raise Refusal("metadata_too_large")
    return dict(metadata)
