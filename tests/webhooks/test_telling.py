"""What happens is told to platforms: signed, in order, at least once, and to nobody else."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from store import webhooks
from store.domain.hook import (
    GIVE_UP_AFTER,
    HookEvent,
    is_public,
    message_id,
    problem_with,
    wait_after,
)
from store.domain.lifecycle import Act
from store.requests.ask import Answer, Closing, NewQuestion, answer, ask, close
from store.requests.decide import Decision, decide
from store.requests.emergencies import Marking, mark_reviewed
from store.requests.hand_over import Handing, hand_over
from store.requests.testing import OnIt, say_who_tests
from tests.harness_slack import Team
from tests.webhooks.receiver import Receiver, add, receiving


async def approve(team: Team, number: int) -> None:
    act = Decision(number, Act.APPROVE, team.bob.id, team.clock())
    await decide(team.bot.db, act, team.bot.policy)


async def test_what_happens_is_told_in_its_order(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver)
    request = await team.submit()
    await team.bot.webhook_loop.send_all()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.alice.command(f"/mp-requests stage {request.ref} pilot")
    await team.bot.webhook_loop.send_all()

    assert receiver.types() == ["request.submitted", "request.approved", "request.moved"]
    assert [id_ for id_, _ in receiver.arrived] == [message_id(request.id, n) for n in (1, 2, 3)]
    data = receiver.arrived[1][1]["data"]
    assert data["changed"]["actor"] == "bob@example.com"
    assert data["request"]["external_id"] == request.external_id
    assert data["request"]["review"]["decided_by"] == "bob@example.com"


async def test_a_platform_hears_what_is_asked_and_answered(
    team_once: Team, receiver: Receiver
) -> None:
    team = team_once
    await add(team.bot.db, team, receiver)
    request = await team.store()
    db, policy, now = team.bot.db, team.bot.policy, team.clock()
    await ask(db, NewQuestion(request.id, team.bob.id, "Who tests it?", now), policy)
    await answer(db, Answer(request.id, 1, team.alice.id, "We do.", now), policy)
    await ask(db, NewQuestion(request.id, team.bob.id, "Since when?", now), policy)
    await close(db, Closing(request.id, 2, team.bob.id, now), policy)
    await team.bot.webhook_loop.send_all()

    assert receiver.types()[1:] == [
        "request.asked", "request.answered", "request.asked", "request.question_closed",
    ]  # fmt: skip
    data = receiver.arrived[-1][1]["data"]
    assert data["changed"]["actor"] == "bob@example.com"
    told = [(q["question"], q["answer"]) for q in data["request"]["review"]["questions"]]
    assert told == [("Who tests it?", "We do."), ("Since when?", None)]


async def test_who_tests_who_was_handed_it_and_emergencies_are_told(
    team_once: Team, receiver: Receiver
) -> None:
    team, db = team_once, team_once.bot.db
    policy = team.bot.policy.model_copy(update={"emergency": (team.carol.id,)})
    await add(db, team, receiver)
    number, now = (await team.store()).id, team.clock()
    await say_who_tests(db, OnIt(number, Act.TEST, team.bob.id, now), policy)
    await hand_over(db, Handing(number, team.bob.id, team.carol.id, now), policy)
    incident = "https://incidents.example/7"
    why = {"reason": "Payments are down for everybody.", "incident": incident}
    await decide(db, Decision(number, Act.EMERGENCY, team.carol.id, now, **why), policy)
    await mark_reviewed(db, Marking(number, team.ada.id, now), policy)
    await team.bot.webhook_loop.send_all()
    kinds = ("submitted", "testing", "handed_over", "approved", "emergency_reviewed")
    assert receiver.types() == [f"request.{kind}" for kind in kinds]
    assert receiver.arrived[1][1]["data"]["changed"]["changed"]["tester"] == "bob@example.com"
    assert receiver.arrived[3][1]["data"]["changed"]["origin"] == "emergency"
    review = receiver.arrived[4][1]["data"]["request"]["review"]
    assert (review["incident"], review["tester"]) == (incident, None)
    assert review["reviewed_by"] in {team.ada.id, "ada@example.com"}
    (stage,) = review["stages"]
    (given,) = stage["handed"]
    assert given["as_guest"] is False


async def test_nobody_listens_so_nothing_is_owed(team_once: Team) -> None:
    await team_once.store()
    async with team_once.bot.db.snapshot() as session:
        assert await webhooks.oldest_owed(session) == {}
    await team_once.bot.webhook_loop.send_all()


async def test_a_hook_hears_what_it_was_added_for(team_once: Team, receiver: Receiver) -> None:
    await add(team_once.bot.db, team_once, receiver, events=[HookEvent.APPROVED])
    request = await team_once.store()
    await approve(team_once, request.id)
    await team_once.bot.webhook_loop.send_all()
    assert receiver.types() == ["request.approved"]


async def test_a_refused_one_is_sent_again_and_holds_up_its_request_alone(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver)
    first, second = await team.store(external_id="1"), await team.store(external_id="2")
    await approve(team, first.id)
    receiver.answers = lambda body: (
        web.Response(status=500) if body["data"]["request"]["external_id"] == "1" else None
    )
    await team.bot.webhook_loop.send_all()
    assert receiver.revisions() == [(first.ref, 1), (second.ref, 1)]

    receiver.answers = lambda _body: None
    team.clock.move(seconds=6)
    await team.bot.webhook_loop.send_all()
    assert receiver.revisions()[2:] == [(first.ref, 1), (first.ref, 2)]
    assert receiver.arrived[0][0] == receiver.arrived[2][0]


async def test_what_waits_for_another_is_not_due_before_it(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver)
    request = await team.store()
    await approve(team, request.id)
    receiver.answers = lambda _body: web.Response(status=500)
    await team.bot.webhook_loop.send_all()
    async with team.bot.db.snapshot() as session:
        due = await webhooks.next_due(session)
    assert due is not None
    assert due >= team.clock() + timedelta(seconds=5)


async def test_after_three_days_the_hook_is_paused_and_the_admins_hear(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver)
    await team.store()
    receiver.answers = lambda _body: web.Response(status=503)
    began = team.clock()
    while team.clock() - began <= GIVE_UP_AFTER + timedelta(hours=5):
        await team.bot.webhook_loop.send_all()
        team.clock.move(hours=4.5)
    tries = len(receiver.arrived)
    assert 10 < tries < 25
    await team.send_all()
    told = [team.words(m) for m in team.ada.sees() if "are paused" in team.words(m)]
    assert len(told) == 1
    assert "no delivery for 3 days, HTTP 503" in told[0]

    receiver.answers = lambda _body: None
    await team.store(external_id="meanwhile")
    await team.bot.webhook_loop.send_all()
    assert len(receiver.arrived) == tries
    async with team.bot.db.transaction() as session:
        assert await webhooks.resume(session, receiver.url, now=team.clock())
    await team.bot.webhook_loop.send_all()
    assert len(receiver.arrived) == tries + 2


async def test_what_a_resumed_hook_is_owed_is_sent_at_once(
    team_once: Team, receiver: Receiver
) -> None:
    """However long it would have waited for its next try."""
    await add(team_once.bot.db, team_once, receiver)
    await team_once.store()
    receiver.answers = lambda _body: web.Response(status=503)
    await team_once.bot.webhook_loop.send_all()
    receiver.answers = lambda _body: None
    async with team_once.bot.db.transaction() as session:
        await webhooks.pause(session, receiver.url, why="by an operator", now=team_once.clock())
        await webhooks.resume(session, receiver.url, now=team_once.clock())
    await team_once.bot.webhook_loop.send_all()
    assert len(receiver.arrived) == 2


async def test_who_is_gone_is_not_asked_again(team_once: Team, receiver: Receiver) -> None:
    await add(team_once.bot.db, team_once, receiver)
    await team_once.store()
    receiver.answers = lambda _body: web.Response(status=410)
    await team_once.bot.webhook_loop.send_all()
    async with team_once.bot.db.snapshot() as session:
        (hook,) = await webhooks.hooks(session)
    assert (hook.paused_at, hook.paused_why) == (team_once.clock(), "HTTP 410")


async def test_a_wait_that_is_asked_for_is_kept(team_once: Team, receiver: Receiver) -> None:
    await add(team_once.bot.db, team_once, receiver)
    await team_once.store()
    receiver.answers = lambda _body: web.Response(status=429, headers={"Retry-After": "600"})
    await team_once.bot.webhook_loop.send_all()
    for seconds, tries in ((599, 1), (2, 2)):
        team_once.clock.move(seconds=seconds)
        await team_once.bot.webhook_loop.send_all()
        assert len(receiver.arrived) == tries


async def test_a_redirect_is_not_followed(team_once: Team, receiver: Receiver) -> None:
    async with receiving() as other:
        await add(team_once.bot.db, team_once, receiver)
        await team_once.store()
        receiver.answers = lambda _body: web.Response(status=307, headers={"Location": other.url})
        await team_once.bot.webhook_loop.send_all()
        assert (len(receiver.arrived), other.arrived) == (1, [])


async def test_a_private_address_is_refused_where_it_is_connected_to(
    team_once: Team, receiver: Receiver
) -> None:
    """By a name, so that only the connection knows the address."""
    port = receiver.address.rpartition(":")[2]
    named = Receiver(address=f"https://localhost:{port}", secret=receiver.secret)
    await add(team_once.bot.db, team_once, named, allow_private=False)
    await team_once.store()
    await team_once.bot.webhook_loop.send_all()
    async with team_once.bot.db.snapshot() as session:
        (hook,) = await webhooks.hooks(session)
    assert hook.last_answer == "a forbidden address"
    assert receiver.arrived == []


async def test_nobody_there_is_no_end(team_once: Team) -> None:
    nobody = Receiver(address="http://127.0.0.1:9")
    await add(team_once.bot.db, team_once, nobody)
    await team_once.store()
    await team_once.bot.webhook_loop.send_all()
    async with team_once.bot.db.snapshot() as session:
        (hook,) = await webhooks.hooks(session)
    assert (hook.last_answer, hook.paused_at) == ("ClientConnectorError", None)


async def test_a_replay_has_the_ids_it_had(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver)
    request = await team.store()
    await approve(team, request.id)
    await team.bot.webhook_loop.send_all()
    async with team.bot.db.transaction() as session:
        assert await webhooks.replay(session, request.id, now=team.clock()) == 2
    await team.bot.webhook_loop.send_all()
    ids = [id_ for id_, _ in receiver.arrived]
    assert ids[:2] == ids[2:] == [message_id(request.id, 1), message_id(request.id, 2)]


async def test_a_replay_is_of_what_the_hook_wants_to_hear_of(
    team_once: Team, receiver: Receiver
) -> None:
    await add(team_once.bot.db, team_once, receiver, events=[HookEvent.APPROVED])
    request = await team_once.store()
    await approve(team_once, request.id)
    async with team_once.bot.db.transaction() as session:
        assert await webhooks.replay(session, request.id, now=team_once.clock()) == 1
    await team_once.bot.webhook_loop.send_all()
    assert receiver.types() == ["request.approved"]


async def test_a_hook_that_came_later_is_replayed_what_was_before(
    team: Team, receiver: Receiver
) -> None:
    request = await team.store()
    await add(team.bot.db, team, receiver)
    async with team.bot.db.transaction() as session:
        assert await webhooks.replay(session, request.id, now=team.clock()) == 1
    await team.bot.webhook_loop.send_all()
    assert receiver.types() == ["request.submitted"]


async def test_two_replicas_send_one_once(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver)
    for number in range(5):
        await team.store(external_id=f"{number}")
    now, room = team.clock(), {1: 3}

    async def claimed(owner: str) -> list[int]:
        async with team.bot.db.transaction() as session:
            return [d.id for d in await webhooks.claim(session, room, owner=owner, now=now)]

    first, second = await asyncio.gather(claimed("a"), claimed("b"))
    assert sorted([len(first), len(second)]) == [2, 3]
    assert not set(first) & set(second)


async def test_one_whose_sender_died_is_sent_when_its_lease_is_over(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver)
    await team.store()
    async with team.bot.db.transaction() as session:
        assert await webhooks.claim(session, {1: 9}, owner="dead", now=team.clock())
    await team.bot.webhook_loop.send_all()
    assert receiver.arrived == []
    team.clock.move(seconds=61)
    await team.bot.webhook_loop.send_all()
    assert receiver.types() == ["request.submitted"]


async def test_a_slow_receiver_holds_up_nobody_else(team_once: Team, receiver: Receiver) -> None:
    async with receiving() as slow:
        slow.may_answer.clear()
        await add(team_once.bot.db, team_once, slow)
        await add(team_once.bot.db, team_once, receiver)
        await team_once.store()
        sending = asyncio.create_task(team_once.bot.webhook_loop.send_all())
        async with asyncio.timeout(30):
            while not receiver.arrived:
                await asyncio.wait([sending], timeout=0.01)
        assert (sending.done(), slow.arrived) == (False, [])
        slow.may_answer.set()
        await sending
        assert slow.types() == ["request.submitted"]


async def test_what_was_sent_is_kept_for_a_month_and_what_a_pause_holds_too(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver)
    await team.store(external_id="1")
    await team.bot.webhook_loop.send_all()
    async with team.bot.db.transaction() as session:
        await webhooks.pause(session, receiver.url, why="by an operator", now=team.clock())
    await team.store(external_id="2")
    assert [await pruned_after(team, days) for days in (29, 2)] == [0, 2]

    async with team.bot.db.transaction() as session:
        await webhooks.resume(session, receiver.url, now=team.clock())
    await team.store(external_id="3")
    await team.bot.webhook_loop.send_all()
    await team.store(external_id="4")
    assert await pruned_after(team, 31) == 1, "not what is still to be sent"


async def pruned_after(team: Team, days: int) -> int:
    """How many deliveries of more than thirty days ago are deleted so many days later."""
    team.clock.move(days=days)
    async with team.bot.db.transaction() as session:
        return await webhooks.prune(session, before=team.clock() - timedelta(days=30))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1"),
        *("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "ff02::1", "host"),
    ],
)
def test_an_address_that_is_not_anybodys(address: str) -> None:
    assert not is_public(address)


def test_an_address_of_the_internet() -> None:
    assert is_public("1.1.1.1")
    assert is_public("2606:4700:4700::1111")


@pytest.mark.parametrize(
    ("url", "private", "fits"),
    [
        ("https://platform.example/hook", False, True),
        ("http://platform.example/hook", False, False),
        ("http://platform.example/hook", True, True),
        ("ftp://platform.example", True, False),
        ("https://user:secret@platform.example", False, False),
        ("https://", False, False),
        ("https://[::1", False, False),
        ("https://platform.example/ hook", False, False),
        ("https://platform.example/" + "x" * 2000, False, False),
        ("https://platform.example:99999/", False, False),
    ],
)
def test_which_addresses_fit(url: str, private: bool, fits: bool) -> None:
    assert (problem_with(url, allow_private=private) is None) == fits


def test_the_waits_grow() -> None:
    waits = [wait_after(n, 0.0) for n in range(1, 12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=5), timedelta(hours=4))
