"""The queue: one modal, one click a decision, whoever else decides meanwhile."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.policy import Policy
from store.domain.request import Environment, Request, Status
from store.requests import read
from tests.harness_slack import Team

LONG_AGO = "2026-11-16T08:00:00+08:00"
START, APPROVE, REJECT, SKIP = "queue.start", "queue.approve", "queue.reject", "queue.skip"


async def three(team: Team) -> list[Request]:
    """A sandbox release, an older one in Production, and a newer one there."""
    made = []
    for number, place in enumerate((Environment.SANDBOX, *[Environment.PRODUCTION] * 2)):
        given: dict[str, Any] = {"external_id": f"q{number}", "version": f"5.{number}"}
        made.append(await team.store(title=f"Release {number}", environment=place.value, **given))
        team.clock.move(minutes=1)
    await team.send_all()
    return made


async def started(person: Person, words: str = "") -> View:
    """The queue of My Approvals, from a list."""
    listed = (await person.command(f"/mp-requests approvals {words}")).message
    assert listed is not None
    view = (await person.click(listed, START)).view
    assert view is not None
    return view


async def at(team: Team, request: Request) -> Status:
    """Where it stands."""
    async with team.bot.db.snapshot() as session:
        return (await read.one(session, request.id)).status


async def test_a_queue_is_decided_one_after_the_other_without_closing(team: Team) -> None:
    sandbox, older, newer = await three(team)

    shown = await started(team.bob)
    assert "1 of 3\nRelease 1  ·  🟠 Production" in team.words(shown)
    assert (await team.bob.click(shown, APPROVE)).acked
    second = team.words(shown)
    assert second.splitlines()[1] == "✅ This request is approved."
    assert "2 of 3\nRelease 2  ·  🟠 Production" in second
    form = (await team.bob.click(shown, REJECT)).view
    assert form is not None
    assert (await team.bob.submit(form, {"reason": "Name a contact."})).acked
    third = team.words(shown)
    assert "⛔ Rejected" in third
    assert "3 of 3\nRelease 0  ·  🧪 Sandbox" in third
    await team.bob.click(shown, APPROVE)
    assert "All done." in team.words(shown)

    found = [await at(team, each) for each in (older, newer, sandbox)]
    assert found == [Status.APPROVED, Status.REJECTED, Status.APPROVED]


async def test_what_was_skipped_comes_once_more_at_the_end(team_once: Team) -> None:
    await three(team_once)
    bob = team_once.bob
    shown = await started(bob)
    await bob.click(shown, SKIP)
    await bob.click(shown, APPROVE)
    await bob.click(shown, APPROVE)
    again = team_once.words(shown)
    assert "1 of 1 · once more, what you skipped\nRelease 1" in again
    await bob.click(shown, SKIP)
    assert "You skipped 1 request; nothing else waits here." in team_once.words(shown)


async def test_what_was_opened_from_a_digest_and_skipped_comes_at_the_end(team_once: Team) -> None:
    _, first, _ = await three(team_once)
    bob = team_once.bob
    team_once.clock.set(datetime(2026, 11, 23, 1, tzinfo=UTC))
    await team_once.bot.jobs.digest()
    await team_once.send_all()
    value = f"{first.id}:{first.round}"
    shown = (await bob.click(bob.sees()[-1], "request.review", value=value)).view
    assert shown is not None
    assert "Release 1" in team_once.words(shown)

    await bob.click(shown, SKIP)
    assert "1 of 2\nRelease 2" in team_once.words(shown)
    await bob.click(shown, APPROVE)
    assert "2 of 2\nRelease 0" in team_once.words(shown)
    await bob.click(shown, APPROVE)
    assert "1 of 1 · once more, what you skipped\nRelease 1" in team_once.words(shown)


async def test_what_somebody_else_has_decided_moves_on_kindly(team_once: Team) -> None:
    await three(team_once)
    shown = await started(team_once.bob)
    await team_once.approve(team_once.carol, "MP-2")
    await team_once.approve(team_once.carol, "MP-3")

    await team_once.bob.click(shown, APPROVE)

    said = team_once.words(shown)
    assert "MP-2 was approved by Carol Tan" in said
    assert "2 of 2\nRelease 0" in said


async def test_a_rejection_that_comes_too_late_moves_on_as_well(team_once: Team) -> None:
    await three(team_once)
    shown = await started(team_once.bob)
    form = (await team_once.bob.click(shown, REJECT)).view
    assert form is not None
    await team_once.approve(team_once.carol, "MP-2")

    await team_once.bob.submit(form, {"reason": "Name a contact."})

    said = team_once.words(shown)
    assert "MP-2 was approved by Carol Tan" in said
    assert "2 of 3\nRelease 2" in said


async def test_what_has_changed_since_it_was_shown_stays_to_be_looked_at_again(
    team_once: Team,
) -> None:
    team, bob = team_once, team_once.bob
    everybody = f'reviewers = ["{bob.id}", "{team.carol.id}", "{team.ada.id}"]'
    stages = ", ".join(f'{{name = "{name}", {everybody}}}' for name in ("Product", "Law", "Money"))
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        timezone = "Asia/Manila"
        [[rules]]
        name = "Three parties"
        stages = [{stages}]
    """)
    await three(team)
    shown = await started(bob)
    for stage, (somebody, button) in enumerate(((team.carol, APPROVE), (team.ada, REJECT)), 1):
        assert f"Stage {stage} of 3" in team.words(shown)
        await team.approve(somebody, "MP-2")
        await bob.click(shown, button)
        said = team.words(shown)
        assert "MP-2 has changed since this was shown." in said
        assert "1 of 3\nRelease 1" in said
    assert "Stage 3 of 3" in said


