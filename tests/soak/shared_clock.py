"""The clock of a soak: real time and an offset that every process reads from one small file."""

from datetime import datetime, timedelta
from pathlib import Path

from store.domain.clock import utc_now


class SharedClock:
    """Call it like `utc_now`; whoever moves it moves it for everybody, at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        if not file.exists():
            file.write_text("0", encoding="ascii")

    def __call__(self) -> datetime:
        return utc_now() + timedelta(seconds=float(self._file.read_text(encoding="ascii")))

    def move(self, **by: float) -> None:
        """Let that much time pass at once: `clock.move(hours=3)`."""
        offset = float(self._file.read_text(encoding="ascii")) + timedelta(**by).total_seconds()
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(offset), encoding="ascii")
        fresh.replace(self._file)  # nobody ever reads half a number
