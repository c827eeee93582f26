"""Decided on the platform's own page: here at once, nobody's vote, never beside another one."""

import asyncio
from typing import Any

import pytest

from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.policy import Policy
from store.requests.decide import Decision, decide
from tests.api.platform import Platform
from tests.harness_slack import Team


async def test_an_approval_there_settles_every_card_here(team: Team, platform: Platform) -> None:
    request = await team.submit()
    answer = await platform.decides(request.ref, "approve")
    await team.send_all()

    assert (answer.status_code, answer.json()["review"]["status"]) == (200, "approved")
    for copy in team.copies(request):
        assert "This request is approved." in copy
        assert "Operator Wu on the platform" in copy
        assert "[ Approve ]" not in copy
    assert "by Operator Wu on the platform" in team.last(team.alice)


async def test_it_is_nobodys_vote(team: Team, platform: Platform) -> None:
    request = await team.submit()
    await platform.decides(request.ref, "approve", decided_at="2026-11-20T10:10:00+08:00")
    review = await platform.review(request.ref)

    assert (review["decided_by"], review["platform_decider"]) == (None, "Operator Wu")
    assert (review["votes"], review["completed_on"]) == ([], "2026-11-20T02:10:00Z")
    event = review["history"][-1]
    assert (event["actor"], event["kind"]) == (platform.key.actor, "approved")
    assert event["origin"] == "platform"


async def test_a_rejection_without_a_reason_says_so(team: Team, platform: Platform) -> None:
    request = await team.submit()
    await platform.decides(request.ref, "reject")
    await team.send_all()
    assert "No reason given on the platform" in team.last(team.alice)
    assert "[ Submit again ]" in team.last(team.alice)


async def test_a_reason_is_told(team_once: Team, platform_once: Platform) -> None:
    request = await team_once.submit()
    await platform_once.decides(request.ref, "reject", reason="The privacy text is missing.")
    await team_once.send_all()
    assert "The privacy text is missing." in team_once.last(team_once.alice)


async def test_details_why_and_timeline_name_the_platform(
    team_once: Team, platform_once: Platform
) -> None:
    team, request = team_once, await team_once.submit()
    await platform_once.decides(request.ref, "approve")
    why = team.said(await team.bob.command(f"/mp-requests why {request.ref}"))
    shown = team.words((await team.bob.command(f"/mp-requests show {request.ref}")).view)
    assert "approved by Operator Wu on the platform" in why
    assert "✓  Approved · Operator Wu on the platform" in shown


async def test_nobody_can_decide_it_again(team: Team, platform: Platform) -> None:
    request = await team.submit()
    shown = team.card(team.bob, request).as_shown()
    await platform.decides(request.ref, "approve")
    await team.bob.click(shown, "request.approve")
    await team.send_all()
    assert any(
        "was approved by Operator Wu on the platform" in team.words(message)
        for message in team.bob.sees()
    )
    assert len((await platform.review(request.ref))["history"]) == 2


async def test_the_same_verdict_again_changes_nothing(team: Team, platform: Platform) -> None:
    request = await team.submit()
    first = await platform.decides(request.ref, "reject")
    again = await platform.decides(request.ref, "reject", reason="Another", decided_by="Chen")
    assert (again.status_code, again.json()) == (200, first.json())


async def test_the_verdict_that_slack_gave_is_no_contradiction(
    team_once: Team, platform_once: Platform
) -> None:
    team, request = team_once, await team_once.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    answer = await platform_once.decides(request.ref, "approve")
    assert (answer.status_code, answer.json()["review"]["platform_decider"]) == (200, None)
    await team.send_all()
    assert not any("settle with the platform" in team.words(m) for m in team.ada.sees())


async def test_what_contradicts_the_record_is_refused_and_told_to_the_admins_once(
    team: Team, platform: Platform
) -> None:
    request = await team.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    answers = []
    for _ in range(2):  # again, as after an answer that was lost
        answers.append(await platform.decides(request.ref, "reject"))
        await team.send_all()

    assert [answer.status_code for answer in answers] == [409, 409]
    assert f"{request.ref} was approved by Bob Reyes" in answers[0].json()["detail"]
    assert "<" not in answers[0].json()["detail"]
    told = [team.words(m) for m in team.ada.sees() if "settle with the platform" in team.words(m)]
    assert len(told) == 1
    assert "Operator Wu rejected it on the platform's own page" in told[0]
    assert "as approved by Bob Reyes" in told[0]
    assert (await platform.review(request.ref))["status"] == "approved"


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        (
            {"verdict": "maybe", "decided_by": "Wu"},
            "verdict",
            "'maybe' is not known; use approve or reject.",
        ),
        ({"verdict": "approve"}, "decided_by", "This is required."),
        (
            {"verdict": "approve", "decided_by": "Wu", "decided_at": "2026-11-20T23:00:00+08:00"},
            "decided_at",
            "This is in the future; the clocks differ.",
        ),
        (
            {"verdict": "approve", "decided_by": "Wu", "decided_at": "2036-11-20T23:00:00+08:00"},
            "decided_at",
            "This is in the future; the clocks differ.",
        ),
        (
            {"verdict": "reject", "decided_by": "Wu", "reason": "x" * 2001},
            "reason",
            "This has 2,001 characters; at most 2,000 fit.",
        ),
    ],
)
async def test_a_decision_that_is_wrong_is_told(
    team_once: Team, platform_once: Platform, wrong: dict[str, Any], field: str, sentence: str
) -> None:
    request = await team_once.store()
    answer = await platform_once.says(request.ref, "decision", **wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "sentence": sentence}]


