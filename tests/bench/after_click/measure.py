"""Ours beside the plain bot and the floor, scenario by scenario, with what is aimed at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import median

from tests.bench.after_click.bots import Bare, Ours, Plain
from tests.bench.after_click.decisions import Decision, Run
from tests.bench.after_click.figures import Limits, Wait
from tests.bench.after_click.scenarios import COPIES_IMPORTED, Scenario, run
from tests.bench.places import Place

Seconds = Callable[[Decision], float]
_CLICKED, _SLOWEST = 1.25, 2.0
"""How many floors the clicked card may take: in the middle, and the slowest of a hundred."""


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario and what is aimed at in it beside the clicked card.

    Within Slack's burst, every copy shows the decision within so many floors (`last`) and the
    submitter is told within so many (`outcome`). Beyond it, copies of decided requests go before
    other edits (`in_order`), and few calls are answered 429 (`rarely_limited`).
    """

    named: str
    scenario: Scenario
    rounds: int = 1
    last: float | None = None
    outcome: float | None = None
    in_order: bool = False
    rarely_limited: bool = False

    @property
    def name(self) -> str:
        """With its numbers."""
        cards, a_minute = COPIES_IMPORTED * self.scenario.imported, 60 / self.scenario.every
        return self.named.format(cards=cards, a_minute=a_minute, open=self.scenario.open)


CASES = (
    Case("one at a time", Scenario(18, open=40), rounds=3, last=1.5, outcome=2.0),
    Case(
        "{a_minute:.0f} a minute among {open} open requests",
        Scenario(100, open=200),
        in_order=True,
        rarely_limited=True,
    ),
    Case(
        "while {cards:,} cards of an import are owed",
        Scenario(60, open=120, imported=334),
        in_order=True,
        rarely_limited=True,
    ),
    Case("while all requests are exported", Scenario(60, open=120, exporting=True), in_order=True),
    Case("by three replicas", Scenario(60, open=120, replicas=3)),
)
FLOOR = Scenario(40, open=42, every=0.3)


def small(scenario: Scenario) -> Scenario:
    """The same with few clicks, in few seconds."""
    few = replace(scenario, decisions=2, open=12, programs=6, every=0.3, patience=5)
    return replace(few, imported=25) if scenario.imported else few


async def measure(place: Place, cases: Sequence[Case], floor: Scenario) -> list[Wait | Limits]:
    """By turns with the plain bot; the floor is clicked on a machine at rest."""
    bare = await run(Bare(), floor, place)
    rows: list[Wait | Limits] = []
    for case in cases:
        if place.is_sqlite and case.scenario.replicas > 1:
            continue  # nobody shares a file between machines
        ours: list[Run] = []
        plain: list[Run] = []
        for _ in range(case.rounds):
            ours.append(await run(Ours(), case.scenario, place))
            plain.append(await run(Plain(), case.scenario, place))
        rows += _waits(case, place.database, ours, plain, bare)
        if case.last is None:
            rows.append(
                Limits(
                    case.name,
                    place.database,
                    ours[-1],
                    plain[-1],
                    in_order=case.in_order,
                    rarely_limited=case.rarely_limited,
                )
            )
    return rows


def _waits(
    case: Case, database: str, ours: Sequence[Run], plain: Sequence[Run], bare: Run
) -> list[Wait]:
    def wait(
        what: str,
        seconds: Seconds,
        *,
        word: str = "",
        floor: Seconds = attrgetter("clicked_copy"),
        aim: float | None = None,
        slowest: float | None = None,
        ahead: bool = False,
    ) -> Wait:
        """With a `word` only approvals, or only rejections."""
        return Wait(
            f"{case.name}: {what}",
            database,
            ours=_timed(ours, seconds, word),
            plain=_timed(plain, seconds, word),
            floor=median(_timed([bare], floor, word)),
            aim=aim,
            slowest=slowest,
            ahead=ahead,
        )

    def clicked(what: str, word: str) -> Wait:
        return wait(what, attrgetter("clicked_copy"), word=word, aim=_CLICKED, slowest=_SLOWEST)

    return [
        wait("the click is acknowledged", attrgetter("ack"), floor=attrgetter("ack")),
        clicked("the clicked card is approved", "approved"),
        clicked("the clicked card is rejected, by form", "rejected"),
        wait(
            "every copy shows it",
            attrgetter("last_copy"),
            aim=case.last,
            ahead=case.last is not None,
        ),
        wait("the submitter is told", attrgetter("outcome"), aim=case.outcome),
    ]


def _timed(runs: Sequence[Run], seconds: Seconds, word: str) -> list[float]:
    return [seconds(decision) for each in runs for decision in each.timed if word in decision.word]
