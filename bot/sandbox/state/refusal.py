"""How Slack says no."""

from typing import Any


class Refusal(Exception):  # noqa: N818  (an answer of Slack, not a failure)
    """Slack says no: `{"ok": false, "error": code}` plus whatever else the answer carries."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    def answer(self) -> dict[str, Any]:
        """The body Slack would send."""
        return {"ok": False, "error": self.code, **self.more}
