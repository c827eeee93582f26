"""Planned faults of Slack: lost connections, slow answers, errors.

A call that meets a fault uses it up once, so a test says exactly how often Slack fails.
"""

from dataclasses import dataclass
from typing import Literal

from bot.sandbox.state.changes import Changes
from bot.sandbox.state.refusal import Refusal

FaultKind = Literal["drop_before", "drop_after", "delay", "status"]


@dataclass
class Fault:
    """One planned fault of a Web API method; `times` counts down to zero."""

    method: str
    kind: FaultKind
    times: int
    seconds: float
    status: int
    retry_after: int | None
    error: str | None

    def answer(self) -> dict[str, object] | None:
        """What the log of calls says of it; None for a connection that was cut."""
        if self.kind != "status":
            return None
        return Refusal(self.error or f"http_{self.status}").answer()


class Faults:
    """The faults that are still to come, met in the order in which they were added.

    A call that meets one is a change of the workspace, also before the call is answered.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._planned: list[Fault] = []

    def add(
        self,
        method: str,
        kind: FaultKind,
        *,
        times: int = 1,
        seconds: float = 0.0,
        status: int = 500,
        retry_after: int | None = None,
        error: str | None = None,
    ) -> None:
        """Plan a fault for `method` ("*" is any; "response_url" and "upload_url" work too).

        `drop_before` closes the connection with nothing done; `drop_after` does the work and
        then closes it; `delay` waits `seconds` first; `status` answers `status` (429 carries
        `Retry-After`) with a page, or 200 with `{"ok": false, "error": error}` when `error` is
        given.
        """
        self._planned.append(Fault(method, kind, times, seconds, status, retry_after, error))

    def planned(self) -> tuple[Fault, ...]:
        return tuple(self._planned)

    def clear(self) -> None:
        self._planned.clear()

    def take(self, method: str) -> Fault | None:
        """The first fault that fits `method`, used up once."""
        for fault in self._planned:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self._planned.remove(fault)
                self._changes.notify()
                return fault
        return None
