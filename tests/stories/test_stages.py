"""After the approval: the submitter says where the release stands, or is asked to."""

from bot.sandbox.actions.people import Person
from store.domain.request import Environment, Request
from tests.harness_slack import Team


async def approved(team: Team, **changes: object) -> Request:
    """A release of alice's that bob has approved."""
    request = await team.submit(**changes)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()
    return request


async def says(team: Team, person: Person, words: str) -> str:
    """What `/mp-requests stage …` answers."""
    answer = team.said(await person.command(f"/mp-requests stage {words}"))
    await team.send_all()
    return answer


async def test_the_submitter_moves_a_release_on_and_every_copy_shows_it(team: Team) -> None:
    request = await approved(team)
    assert "Go live on the platform, then say here where it is.\n[ Where is it now? v ]" in (
        team.last(team.alice)
    )

    said = await says(team, team.alice, "MP-1 pilot")

    assert said.startswith("MP-1 is in Pilot Testing now. Next: grayscale, full or canceled.")
    assert all("approved" in shown and "Pilot Testing" in shown for shown in team.copies(request))
    opened = await team.bob.command("/mp-requests show MP-1")
    assert opened.view is not None
    details = team.words(opened.view)
    assert "➤  Pilot Testing · Alice Santos · " in details
    assert "○  Grayscale Release" in details
    assert "Release Preparation" not in details


async def test_a_stage_is_chosen_in_the_outcome_and_the_message_is_redrawn(team: Team) -> None:
    request = await approved(team)
    outcome = team.alice.sees()[-1]
    offered = outcome.blocks[-1]["elements"][0]["options"]
    assert [each["text"]["text"] for each in offered] == [
        "Release Preparation", "Pilot Testing", "Grayscale Release", "Full Release", "Canceled",
    ]  # fmt: skip

    await team.alice.choose(outcome, "release.stage", offered[1]["value"])
    await team.send_all()

    assert "It is in Pilot Testing now." in team.words(team.alice.sees()[-1])
    assert len(team.alice.sees()[-1].blocks[-1]["elements"][0]["options"]) == 3
    assert all("Pilot Testing" in shown for shown in team.copies(request))


async def test_a_stage_is_chosen_in_the_details(team_once: Team) -> None:
    await approved(team_once)
    shown = (await team_once.ada.command("/mp-requests show MP-1")).view
    assert shown is not None
    await team_once.ada.choose(shown, "release.stage", "1:2 full")
    assert "✓  Full Release · Ada Cruz" in team_once.words(shown)
    assert "Where is it now?" not in team_once.words(shown)


async def test_a_step_that_is_gone_says_so_beside_the_message(team_once: Team) -> None:
    await approved(team_once)
    outcome = team_once.alice.sees()[-1]
    await team_once.alice.command("/mp-requests stage MP-1 canceled")
    await team_once.alice.choose(outcome, "release.stage", "1:2 pilot")
    await team_once.send_all()
    assert team_once.last(team_once.alice) == "MP-1 is in Canceled. That is final."


async def test_a_step_the_platform_does_not_have_is_refused_with_what_is_possible(
    team_once: Team,
) -> None:
    await approved(team_once, environment=Environment.SANDBOX.value)

    assert await says(team_once, team_once.alice, "mp1 grayscale") == (
        "MP-1 is in Pilot Testing. From there it can move to pilot (Pilot Testing), "
        "full (Full Release) or canceled (Canceled)."
    )
    assert (await says(team_once, team_once.ada, "MP-1 full")).endswith(
        "That is final.\nRelease Bills Pay 3.2.4 (Sandbox)"
    )
    assert await says(team_once, team_once.alice, "MP-1 canceled") == (
        "MP-1 is in Full Release. That is final."
    )


async def test_only_who_may_move_it_moves_it(team_once: Team) -> None:
    await approved(team_once)

    assert await says(team_once, team_once.bob, "MP-1 pilot") == (
        "Only Alice Santos or Ada Cruz can move MP-1 on."
    )
    assert "There is no request MP-1" in await says(team_once, team_once.mallory, "MP-1 pilot")


async def test_what_has_no_stages_says_why(team_once: Team) -> None:
    await team_once.submit()

    assert await says(team_once, team_once.alice, "MP-1 pilot") == (
        "MP-1 is Under Review. Only an approved release moves on."
    )


async def test_what_was_typed_wrong_is_explained(team_once: Team) -> None:
    assert "Which request?" in await says(team_once, team_once.alice, "pilot")
    assert await says(team_once, team_once.alice, "MP-1 live") == (
        "Which stage? Add one after the number: preparation, pilot, grayscale, full or canceled. "
        "Nothing was changed."
    )


async def test_a_newer_full_release_archives_the_older_one_on_its_card(team_once: Team) -> None:
    old = await approved(team_once)
    new = await approved(team_once, external_id="newer", version="3.2.5", title="Release 3.2.5")
    for request in (old, new):
        await says(team_once, team_once.alice, f"{request.ref} full")

    assert all("Archived" in shown for shown in team_once.copies(old))
    assert all("Full Release" in shown for shown in team_once.copies(new))


async def test_a_release_that_stands_still_is_asked_about_once(team: Team) -> None:
    await approved(team)
    before = len(team.alice.sees())

    for days in (6, 4, 1):  # Monday, 30 November is the first working day a week later
        team.clock.move(days=days)
        await team.bot.jobs.nudge()
        await team.send_all()

    (nudge,) = team.alice.sees()[before:]
    assert ", still in Release Preparation; its stage has not been updated since." in (
        team.words(nudge)
    )
    assert nudge.text == "Approved, not live: Release Bills Pay 3.2.4 (Production) · MP-1"


async def test_a_release_that_moved_meanwhile_is_not_asked_about(team_once: Team) -> None:
    await approved(team_once)
    team_once.clock.move(days=10)
    assert await team_once.bot.jobs.nudge() == 1
    await team_once.alice.command("/mp-requests stage MP-1 pilot")

    await team_once.send_all()

    assert not [m for m in team_once.alice.sees() if "still in" in team_once.words(m)]
