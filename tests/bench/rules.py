"""What rules cost: a decision under many of them, what people see of three stages while some are
away, and another policy tried on all there is.
"""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice

from sqlalchemy import insert, update
from sqlmodel import col, select

from store.domain import submission
from store.domain.absences import Leave
from store.domain.lifecycle import Act
from store.domain.lists.query import ListQuery
from store.domain.policy import Policy, Rule, RuleStage
from store.domain.request import Request, Status
from store.engine.database import Database, execute
from store.engine.time_limits import LONG
from store.lists import listing
from store.requests.away import go_away
from store.requests.decide import Decision, decide
from store.requests.submit import NewRequest, Submitted, submit
from store.requests.try_policy import try_policy
from store.tables import AssignmentRow, RequestRow
from tests.bench import people
from tests.bench.importing import request_line
from tests.bench.lists import APPROVALS, ASKER, MINE
from tests.bench.places import Bare, Place
from tests.bench.seed import GROUP, PEOPLE
from tests.bench.table import Line
from tests.bench.timing import Taken, by_turns

RULES = 300
MOST_ADDED = 0.001
"""Seconds that so many rules may add to a decision."""
AWAY_SHARE = 20
"""One in so many people is away, and somebody stands in."""
TRY_AIM = 20
_DECIDERS = ("U00011", "U00012", "U00013")
_numbers = count(1)


def many_rules() -> Policy:
    """None but the last is for what is submitted here; each names people and groups of its own."""
    rules = [
        Rule(
            name=f"Rule {number}",
            target_app=(f"App {number}",),
            mini_program=(f"{number}",),
            stages=(
                RuleStage(name="Product", reviewers=(f"S{number:05d}A", PEOPLE[number])),
                RuleStage(name="Compliance", reviewers=(f"S{number:05d}B", PEOPLE[-number])),
            ),
        )
        for number in range(1, RULES)
    ]
    last = RuleStage(name="Review", reviewers=_DECIDERS)
    rules.append(Rule(name="The last", target_app=("Wallet PH",), stages=(last,)))
    return Policy(admins=("U00000",), rules=tuple(rules))


WITHOUT = Policy(admins=("U00000",), reviewers=_DECIDERS)
THREE = Policy(
    admins=("U00000",),
    reviewers=(GROUP,),
    rules=(
        Rule(
            name="Three",
            stages=tuple(
                RuleStage(name=name, reviewers=(GROUP,))
                for name in ("Product", "Compliance", "Operator")
            ),
        ),
    ),
)
"""Everybody of the seed at each of three stages."""


async def measure(
    few: Place, many: Place, *, rounds: int, times: int, decisions: int
) -> list[Line]:
    """Decisions and the trial first: the seed gets stages and absences after that."""
    async with many.store() as db, many.bare() as bare:
        other = many_rules()
        lines = await _decisions(db, many.database, rounds, decisions)
        tried, counted = await by_turns(
            lambda: try_policy(db, other, since=datetime(1970, 1, 1, tzinfo=UTC)),
            lambda: _alike(bare),
            rounds=1,
        )
    work = f"policy try of {many.count:,} requests, {RULES} rules"
    lines.append(Line(work, many.database, tried, counted, aim=TRY_AIM))
    plain = [await _seen(place, rounds, times) for place in (few, many)]
    for place in {few.url: few, many.url: many}.values():
        await _give_stages(place)
    staged = [await _seen(place, rounds, times) for place in (few, many)]
    for name, before, small, ours in zip(_SEEN, plain[1], staged[0], staged[1], strict=True):
        line = f"{name}, three stages and 5 % away"
        lines.append(Line(line, many.database, ours, before, small, aim=1.5, growth_aim=1.5))
    return lines


