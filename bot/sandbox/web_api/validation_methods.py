"""blocks.validate: what Slack would refuse, without sending it."""

from typing import Any

from bot.sandbox.limits import Problem, message_problems, view_problems
from bot.sandbox.state.refusal import Refusal
from bot.sandbox.state.workspace_state import WorkspaceState
from bot.sandbox.web_api.arguments import Arguments

Json = dict[str, Any]
_KINDS = ("blocks", "message", "view")


def validate(_workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Exactly one of blocks, message and view, JSON-encoded; every problem with its pointer."""
    given = [kind for kind in _KINDS if kind in arguments]
    if len(given) != 1:
        raise Refusal("invalid_arguments")
    (kind,) = given
    problems = _problems(kind, arguments.structure(kind))
    if problems:
        raise Refusal(f"invalid_{kind}", errors=[_error(problem) for problem in problems])
    return {}


def _problems(kind: str, value: Any) -> list[Problem]:
    if kind == "view":
        return view_problems(value)
    # It does not miss a fallback text.
    content = value if isinstance(value, dict) else {"blocks": value}
    return message_problems({"text": "-", **content})


def _error(problem: Problem) -> Json:
    code = "failed_constraint"
    return {"pointer": problem.pointer, "code": code, "message": problem.message}
