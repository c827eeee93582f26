"""What the platform says to an approval is a fact of its own: shown, sealed, and sent again."""

from typing import Any

from aiohttp import web
from sqlmodel import select

from bot.sandbox.actions.member import Answer
from store import webhooks
from store.audit.verify import check_one
from store.domain.access import Denial, Refused
from store.domain.hook import HookEvent
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.domain.request import PlatformAnswer, Request
from store.known_programs import last_release
from store.needs import needs_of
from store.requests import erase, read
from store.requests.decide import Decision, OnPlatform, decide
from store.requests.platform_answer import SendAgain, send_again
from store.tables import SaltRow
from tests.harness_slack import Team
from tests.harness_store import history
from tests.webhooks.receiver import Receiver, add

EXPIRED = "package expired"


def refuses(receiver: Receiver, reason: str | None = EXPIRED) -> None:
    """From now on it accepts nothing."""
    said = {"accepted": False} | ({"reason": reason} if reason else {})
    receiver.answers = lambda _body: web.json_response(said)


async def approved(team: Team, receiver: Receiver, **changes: Any) -> Request:
    """A release of alice's that bob approved, and the platform has answered; all messages sent."""
    request = await team.submit(**changes)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    await answered(team)
    return await now(team, request)


async def answered(team: Team) -> None:
    """The platform hears what it is owed, and everybody what it said."""
    await team.bot.webhook_loop.send_all()
    await team.send_all()


async def now(team: Team, request: Request) -> Request:
    async with team.bot.db.snapshot() as session:
        return await read.one(session, request.id)


async def findings(team: Team, request: Request) -> tuple[str, ...]:
    async with team.bot.db.snapshot() as session:
        checked = await check_one(session, request.id)
    assert checked
    return checked.findings


async def press_send_again(team: Team, request: Request) -> Answer:
    return await team.ada.click(team.card(team.ada, request, team.reviews), "request.send")


