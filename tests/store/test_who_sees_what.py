"""Two parties, each named only in rules, do not read each other."""

from datetime import date

from store.domain.absences import Away, Leave
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import Filter, ListQuery, Scope
from store.domain.lists.queue import Queue
from store.domain.policy import Policy
from store.domain.request import Request
from store.engine.database import Database
from store.lists import listing
from store.messages import stand_ins
from store.requests import read
from store.requests.away import go_away
from store.requests.explain import why
from store.requests.queue import upcoming
from tests.cast import ADA, ALICE, BOB, CAROL, NOW
from tests.harness_store import accepted, submit, vote

DAN, ERIN = "UDAN", "UERIN"
POLICY = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    reviewers = ["{BOB}"]
    [[rules]]
    name = "Wallet"
    target_app = ["Wallet PH"]
    stages = [
      {{name = "Product", reviewers = ["{CAROL}"]}},
      {{name = "Compliance", reviewers = ["{DAN}"]}},
    ]
    [[rules]]
    name = "Kape"
    target_app = ["Kape"]
    stages = [{{name = "Kape", reviewers = ["{ERIN}"]}}]
""")


async def listed(
    db: Database,
    asker: str,
    scope: Scope = Scope.ALL,
    policy: Policy = POLICY,
    **chosen: tuple[str],
) -> list[int]:
    query = ListQuery(scope, Filter(**chosen))  # type: ignore[arg-type]
    found = await listing.listing(db, query, asker=asker, policy=policy)
    assert found.page.total == len(found.page.requests)
    return sorted(request.id for request in found.page.requests)


async def of_app(db: Database, app: str, **changes: object) -> Request:
    sample = await submit(db, policy=POLICY)
    details = {**sample.details, "target_app": app}
    return await submit(db, policy=POLICY, details=details, **changes)


async def sees(db: Database, who: str, request: Request, policy: Policy = POLICY) -> bool:
    seen = await read.look(db, request.id, viewer=who, policy=policy, now=NOW)
    told = await why(db, request.id, asker=who, policy=policy, now=NOW)
    assert isinstance(seen, Refused) == isinstance(told, Refused)
    return not isinstance(seen, Refused)


async def test_each_party_sees_its_own_stages_and_no_other(db: Database) -> None:
    wallet = await submit(db, policy=POLICY)
    kape = await of_app(db, "Kape")
    others = {wallet.id, kape.id - 1}
    assert await listed(db, ERIN) == [kape.id]
    assert set(await listed(db, CAROL)) == others
    assert set(await listed(db, DAN)) == others
    assert {*await listed(db, BOB), *await listed(db, ADA)} == {*others, kape.id}
    assert await listed(db, ALICE, Scope.MINE) == sorted({*others, kape.id})
    for who, able in ((ERIN, False), (CAROL, True), (DAN, True), (BOB, True)):
        assert await sees(db, who, wallet) is able
    assert not await sees(db, CAROL, kape)


async def test_my_approvals_has_what_has_opened(db: Database) -> None:
    request = await submit(db, policy=POLICY)
    assert await listed(db, CAROL, Scope.APPROVALS) == [request.id]
    assert await listed(db, DAN, Scope.APPROVALS) == []
    accepted(await vote(db, request, CAROL, policy=POLICY))
    assert await listed(db, DAN, Scope.APPROVALS) == [request.id]
    (waiting,) = await listing_waiting(db, DAN)
    assert waiting == request.id
    assert await listing_waiting(db, CAROL) == []


async def listing_waiting(db: Database, who: str) -> list[int]:
    """What the digest of this person has."""
    async with db.snapshot() as session:
        ((found, _),) = await listing.waiting_on_each(session, [who], 10)
    return [request.id for request in found]


async def test_who_is_taken_out_of_a_rule_sees_no_more_of_it(db: Database) -> None:
    request = await submit(db, policy=POLICY)
    without = Policy.parse(f'[workspace]\nadmins = ["{ADA}"]\nreviewers = ["{BOB}"]')
    assert await listed(db, CAROL, policy=without) == []
    assert not await sees(db, CAROL, request, without)
    accepted(await vote(db, request, CAROL, policy=POLICY))
    assert await sees(db, CAROL, request, without)


async def test_a_list_is_narrowed_by_the_stage_a_request_is_at(db: Database) -> None:
    first, second = await submit(db, policy=POLICY), await submit(db, policy=POLICY)
    accepted(await vote(db, first, CAROL, policy=POLICY))
    assert await listed(db, BOB, stages=("compliance",)) == [first.id]
    assert await listed(db, BOB, stages=("product",)) == [second.id]
    assert await listed(db, DAN, stages=("compliance",)) == [first.id]
    assert await listed(db, BOB, stages=("review",)) == []


async def test_somebody_at_two_stages_has_a_request_once(db: Database) -> None:
    twice = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        distinct_stages = false
        [[rules]]
        name = "Twice"
        stages = [
          {{name = "One", reviewers = ["{CAROL}"]}},
          {{name = "Two", reviewers = ["{CAROL}", "{DAN}"]}},
        ]
    """)
    request = await submit(db, policy=twice)
    for _ in range(2):
        assert await listed(db, CAROL, policy=twice) == [request.id]
        assert await listed(db, CAROL, Scope.APPROVALS, policy=twice) == [request.id]
        accepted(await vote(db, request, CAROL, policy=twice))
    refused = await vote(db, request, DAN, policy=twice)
    assert isinstance(refused, Refused)
    assert refused.denial is Denial.CLOSED


async def test_a_queue_counts_what_waits_for_the_person_alone(db: Database) -> None:
    theirs = await of_app(db, "Other", external_id="other", version="8.1.0")
    for number in range(3):
        await of_app(db, "Wallet PH", external_id=f"wallet{number}", version=f"8.0.{number}")
    queue = Queue(ListQuery(Scope.ALL), NOW)
    shown = await upcoming(db, queue, asker=BOB, policy=POLICY, now=NOW)
    assert shown.seen
    assert (shown.seen.request.id, shown.left) == (theirs.id, 1)


async def test_who_stands_in_is_offered_the_decision_in_a_row(db: Database) -> None:
    wallet = await submit(db, policy=POLICY)
    leave = Leave(CAROL, CAROL, last=date(2026, 11, 24), delegate=ERIN)
    assert isinstance(await go_away(db, leave, POLICY, now=NOW), Away)
    await stand_ins.follow(db, POLICY, before=None, now=NOW)
    query = ListQuery(Scope.APPROVALS)
    found = await listing.listing(db, query, asker=ERIN, policy=POLICY, now=NOW)
    assert found.page.total == 1
    assert Act.APPROVE in found.page.acts[wallet.id]