async def test_a_queue_goes_through_the_list_it_was_started_from(team_once: Team) -> None:
    await three(team_once)
    shown = await started(team_once.bob, "env:sandbox")
    assert "1 of 1\nRelease 0" in team_once.words(shown)


async def test_what_is_overdue_comes_first(team_once: Team) -> None:
    old = await team_once.store(external_id="old", environment="sandbox", created_at=LONG_AGO)
    await three(team_once)
    assert f"1 of 4\n{old.title}  ·  🧪 Sandbox" in team_once.words(await started(team_once.bob))


async def test_what_was_asked_about_counts_as_shown_however_late_it_was(team_once: Team) -> None:
    """Its clock rests then, so that it is overdue no more and stands behind the others."""
    team = team_once
    for name in ("old", "older"):
        await team.store(external_id=name, title=f"Release {name}", created_at=LONG_AGO)
    await three(team)
    shown = await started(team.bob)
    assert "1 of 5\nRelease old " in team.words(shown)
    await ask(team, shown)
    for place in range(2, 6):
        assert f"{place} of 5" in team.words(shown)
        await team.bob.click(shown, SKIP)
        team.clock.move(minutes=1)

    assert "1 of 5 · once more, what you skipped\nRelease older " in team.words(shown)
    await ask(team, shown)
    for place in range(2, 6):
        assert f"{place} of 5" in team.words(shown)
        await team.bob.click(shown, SKIP)
    assert "You skipped 5 requests; nothing else waits here." in team.words(shown)


async def ask(team: Team, shown: View) -> None:
    """A question about what the queue shows."""
    form = (await team.bob.click(shown, "queue.ask")).view
    assert form is not None
    await team.bob.submit(form, {"question": "Who tests it?"})


async def test_a_view_of_a_long_queue_carries_no_list(team_once: Team) -> None:
    await three(team_once)
    shown = await started(team_once.bob)
    assert "MP-" not in str(shown.payload["private_metadata"])
    assert len(str(shown.payload["private_metadata"])) < 100


async def test_who_may_not_decide_is_offered_no_queue(team_once: Team) -> None:
    await three(team_once)
    for words in ("mine", "list"):
        listed = (await team_once.alice.command(f"/mp-requests {words}")).message
        assert listed is not None
        assert "Start reviewing" not in team_once.words(listed)


async def test_a_forged_queue_shows_nobody_what_is_not_theirs(team_once: Team) -> None:
    await three(team_once)
    shown = await started(team_once.bob)
    stranger = (await team_once.mallory.command("/mp-requests new")).view
    assert stranger is not None
    for name in ("blocks", "private_metadata"):
        stranger.payload[name] = shown.payload[name]

    await team_once.mallory.click(stranger, APPROVE)

    assert "Release" not in team_once.words(stranger).split("MP-2")[-1]
    assert "All done." in team_once.words(stranger)


async def test_a_click_in_a_queue_that_another_version_opened_counts(team_once: Team) -> None:
    """What it carries is not read any more: it stays where it was."""
    _, first, _ = await three(team_once)
    shown = await started(team_once.bob)
    shown.payload["private_metadata"] = "of another version"
    await team_once.bob.click(shown, APPROVE)
    assert await at(team_once, first) is Status.APPROVED
    assert "1 of 3\nRelease 1" in team_once.words(shown)


async def clicks_of(team: Team, way: str) -> int:
    """How many clicks it takes bob from there to a decision; Slack's confirmation not counted."""
    request = (await three(team))[1]
    bob, before = team.bob, len(clicked(team))
    match way:
        case "card":
            (card,) = [each for each in bob.sees() if f"\nMP-{request.id} · " in each.plain()]
            await bob.click(card, "request.approve")
        case "queue":
            shown = await started(bob)
            before = len(clicked(team))
            await bob.click(shown, APPROVE)
        case "Home":
            await bob.open_home()
            await team.send_all()
            assert bob.home is not None
            shown = (await bob.click(bob.home, START)).view or bob.home
            await bob.click(shown, APPROVE)
        case "digest":
            team.clock.set(datetime(2026, 11, 23, 1, tzinfo=UTC))
            await team.bot.jobs.digest()
            await team.send_all()
            value = f"{request.id}:{request.round}"
            short = (await bob.click(bob.sees()[-1], "request.review", value=value)).view
            assert short is not None
            await bob.click(short, APPROVE)
        case "list":
            listed = (await bob.command("/mp-requests approvals")).message
            assert listed is not None
            value = f"approve {request.id}:{request.round}"
            form = (await bob.click(listed, "request.menu", value=value)).view
            assert form is not None
            before -= 1  # opening the menu, of which the app hears nothing
            await bob.submit(form)
    assert await at(team, request) is Status.APPROVED
    return len(clicked(team)) - before


def clicked(team: Team) -> list[Any]:
    """What people have clicked and submitted so far."""
    sent = ("block_actions", "view_submission")
    return [one for one in team.workspace.exchanges.latest if one.payload.get("type") in sent]


@pytest.mark.parametrize(
    ("way", "clicks"), [("card", 1), ("queue", 1), ("digest", 2), ("Home", 2), ("list", 3)]
)
async def test_a_decision_is_so_many_clicks_away(team_once: Team, way: str, clicks: int) -> None:
    assert await clicks_of(team_once, way) == clicks
