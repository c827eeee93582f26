"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class MovedClock:
    """Gives the same moment until moved; call it like `utc_now`."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 2, 14, tzinfo=UTC)) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> datetime:
        """Let time pass: `clock.move(hours=3)`."""
        self.moment += timedelta(**by)
        return self.moment

    def set(self, moment: datetime) -> datetime:
        """Go to a moment."""
        self.moment = moment
        return moment
