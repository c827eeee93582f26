"""A policy is applied to what is open only when somebody asks for it, and tried without a trace."""

from datetime import timedelta

from store.domain.policy import Policy
from store.domain.request import Status
from store.engine.database import Database
from store.requests import read
from store.requests.apply_policy import apply_policy, differences
from store.requests.try_policy import BY_WORKSPACE, try_policy
from tests.cast import ADA, ALICE, BOB, CAROL, NOW
from tests.harness_store import (
    POLICY,
    accepted,
    findings,
    history,
    pending_keys,
    send_all,
    submit,
    vote,
)

DAN = "UDAN"
RULED = Policy.parse(f"""
    [workspace]
    admins = ["{ADA}"]
    reviewers = ["{BOB}"]
    [[rules]]
    name = "Production"
    environment = ["production"]
    target_hours = 4
    stages = [
      {{name = "Product", reviewers = ["{CAROL}"]}},
      {{name = "Compliance", reviewers = ["{DAN}"]}},
    ]
""")


async def test_what_is_open_goes_by_the_policy_that_is_applied(db: Database) -> None:
    request = await submit(db)
    await send_all(db)
    assert [each.request.id for each in await differences(db, RULED, now=NOW)] == [request.id]
    assert await apply_policy(db, RULED, actor="operator", now=NOW) == 1
    assert await differences(db, RULED, now=NOW) == []

    async with db.snapshot() as session:
        found = await read.one(session, request.id)
    assert found.terms.rule == "Production"
    assert found.assigned == {1: (CAROL,), 2: (DAN,)}
    assert (found.round, found.revision, found.stage) == (2, 2, 1)
    assert found.due_at
    assert found.due_at < NOW + timedelta(days=4)
    assert f"card:{request.id}:reviewer:{CAROL}" in await pending_keys(db)
    assert (await history(db, request))[-1] == (2, "policy_applied", "operator")
    assert accepted(await vote(db, request, CAROL, policy=RULED)).stage == 2
    assert accepted(await vote(db, request, DAN, policy=RULED)).status is Status.APPROVED
    assert await findings(db, request) == ()


async def test_votes_count_where_they_were_cast_or_nothing_changes(db: Database) -> None:
    request = await submit(db, policy=RULED)
    accepted(await vote(db, request, CAROL, policy=RULED))
    renamed = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        [[rules]]
        name = "Production"
        stages = [
          {{name = "First", reviewers = ["{CAROL}"]}},
          {{name = "Compliance", reviewers = ["{DAN}", "{BOB}"], needed = 2}},
        ]
    """)
    (difference,) = await differences(db, renamed, now=NOW)
    assert difference.why_not == "votes were cast at stages that it would not have any more"
    assert await apply_policy(db, renamed, actor="operator", now=NOW) == 0

    more = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        [[rules]]
        name = "Production"
        stages = [
          {{name = "Product", reviewers = ["{CAROL}"]}},
          {{name = "Compliance", reviewers = ["{DAN}", "{BOB}"], needed = 2}},
        ]
    """)
    assert await apply_policy(db, more, actor="operator", now=NOW) == 1
    assert accepted(await vote(db, request, DAN, policy=more)).is_open
    assert accepted(await vote(db, request, BOB, policy=more)).status is Status.APPROVED
    assert await findings(db, request) == ()


async def test_a_stage_nobody_could_decide_is_not_applied(db: Database) -> None:
    await submit(db)
    alone = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        [[rules]]
        name = "Alone"
        stages = [{{name = "Compliance", reviewers = ["{ALICE}"]}}]
    """)
    (difference,) = await differences(db, alone, now=NOW)
    assert difference.why_not == "nobody could give its votes at “Compliance”"


async def test_what_would_have_its_votes_already_is_left_for_somebody_to_decide(
    db: Database,
) -> None:
    def needing(votes: int) -> Policy:
        return Policy.parse(f"""
            [workspace]
            admins_decide = false
            [[rules]]
            name = "Both"
            stages = [{{name = "Review", reviewers = ["{CAROL}", "{DAN}"], needed = {votes}}}]
        """)

    request = await submit(db, policy=needing(2))
    accepted(await vote(db, request, CAROL, policy=needing(2)))
    assert await apply_policy(db, needing(1), actor="operator", now=NOW) == 0
    (difference,) = await differences(db, needing(1), now=NOW)
    assert difference.why_not
    assert difference.why_not.startswith("the votes it has would be enough already")
    ended = accepted(await vote(db, request, DAN, policy=needing(1)))
    assert ended.status is Status.APPROVED


async def test_a_policy_is_tried_on_the_history(db: Database) -> None:
    first = await submit(db)
    await submit(db, environment="sandbox")
    tried = await try_policy(db, RULED, since=NOW - timedelta(days=1))
    assert (tried.requests, dict(tried.by_rule)) == (2, {"Production": 1, BY_WORKSPACE: 1})
    assert dict(tried.asked) == {BOB: 1, CAROL: 1, DAN: 1}
    today = await try_policy(db, POLICY, since=NOW - timedelta(days=1))
    assert dict(today.asked) == {BOB: 2, CAROL: 2}

    alone = Policy.parse(f"""
        [workspace]
        admins = ["{ADA}"]
        [[rules]]
        name = "Alone"
        environment = ["production"]
        stages = [{{name = "Compliance", reviewers = ["{ALICE}"]}}]
    """)
    tried = await try_policy(db, alone, since=NOW - timedelta(days=1))
    assert dict(tried.stuck) == {"Alone: Compliance": 1}
    assert tried.examples == {"Alone: Compliance": [first.id]}
    assert (await try_policy(db, alone, since=NOW + timedelta(days=1))).requests == 0