async def _decisions(db: Database, on: str, rounds: int, decisions: int) -> list[Line]:
    """Submitted and approved one after the other, with the rules and without, by turns."""
    policies = {"with": many_rules(), "without": WITHOUT}
    submitted: dict[str, list[float]] = {name: [] for name in policies}
    decided: dict[str, list[float]] = {name: [] for name in policies}
    for number in range(rounds + 1):
        sums = {name: [0.0, 0.0] for name in policies}
        for _ in range(decisions):
            for name, policy in policies.items():
                begun = time.perf_counter()
                request = await _submit(db, policy)
                between = time.perf_counter()
                answer = await decide(db, _approval(request), policy)
                sums[name][0] += between - begun
                sums[name][1] += time.perf_counter() - between
                assert isinstance(answer, Request)
                assert answer.status is Status.APPROVED
        for name, (first, second) in sums.items() if number else ():  # the first does not count
            submitted[name].append(first / decisions)
            decided[name].append(second / decisions)
    lines = []
    for work, taken in (("a decision", decided), ("a submission", submitted)):
        ours, floor = (Taken(tuple(taken[name])) for name in policies)
        added = Taken(tuple(a - b for a, b in zip(ours.rounds, floor.rounds, strict=True)))
        lines.append(Line(f"{work} under {RULES} rules, and under none", on, ours, floor))
        lines.append(Line(f"what they add to {work}", on, added, limit=MOST_ADDED))
    return lines


async def _submit(db: Database, policy: Policy) -> Request:
    number = next(_numbers)
    sent = json.loads(request_line(number)) | {"external_id": f"rules-{number:08d}"}
    now = datetime.now(UTC)
    new = NewRequest(submission.read(sent, now=now), "U00003", now, from_platform=True)
    answer = await submit(db, new, policy)
    assert isinstance(answer, Submitted)
    return answer.request


def _approval(request: Request) -> Decision:
    return Decision(request.id, Act.APPROVE, _DECIDERS[0], datetime.now(UTC))


async def _alike(bare: Bare) -> None:
    await bare.fetch(
        "SELECT category, environment, target_app, mini_program_id, submitted_by, count(*), min(id)"
        " FROM request GROUP BY 1, 2, 3, 4, 5"
    )


_SEEN = ("`mine`", "`approvals`", "App Home", "digest for one person")


async def _seen(place: Place, rounds: int, times: int) -> Sequence[Taken]:
    """What one person sees each day."""
    async with place.store() as db:

        async def lists(query: ListQuery) -> None:
            found = await listing.listing(db, query, asker=ASKER, policy=THREE, now=people.MORNING)
            assert found.page.requests

        return await by_turns(
            lambda: lists(MINE.query),
            lambda: lists(APPROVALS.query),
            lambda: people.show_home(db, THREE),
            lambda: people.show_digest(db, THREE),
            rounds=rounds,
            times=times,
        )


async def _give_stages(place: Place) -> None:
    """All that is open goes through three stages, and is at the first; one in twenty is away."""
    terms = THREE.terms(THREE.rules[0])
    is_open = col(AssignmentRow.status) == Status.UNDER_REVIEW.value
    async with place.store() as db:
        async with db.transaction(LONG) as session:
            named = {"terms": terms.stored(), "stage_key": "product"}
            staged = update(RequestRow).where(col(RequestRow.status) == Status.UNDER_REVIEW.value)
            await session.exec(staged.values(**named))
            await session.exec(update(AssignmentRow).where(is_open).values(seat=terms.seat(1)))
            first = (await session.exec(select(AssignmentRow).where(is_open))).all()
            later = (
                each.model_dump()
                | {"stage": stage, "seat": terms.seat(stage), "reviewer": _other(each, stage)}
                | {"waits": False, "turn": False, "opened": False}
                for each in first
                for stage in (2, 3)
            )
            while portion := list(islice(later, 5_000)):
                await execute(session, insert(AssignmentRow), portion)
        for number in range(0, len(PEOPLE), AWAY_SHARE):
            user, delegate = PEOPLE[number], PEOPLE[number + 1]
            leave = Leave(user=user, by=user, delegate=delegate)
            await go_away(db, leave, THREE, now=people.MORNING - timedelta(days=1))


def _other(assignment: AssignmentRow, stage: int) -> str:
    """Who reviews it at a later stage."""
    return PEOPLE[(assignment.request_id + 777 * stage) % len(PEOPLE)]