async def test_of_the_platform_and_slack_at_one_moment_one_decides(
    team: Team, platform: Platform
) -> None:
    bot, refs = team.bot, [await team.store(external_id=f"race-{n}") for n in range(6)]

    async def here(number: int) -> bool:
        act = Decision(number, Act.REJECT, team.bob.id, team.clock(), 1, reason="No.")
        return not isinstance(await decide(bot.db, act, bot.policy), Refused)

    async def there(ref: str) -> bool:
        return (await platform.decides(ref, "approve")).status_code == 200

    for request in refs:
        both = await asyncio.gather(here(request.id), there(request.ref))
        assert sorted(both) == [False, True]
        review = await platform.review(request.ref)
        assert review["status"] == ("rejected" if both[0] else "approved")
        assert len(review["history"]) == 2


async def test_the_platform_withdraws_for_the_submitter(team: Team, platform: Platform) -> None:
    request = await team.submit()
    answer = await platform.says(request.ref, "withdraw", on_behalf_of="alice@example.com")
    again = await platform.says(request.ref, "withdraw", on_behalf_of="alice@example.com")
    await team.send_all()

    assert (answer.status_code, answer.json()["review"]["status"]) == (200, "withdrawn")
    assert (again.status_code, again.json()) == (200, answer.json())
    assert "Nothing is left for you to do." in team.last(team.bob)
    event = (await platform.review(request.ref))["history"][-1]
    assert (event["actor"], event["on_behalf_of"]) == (
        platform.key.actor,
        "alice@example.com",
    )


async def test_it_withdraws_for_nobody_who_may_not(
    team_once: Team, platform_once: Platform
) -> None:
    request = await team_once.store()
    for name, status in (("bob", 403), ("mallory", 404), ("zoe", 422)):
        asked = {"on_behalf_of": f"{name}@example.com"}
        answer = await platform_once.says(request.ref, "withdraw", **asked)
        assert answer.status_code == status
    assert (await platform_once.review(request.ref))["status"] == "under_review"


async def test_the_platform_moves_a_release_on(team: Team, platform: Platform) -> None:
    request = await team.submit()
    early = await platform.says(
        request.ref, "release-stage", stage="pilot", on_behalf_of="alice@example.com"
    )
    await platform.decides(request.ref, "approve")
    said = {"on_behalf_of": "alice@example.com"}
    moved = await platform.says(request.ref, "release-stage", stage="pilot", **said)
    again = await platform.says(request.ref, "release-stage", stage="pilot", **said)
    back = await platform.says(request.ref, "release-stage", stage="preparation", **said)
    shown = team.words((await team.bob.command(f"/mp-requests show {request.ref}")).view)

    assert [early.status_code, moved.status_code, again.status_code] == [409, 200, 200]
    assert (back.status_code, "From there it can move to" in back.json()["detail"]) == (409, True)
    assert moved.json()["review"]["release_stage"] == "pilot"
    assert "Pilot Testing · Alice Santos" in shown


async def test_a_request_is_named_by_either_number(
    team_once: Team, platform_once: Platform
) -> None:
    client = platform_once.client
    await platform_once.hands_in(external_id="a/b c")
    await platform_once.hands_in(external_id="MP-1")

    theirs = (await client.get("/requests", params={"external_id": "MP-1"})).json()["requests"]
    assert [each["review"]["request"] for each in theirs] == ["MP-2"]
    assert (await client.get("/requests/MP-1")).json()["external_id"] == "a/b c"
    assert (await client.get("/requests/a%2Fb%20c")).json()["external_id"] == "a/b c"
    assert (await platform_once.decides("a%2Fb%20c", "approve")).status_code == 200
    for ref in ("MP-3", "none", "MP-0", "MP-999999999999999999"):
        assert (await client.get(f"/requests/{ref}")).status_code == 404
        assert (await platform_once.decides(ref, "approve")).status_code == 404


async def test_what_was_decided_there_is_taken_as_it_is_whatever_the_rules_ask(
    team: Team, platform: Platform
) -> None:
    """Two stages and a quorum: nobody here votes, no later stage opens, and nobody is called."""
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        admins = ["{team.ada.id}"]
        reviewers = ["{team.bob.id}"]
        escalate_after_hours = 1
        [[rules]]
        name = "Two parties"
        stages = [
          {{name = "Product", reviewers = ["{team.bob.id}"]}},
          {{name = "Compliance", reviewers = ["{team.bob.id}", "{team.carol.id}"], needed = "all"}},
        ]
    """)
    handed = (await platform.hands_in()).json()["review"]["request"]
    await platform.decides(handed, "approve", decided_at="2026-11-20T10:10:00+08:00")
    await team.send_all()

    review = await platform.review(handed)
    assert (review["status"], review["votes"]) == ("approved", [])
    assert (review["decided_by"], review["platform_decider"]) == (None, "Operator Wu")
    assert [event["kind"] for event in review["history"]] == ["submitted", "approved"]
    assert team.carol.sees() == []
    team.clock.move(days=30)
    assert await team.bot.jobs.escalate() == 0
    assert (await platform.review(handed))["escalated_at"] is None
