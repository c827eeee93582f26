"""Who may submit what: the form offers no more, and a submission is refused kindly."""

from bot.sandbox.state.views import View
from store.domain.policy import Policy
from store.domain.request import Category
from tests.cast import sample_of
from tests.form_filling import first_step, open_form, submit_form, submit_step
from tests.harness_slack import Team


def only(team: Team, rules: str, workspace: str = "") -> None:
    """Another policy: who may submit, by its rules and by [workspace]."""
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        admins = ["{team.ada.id}"]
        reviewers = ["{team.bob.id}"]
        {workspace}
        {rules}
    """)


def options(form: object, name: str) -> list[str]:
    """What an input of the form offers."""
    blocks = form.blocks  # type: ignore[attr-defined]
    element = next(b for b in blocks if b["block_id"].startswith(name))["element"]
    return [each["value"] for each in element["options"]]


async def test_the_form_offers_what_its_writer_may_submit(team: Team) -> None:
    only(
        team,
        f"""
        [[rules]]
        name = "Releases"
        category = ["mini_program_release"]
        environment = ["production"]
        submitters = ["{team.mallory.id}"]
        [[rules]]
        name = "Offline"
        category = ["mini_program_offline"]
        submitters = ["{team.mallory.id}"]
        """,
    )
    form = await open_form(team.alice)
    every = [each.value for each in Category]
    assert options(form, "category") == [c for c in every if c != "mini_program_offline"]
    assert options(form, "environment") == ["production", "sandbox"]
    answer = await team.alice.choose(form, "category", "mini_program_release")
    assert answer.view
    assert options(answer.view, "environment") == ["sandbox"]
    theirs = await open_form(team.mallory)
    assert options(theirs, "category") == every


async def test_it_suggests_only_what_its_writer_may_submit_for(team_once: Team) -> None:
    """A rule for one target app, and one for one mini program; both are known from before."""
    team = team_once
    await team.submit()
    release = sample_of(Category.RELEASE)
    app, program = release["details"]["target_app"], release["mini_program"]["id"]
    form = await open_form(team.alice)
    await team.alice.choose(form, "category", "mini_program_release")
    names = ("details.target_app", "program")
    assert [await suggested(team, form, name) for name in names] == [[app], [program]]
    for key, named in (("target_app", app), ("mini_program", program)):
        only(
            team,
            f"""
            [[rules]]
            name = "Theirs"
            {key} = ["{named.upper()}"]
            submitters = ["{team.mallory.id}"]
            """,
        )
        apps, programs = [await suggested(team, form, name) for name in names]
        assert (apps == [], programs == []) == (key == "target_app", key == "mini_program")


async def test_what_is_chosen_already_narrows_what_is_suggested(team_once: Team) -> None:
    """A rule that names both, of one category: what stands in the form counts, what lacks may be
    anything.
    """
    team = team_once
    await team.submit()
    release = sample_of(Category.RELEASE)
    app, program = release["details"]["target_app"], release["mini_program"]["id"]
    only(
        team,
        f"""
        [[rules]]
        name = "Theirs"
        category = ["mini_program_release"]
        target_app = ["{app}"]
        mini_program = ["{program}"]
        submitters = ["{team.mallory.id}"]
        """,
    )
    form = await open_form(team.alice)
    assert await suggested(team, form, "program") == [program]
    await team.alice.choose(form, "category", "mini_program_release")
    assert await suggested(team, form, "details.target_app") == [app]
    await team.alice.choose(form, "program", program)
    assert await suggested(team, form, "details.target_app") == []

    form = await open_form(team.alice)
    typed = first_step(release | {"mini_program": {"id": "2171020092715499", "name": "Kape"}})
    await submit_step(team.alice, form, typed)
    await team.alice.click(form, "request.form.back")
    assert await suggested(team, form, "program") == []


async def suggested(team: Team, form: View, name: str) -> list[str]:
    """What alice is offered in this input before she has typed anything."""
    return [each["value"] for each in await team.alice.type_options(form, name, "")]


async def test_who_may_submit_nothing_is_told_instead_of_a_form(team_once: Team) -> None:
    only(team_once, "", f'submitters = ["{team_once.mallory.id}"]')
    answer = await team_once.alice.command("/mp-requests new")
    assert answer.view
    assert "names who may submit it, and you are not among them" in team_once.words(answer.view)


async def test_where_everybody_is_away_the_form_says_what_to_set(team_once: Team) -> None:
    only(team_once, "")
    await team_once.bob.command("/mp-requests away")
    form, release = await open_form(team_once.alice), sample_of(Category.RELEASE)
    answer = await submit_form(team_once.alice, form, release)
    assert answer.view
    said = "Everybody who decides this request is away and nobody stands in"
    assert said in team_once.words(answer.view)
    assert not any("Approve" in team_once.words(shown) for shown in team_once.bob.sees())

    await team_once.bob.command("/mp-requests away to @ada")
    assert (await team_once.alice.submit(answer.view, {})).view is None
    await team_once.send_all()
    assert "For Bob Reyes" in team_once.last(team_once.ada)
