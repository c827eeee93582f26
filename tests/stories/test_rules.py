"""The platform's rules about a target, as the submitter and the reviewers meet them."""

from typing import Any

from bot.cli.import_file import Importer
from bot.sandbox import SAMPLE
from bot.sandbox.actions.member import Answer
from store.domain.request import Category, Environment
from tests.cast import profile, sample_of
from tests.form_filling import first_step, open_form, submit_form, submit_step
from tests.harness_slack import Team

OFFLINE = {
    **sample_of(Category.OFFLINE),
    "mini_program": sample_of(Category.RELEASE)["mini_program"],
}


async def asked(team: Team, request: dict[str, Any]) -> Answer:
    """What alice's form answers when she submits it."""
    return await submit_form(team.alice, await open_form(team.alice), request)


async def test_a_version_that_was_submitted_before_is_refused_in_the_form(team: Team) -> None:
    await team.submit()

    step = first_step(sample_of(Category.RELEASE))
    answer = await submit_step(team.alice, await open_form(team.alice), step)
    await team.send_all()

    said = answer.errors["version"]
    assert "3.2.4 was already submitted for this target: MP-1, Under Review." in said
    assert "Use a new version." in said
    assert len(team.bob.sees()) == 1


async def test_nothing_goes_offline_while_a_release_is_under_review(team_once: Team) -> None:
    request = await team_once.submit()

    step = first_step(OFFLINE)
    answer = await submit_step(team_once.alice, await open_form(team_once.alice), step)
    (said,) = answer.errors.values()
    assert "MP-1 (Mini Program Release, Under Review) is under way for this target." in said

    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    assert (await asked(team_once, OFFLINE)).view is None
    await team_once.send_all()
    assert "What goes offline: 3.2.4 (MP-1)" in team_once.last(team_once.bob)


async def test_what_the_platform_accepted_is_taken_and_the_card_warns(team_once: Team) -> None:
    await team_once.submit()

    await team_once.submit(external_id="again", title="Once more")

    assert "⚠️ 3.2.4 was already submitted for this target (MP-1, Under Review)" in team_once.last(
        team_once.bob
    )


async def test_the_whole_sample_is_taken(team_once: Team) -> None:
    for handle in ("dan", "erin"):
        team_once.workspace.add_person(**profile(handle))
    bot = team_once.bot
    importer = Importer(bot.db, bot.profiles, bot.policy, bot.jobs.clock)
    sample = SAMPLE.read_bytes().splitlines()
    lines = [line async for line in importer.run(sample)]
    assert [line.problems for line in lines] == [()] * len(sample)


async def test_a_second_try_says_so_and_what_is_new(team: Team) -> None:
    first = await team.submit()
    await team.reject(team.bob, team.card(team.bob, first), "Name a contact.", "Illegal content")
    await team.send_all()

    better = sample_of(Category.RELEASE)
    better["details"]["tagline"] = "Pay, and ask us"
    assert (await asked(team, better)).view is None
    await team.send_all()

    said = team.last(team.bob)
    assert "🔁 2nd attempt · Bob Reyes rejected MP-1" in said
    assert ": “Name a contact.”" in said
    assert "Changed since MP-1: tagline" in said
    assert "first release:" in said
    assert "rejected here before" not in said


async def test_a_release_is_compared_with_the_one_before_it(team_once: Team) -> None:
    first = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, first), "request.approve")
    newer = sample_of(Category.RELEASE)["details"] | {"version": "3.2.5", "features": []}

    await team_once.submit(external_id="newer", version="3.2.5", details=newer)
    await team_once.submit(
        external_id="there", version="3.2.5", environment=Environment.SANDBOX.value, details=newer
    )

    there, here = (team_once.words(shown) for shown in reversed(team_once.bob.sees()[-2:]))
    assert "since 3.2.4 (MP-1): feature" in here
    assert "Wallet PH · first release:" in there


async def test_a_submitters_copy_tells_nothing_of_other_peoples_releases(team_once: Team) -> None:
    first = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, first), "request.approve")
    newer = sample_of(Category.RELEASE)["details"] | {"version": "3.2.5", "features": []}

    await team_once.submit(team_once.mallory, external_id="theirs", version="3.2.5", details=newer)

    assert "since 3.2.4 (MP-1): feature" in team_once.last(team_once.bob)
    assert "MP-1" not in team_once.last(team_once.mallory)
    assert "Wallet PH · language" in team_once.last(team_once.mallory)
