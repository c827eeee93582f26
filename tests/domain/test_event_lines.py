"""Events as lines that come back from anywhere."""

from typing import Any

import pytest

from store.domain.checkpoint import GENESIS, seal_of
from store.domain.event_lines import LineFormat, check, heading, written
from tests.cast import ALICE, NOW


def event(data: object) -> dict[str, Any]:
    facts = {
        "request_id": 1,
        "revision": 1,
        "at": NOW.isoformat(),
        "actor": ALICE,
        "kind": "submitted",
        "data": data,
        "previous": GENESIS,
    }
    return facts | {"hash": seal_of(facts)}


@pytest.mark.parametrize("format", LineFormat)
@pytest.mark.parametrize("levels", [800, 50_000])
def test_a_line_nested_without_end_is_no_event(format: LineFormat, levels: int) -> None:
    """Some are too deep to be read, others only to be sealed again."""
    whole = written(event({"version": "9"}), format)
    inside = '""9""' if format is LineFormat.CSV else '"9"'
    spoilt = whole.replace(inside, f"{'[' * levels}{']' * levels}")
    assert spoilt != whole
    lines = [*filter(None, [heading(format)]), whole, spoilt]
    assert list(check(lines)) == [None, f"line {len(lines)} is no event"]
