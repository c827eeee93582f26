"""Filters as a form: in a list's message and in Home, and one thing with the command's words."""

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from bot.sandbox.state.views import View
from store.domain.request import Category
from tests.harness_slack import Team
from tests.stories.test_home import at_home, seen


async def one_of_each(team: Team) -> None:
    """Five requests of alice in five categories; the offline one is in Sandbox, approved by bob."""
    for category in tuple(Category)[:5]:
        place = "sandbox" if category is Category.OFFLINE else "production"
        await team.submit(category=category, environment=place, title=category.label)
        team.clock.move(minutes=1)
    await team.approve(team.bob, "MP-2")
    await team.send_all()


async def form(person: Person, where: Message | View) -> View:
    """The filters of the list there, opened."""
    answer = await person.click(where, "list.menu", value="Filter…")
    assert answer.view is not None
    return answer.view


async def listed(person: Person, words: str) -> Message:
    """The list a command gives."""
    message = (await person.command(f"/mp-requests {words}")).message
    assert message is not None
    return message


CHOSEN = {
    "search": "padala",
    "status": ["under_review", "approved"],
    "category": ["mini_program_offline", "optimization_modify"],
    "sort": "completed",
}
COMMAND = (
    "list padala status:under_review,approved category:offline,optimization "
    "by:@Alice Santos sort:completed"
)


async def test_a_filtered_list_takes_the_place_of_the_one_before(team: Team) -> None:
    await one_of_each(team)
    shown = await listed(team.bob, "list")

    answer = await team.bob.submit(
        await form(team.bob, shown), CHOSEN | {"submitted_by": [team.alice]}
    )
    await team.send_all()

    assert (answer.acked, answer.view, answer.errors) == (True, None, {})
    words = team.words(shown)
    head = "All requests · 2 requests, 1 Under Review · Completed On, oldest first\n"
    assert words.startswith(head)
    assert words.endswith(f" · /mp-requests {COMMAND}")
    assert words.index("MP-2 ") < words.index("MP-5 ")
    assert "MP-1 " not in words


async def test_the_command_that_is_shown_gives_the_same_list(team_once: Team) -> None:
    await one_of_each(team_once)
    shown = await listed(team_once.bob, "list")
    await team_once.bob.submit(
        await form(team_once.bob, shown), CHOSEN | {"submitted_by": [team_once.alice]}
    )
    await team_once.send_all()

    typed = "/mp-requests " + team_once.words(shown).split("/mp-requests ")[-1]
    again = team_once.said(await team_once.bob.command(typed))

    assert again == team_once.words(shown)


async def test_the_form_opens_with_what_was_typed(team_once: Team) -> None:
    await one_of_each(team_once)
    shown = await listed(team_once.bob, "list padala status:approved by:@alice sort:completed")

    opened = await form(team_once.bob, shown)

    words = team_once.words(opened.payload)
    for said in ("padala", "[ Approved v ]", "[ @Alice Santos v ]", "Completed On, oldest first"):
        assert said in words


async def test_days_are_picked_in_the_form_and_typed_alike(team_once: Team) -> None:
    team = team_once
    await one_of_each(team)  # on 20 November, where bob is
    shown = await listed(team.bob, "list created:<2026-11-20")
    assert "No request matches." in team.words(shown)
    opened = await form(team.bob, shown)
    assert "2026-11-19" in team.words(opened.payload)

    wrong = await team.bob.submit(
        opened, {"created.first": "2026-11-21", "created.last": "2026-11-20"}
    )
    await team.bob.submit(
        opened,
        {"created.first": "2026-11-01", "created.last": "2026-11-30"}
        | {"completed.first": "2026-11-20"},
    )
    await team.send_all()

    assert wrong.errors == {"created.last": "The last day is before the first."}
    words = team.words(shown)
    assert words.startswith("All requests · 1 Approved · Completed On, newest first\n")
    command = "/mp-requests list created:2026-11 completed:>2026-11-19 sort:-completed"
    assert words.endswith(command)
    typed = await listed(team.bob, "list created:2026-11 completed:>2026-11-19")
    assert team.words(typed) == words


async def test_home_is_filtered_and_shown_whole_again(team: Team) -> None:
    await one_of_each(team)
    home = await at_home(team, team.ada)
    await team.ada.click(home, "home.tab.list")
    await team.send_all()

    await team.ada.submit(await form(team.ada, home), {"environment": ["sandbox"]})
    await team.send_all()
    assert "/mp-requests list env:sandbox" in seen(team, team.ada)
    assert "All requests · 1 Approved" in seen(team, team.ada)

    await team.ada.click(home, "list.menu", value="Show all")
    await team.send_all()
    assert "⏳ 4 Under Review  ·  ✅ 1 Approved" in seen(team, team.ada)
    assert "/mp-requests" not in seen(team, team.ada)


async def test_nothing_found_leads_back_to_the_form(team_once: Team) -> None:
    await one_of_each(team_once)
    shown = await listed(team_once.alice, "mine zzz")
    assert "No request matches." in team_once.words(shown)

    await team_once.alice.submit(await form(team_once.alice, shown), {"search": ""})
    await team_once.send_all()

    assert "My Requests · 5 requests" in team_once.words(shown)


async def test_a_form_left_open_too_long_names_the_command_instead(team_once: Team) -> None:
    await one_of_each(team_once)
    shown = await listed(team_once.bob, "list")
    before, opened = team_once.words(shown), await form(team_once.bob, shown)
    team_once.clock.move(minutes=31)

    answer = await team_once.bob.submit(opened, {"status": ["approved"]})
    await team_once.send_all()

    assert answer.view is not None
    assert "/mp-requests list status:approved" in team_once.words(answer.view.payload)
    assert team_once.words(shown) == before


async def test_a_filter_shows_nobody_more_than_they_may_see(team_once: Team) -> None:
    await one_of_each(team_once)
    shown = await listed(team_once.mallory, "list")

    await team_once.mallory.submit(
        await form(team_once.mallory, shown), {"submitted_by": [team_once.alice]}
    )
    await team_once.send_all()

    assert "no requests" in team_once.words(shown)


async def test_a_person_is_named_as_we_print_them(team_once: Team) -> None:
    await team_once.submit()
    await team_once.submit(by=team_once.bob, external_id="b", version="9")
    for typed, total in (
        ("by:@Alice Santos", "1 Under Review"),
        ("BY: @ALICE  Santos status:under_review", "1 "),
        ("by:@Alice Santos,@Bob Reyes sort:created", "2 Under Review"),
    ):
        said = team_once.said(await team_once.bob.command(f"/mp-requests list {typed}"))
        assert f"All requests · {total}" in said, typed
    said = team_once.said(await team_once.bob.command("/mp-requests list by:@Nobody Here"))
    assert "I don't know who @Nobody is." in said
    answer = await team_once.bob.command("/mp-requests export by:@Bob Reyes")
    assert "by:@Bob Reyes" in team_once.said(answer)
