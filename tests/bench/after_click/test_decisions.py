"""The bench's own rules: who was overtaken, and how well Slack's edits were used."""

import pytest

from bot.sandbox.state.conversations import Message
from tests.bench.after_click.decisions import CALL_SECONDS, Copy, Decision, Edit, Run, Traffic

BOBS, CAROLS = ("D1", "1.1"), ("D2", "1.2")
NEIGHBOUR = ("D1", "9.9")


def decided(clicked_at: float, *copies: Copy, **shown_at: float) -> Decision:
    """A decision that was acknowledged at once; copies are shown in order."""
    return Decision(
        word="approved",
        clicked=copies[0],
        copies=copies,
        asks=frozenset({"approve"}),
        submitter=None,
        clicked_at=clicked_at,
        acked_at=clicked_at,
        shown_at=dict(zip(copies, shown_at.values(), strict=False)),
    )


def seen(decisions: list[Decision], *others: float, until: float = 1000.0) -> Run:
    """A run in which every copy was shown by an edit, and something else was edited too."""
    edits = [Edit(at, copy, first=True) for d in decisions for copy, at in d.shown_at.items()]
    edits += [Edit(at, NEIGHBOUR, first=False) for at in others]
    return Run(decisions, Traffic(edits=edits), until)


@pytest.mark.parametrize(
    ("other", "copies"),
    [
        (0.15, 0),  # begun before the click was acknowledged, or just then
        (0.40, 1),  # after Bob's copy showed it, before Carol's
        (0.25, 2),  # before both
        (0.70, 0),  # after both
    ],
)
def test_a_copy_is_overtaken_by_what_is_begun_after_the_click(other: float, copies: int) -> None:
    run = seen([decided(0.0, BOBS, CAROLS, bob=0.3, carol=0.5)], other)

    assert run.overtaken == copies


def test_a_copy_that_is_never_shown_is_overtaken_by_all_that_is() -> None:
    assert seen([decided(0.0, BOBS, CAROLS, bob=0.1)], 30.0).overtaken == 1


def test_edits_within_the_burst_that_come_at_once_are_used_whole() -> None:
    run = seen([decided(0.0, BOBS, CAROLS, bob=CALL_SECONDS, carol=CALL_SECONDS)])

    assert run.used == 1


def test_beyond_the_burst_slack_takes_fifty_a_minute() -> None:
    numbers = [("D", str(number)) for number in range(100)]
    shown = [max(0, number - 49) * 1.2 + CALL_SECONDS for number in range(100)]

    steady = seen([decided(0.0, copy, at=at) for copy, at in zip(numbers, shown, strict=True)])
    slow = seen([decided(0.0, copy, at=at * 2) for copy, at in zip(numbers, shown, strict=True)])

    assert steady.used == pytest.approx(1)
    assert slow.used == pytest.approx(100 / 150, abs=0.01)


def test_what_a_response_url_shows_takes_no_edit() -> None:
    clicked = decided(0.0, BOBS, at=50.0)

    assert Run([clicked], Traffic(), 60.0).used == 1


def test_of_what_was_never_shown_only_what_slack_would_have_taken_counts() -> None:
    copies = [("D", str(number)) for number in range(200)]
    shown = [decided(0.0, copy, at=1.0) for copy in copies[:75]]

    run = seen(shown + [decided(0.0, copy) for copy in copies[75:]], until=60.0 + CALL_SECONDS)

    assert run.used == pytest.approx(75 / 100)


@pytest.mark.parametrize(
    ("text", "action", "shown"),
    [
        ("Approved by Bob", "details", True),
        ("Approved by Bob", "approve", False),  # it still asks
        ("Under Review", "details", False),
    ],
)
def test_a_card_shows_a_decision_once_it_says_so_and_asks_no_more(
    text: str, action: str, shown: bool
) -> None:
    button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}}
    blocks = [{"type": "actions", "elements": [button]}]

    assert decided(0.0, BOBS).is_shown_by(Message("D1", "1.1", "UBOT", text, blocks)) is shown