async def test_what_it_accepts_is_shown_everywhere(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    request = await approved(team, receiver)
    assert request.platform_answer is PlatformAnswer.ACCEPTED
    assert all("sent to the platform" in shown for shown in team.copies(request))
    assert "✓" in team.copies(request)[0]
    details = (await team.alice.command(f"/mp-requests show {request.ref}")).view
    assert "sent to the platform" in team.words(details)
    assert "sent to the platform" in team.said(
        await team.alice.command(f"/mp-requests why {request.ref}")
    )
    assert "sent to the platform" in team.said(await team.alice.command("/mp-requests mine"))
    assert await history(team.bot.db, request) == [
        (1, "submitted", team.alice.id),
        (2, "approved", team.bob.id),
        (3, "accepted", "hook:1"),
    ]
    assert await findings(team, request) == ()


async def test_what_it_does_not_accept_is_told_to_the_submitter_and_the_admins(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    assert (request.platform_answer, request.platform_reason) == (PlatformAnswer.REFUSED, EXPIRED)
    assert request.status == "approved"
    for shown in team.copies(request):
        assert "Approved, not accepted by the platform" in shown
        assert EXPIRED in shown
    for person in (team.alice, team.ada):
        assert "Approved, not accepted by the platform" in team.last(person)
        assert EXPIRED in team.last(person)
    assert "Send again" in team.last(team.ada)
    assert "Send again" not in team.last(team.alice)
    assert "Submit again" in team.last(team.alice)
    listed = team.said(await team.ada.command("/mp-requests list sent:refused"))
    assert f"not accepted: {EXPIRED}" in listed
    assert request.ref not in team.said(await team.ada.command("/mp-requests list sent:accepted"))
    why = team.said(await team.alice.command(f"/mp-requests why {request.ref}"))
    assert "Change what the platform names" in why
    assert (await history(team.bot.db, request))[-1] == (3, "not_accepted", "hook:1")
    assert await findings(team, request) == ()


async def test_what_it_did_not_accept_is_no_release_that_is_known(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    db, asked = team.bot.db, {"policy": team.bot.policy, "asker": team.alice.id}
    _, known = await last_release(db, request.mini_program_id, **asked)
    assert known is None
    needs = await needs_of(db, team.alice.id, policy=team.bot.policy, now=team.clock())
    assert needs.approved == (), "it has no stage to move to"
    named = request.mini_program_name
    other = await team.submit(external_id="other", mini_program={"id": "99", "name": named})
    async with db.snapshot() as session:
        shown = await read.in_context(session, other.id)
    assert not [each for each in shown.warnings if named in each]


async def test_an_admin_sends_it_again_by_a_webhook_of_its_own(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    receiver.answers = lambda _body: web.json_response({"accepted": True})

    await press_send_again(team, request)
    await team.send_all()
    assert "not accepted" not in team.copies(request)[0]
    await answered(team)

    assert receiver.types()[-2:] == ["request.approved", "request.approved"]
    first, second = (id_ for id_, _ in receiver.arrived[-2:])
    assert first != second
    assert all("sent to the platform" in shown for shown in team.copies(request))
    assert [kind for _, kind, _ in await history(team.bot.db, request)] == [
        *("submitted", "approved", "not_accepted", "sent_again", "accepted"),
    ]
    assert await findings(team, request) == ()


async def test_refused_twice_the_last_reason_stands_and_one_salt(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    refuses(receiver, None)
    await press_send_again(team, request)
    await answered(team)
    request = await now(team, request)
    assert request.platform_reason == "No reason given by the platform"
    async with team.bot.db.snapshot() as session:
        named = select(SaltRow).where(SaltRow.name == "platform_reason")
        assert len((await session.exec(named)).all()) == 1
    assert await findings(team, request) == ()


async def test_its_answer_to_the_first_time_is_none_to_the_second(
    team: Team, receiver: Receiver
) -> None:
    """What was sent before can be sent again, and be answered again, before the new is sent."""
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    first = receiver.arrived[-1][0]
    await press_send_again(team, request)
    async with team.bot.db.transaction() as session:
        await webhooks.replay(session, request.id, now=team.clock())

    receiver.answers = lambda _body: web.json_response(
        {"accepted": receiver.arrived[-1][0] != first, "reason": EXPIRED}
    )
    await answered(team)

    assert [kind for _, kind, _ in await history(team.bot.db, request)] == [
        *("submitted", "approved", "not_accepted", "sent_again", "accepted"),
    ]
    assert (await now(team, request)).platform_answer is PlatformAnswer.ACCEPTED


async def test_nobody_else_sends_again_and_nothing_that_was_not_refused(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    request = await approved(team, receiver)

    async def denial(by: str) -> Denial | None:
        wanted = SendAgain(request.id, by, team.clock())
        answer = await send_again(team.bot.db, wanted, team.bot.policy)
        return answer.denial if isinstance(answer, Refused) else None

    assert await denial(team.ada.id) is Denial.NOT_REFUSED
    assert await denial(team.bob.id) is Denial.NOT_AN_ADMIN
    assert await denial(team.mallory.id) is Denial.UNKNOWN


async def test_the_version_is_free_for_another_try_and_then_no_more(
    team: Team, receiver: Receiver
) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    receiver.answers = lambda _body: None
    again = await approved(team, receiver, external_id="again")
    assert (again.resubmission_of, again.attempt) == (request.id, 2)
    assert again.platform_answer is PlatformAnswer.ACCEPTED

    wanted = SendAgain(request.id, team.ada.id, team.clock())
    answer = await send_again(team.bot.db, wanted, team.bot.policy)
    assert isinstance(answer, Refused)
    assert answer.denial is Denial.RELEASED_ONCE


async def test_a_refused_release_has_no_stage(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    await team.alice.command(f"/mp-requests stage {request.ref} pilot")
    assert (await now(team, request)).release_stage is None
    team.clock.move(days=8)
    assert await team.bot.jobs.nudge() == 0


async def test_what_was_decided_there_is_not_asked_about(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await team.store()
    there = OnPlatform("Operator Wu", team.clock())
    act = Decision(request.id, Act.APPROVE, "key:1", team.clock(), on_platform=there)
    await decide(team.bot.db, act, team.bot.policy)
    await answered(team)
    assert receiver.arrived[-1][1]["data"]["changed"]["origin"] == "platform"
    assert (await now(team, request)).platform_answer is None


async def test_only_the_platforms_hook_is_believed(team: Team, receiver: Receiver) -> None:
    await add(team.bot.db, team, receiver)
    refuses(receiver)
    assert (await approved(team, receiver)).platform_answer is None


async def test_a_platform_that_was_down_is_asked_until_it_answers(
    team_once: Team, receiver: Receiver
) -> None:
    team = team_once
    await add(team.bot.db, team, receiver, is_platform=True, events=[HookEvent.APPROVED])
    receiver.answers = lambda _body: web.Response(status=503)
    request = await approved(team, receiver)
    assert request.platform_answer is None
    refuses(receiver)
    team.clock.move(seconds=10)
    await answered(team)
    assert (await now(team, request)).platform_reason == EXPIRED
    assert len(receiver.arrived) == 2
    assert len({id_ for id_, _ in receiver.arrived}) == 1


async def test_the_reason_is_erased_with_the_others(team_once: Team, receiver: Receiver) -> None:
    team = team_once
    await add(team.bot.db, team, receiver, is_platform=True)
    refuses(receiver)
    request = await approved(team, receiver)
    team.clock.move(days=40)
    policy: Policy = team.bot.policy.model_copy(update={"keep_details_days": 30})
    await erase.erase_old(team.bot.db, policy, now=team.clock())
    assert "erased on" in ((await now(team, request)).platform_reason or "")
    assert await findings(team, request) == ()
