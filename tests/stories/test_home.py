"""The Home tab: its tabs, counts and pages, and that it keeps up with what happens."""

from typing import Any

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.request import Category, Request
from tests.cast import sample_of
from tests.form_filling import first_step, modal_of, open_form, submit_form, submit_step
from tests.harness_slack import Team


async def at_home(team: Team, person: Person) -> View:
    """Their Home, opened and drawn."""
    assert (await person.open_home()).acked
    await team.send_all()
    assert person.home is not None
    return person.home


async def goes(team: Team, person: Person, action_id: str) -> str:
    """What their Home shows after a click in it."""
    assert person.home is not None
    assert (await person.click(person.home, action_id)).acked
    await team.send_all()
    return seen(team, person)


def seen(team: Team, person: Person) -> str:
    """What their Home shows."""
    assert person.home is not None
    return team.words(person.home.payload)


def drawings(team: Team) -> int:
    """How often a Home was drawn."""
    return sum(call.method == "views.publish" for call in team.workspace.calls)


async def numbered(team: Team, count: int, **changes: Any) -> list[Request]:
    """That many releases of alice's, each of a version of its own, a minute apart."""
    made = []
    for number in range(count):
        given = {"external_id": f"number-{number}", "version": f"1.{number}", **changes}
        made.append(await team.store(title=f"Release {number}", **given))
        team.clock.move(minutes=1)
    await team.send_all()
    return made


async def test_a_submitter_is_at_my_requests_and_a_reviewer_at_what_waits(team: Team) -> None:
    await numbered(team, 2)
    await team.approve(team.bob, "MP-1")

    await at_home(team, team.alice)
    await at_home(team, team.bob)

    mine, waiting = seen(team, team.alice), seen(team, team.bob)
    assert "⏳ 1 Under Review  ·  ✅ 1 Approved  ·  ⛔ 0 Rejected  ·  ↩️ 0 Withdrawn" in mine
    assert "▸[ My Requests ]" in mine
    assert "All requests" not in mine
    assert "Release 0" in mine
    assert "⏳ 1 is waiting for you" in waiting
    assert waiting.count("waiting for you") == 1  # the count stands once
    assert "Release 0" not in waiting
    assert "Release 1" in waiting


async def test_a_row_has_all_nine_columns(team_once: Team) -> None:
    await team_once.submit()
    await at_home(team_once, team_once.alice)

    row = seen(team_once, team_once.alice).partition("▸[ My Requests ]")[2]
    for fact in ("Under Review", "🟠 Production", "Mini Program Release", "MP-1"):
        assert fact in row
    assert "created Nov 20, 2026" in row


async def test_the_tabs_lead_to_each_other(team: Team) -> None:
    await numbered(team, 1)
    await at_home(team, team.bob)

    mine = await goes(team, team.bob, "home.tab.mine")
    every = await goes(team, team.bob, "home.tab.list")
    back = await goes(team, team.bob, "home.tab.approvals")

    assert "You have not submitted a request yet." in mine
    assert "▸[ All requests ]\n⏳ 1 Under Review" in every
    assert "▸[ My Approvals ]\n[ My Requests ]" in back


async def test_only_who_oversees_has_all_requests(team_once: Team) -> None:
    for person, has in (
        (team_once.ada, True),
        (team_once.carol, True),
        (team_once.alice, False),
        (team_once.mallory, False),
    ):
        await at_home(team_once, person)
        assert ("[ All requests ]" in seen(team_once, person)) is has


async def test_a_decision_shows_in_every_home_it_concerns(team: Team) -> None:
    request, *_ = await numbered(team, 1)
    for person in (team.alice, team.bob, team.carol, team.mallory):
        await at_home(team, person)
    calls = drawings(team)

    await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()

    assert "✅ 1 Approved" in seen(team, team.alice)
    for reviewer in (team.bob, team.carol):
        assert "Nothing is waiting for you." in seen(team, reviewer)
    assert drawings(team) == calls + 3


async def test_a_new_request_shows_where_it_waits(team_once: Team) -> None:
    await at_home(team_once, team_once.bob)
    await numbered(team_once, 3)

    assert "3 are waiting for you" in seen(team_once, team_once.bob)


async def test_an_admin_sees_at_home_what_they_decided_from_there(team_once: Team) -> None:
    await numbered(team_once, 1)
    await at_home(team_once, team_once.ada)
    await goes(team_once, team_once.ada, "home.tab.list")
    assert team_once.ada.home is not None

    opened = await team_once.ada.click(team_once.ada.home, "request.menu", value="View")
    assert opened.view is not None
    await team_once.ada.click(opened.view, "request.approve")
    await team_once.send_all()

    assert "✅ 1 Approved" in seen(team_once, team_once.ada)


async def test_many_changes_are_one_drawing(team_once: Team) -> None:
    await at_home(team_once, team_once.bob)
    calls = drawings(team_once)

    for number in range(5):
        await team_once.store(external_id=f"number-{number}", version=f"1.{number}")
    await team_once.send_all()

    assert drawings(team_once) == calls + 1


async def test_who_was_away_for_a_day_is_not_drawn_for_and_begins_anew(team_once: Team) -> None:
    await at_home(team_once, team_once.bob)
    await goes(team_once, team_once.bob, "home.tab.list")
    team_once.clock.move(days=1, minutes=1)
    calls = drawings(team_once)

    await numbered(team_once, 1)
    assert drawings(team_once) == calls

    await at_home(team_once, team_once.bob)
    assert "1 is waiting for you" in seen(team_once, team_once.bob)


async def test_pages_turn_and_stay_where_one_was(team: Team) -> None:
    await numbered(team, 12)
    await at_home(team, team.alice)

    second = await goes(team, team.alice, "list.page.next")
    await at_home(team, team.alice)

    assert "11 to 12" in second
    assert "Release 0" in second
    assert "11 to 12" in seen(team, team.alice)
    assert "1 to 10" in await goes(team, team.alice, "list.page.previous")


async def test_new_request_opens_the_form(team_once: Team) -> None:
    home = await at_home(team_once, team_once.alice)
    answer = await team_once.alice.click(home, "request.new")
    assert answer.view is not None


async def test_download_is_answered_above_home_and_comes_by_message(team_once: Team) -> None:
    home = await at_home(team_once, team_once.alice)

    answer = await team_once.alice.click(home, "list.menu", value="Download")
    team_once.clock.move(seconds=3)
    await team_once.send_all()

    assert answer.view is not None
    assert "Your download is being prepared." in team_once.words(answer.view.payload)
    assert "/mp-requests mine" in team_once.last(team_once.alice)


async def test_a_view_of_what_one_may_no_longer_see_says_so(team_once: Team) -> None:
    await numbered(team_once, 1, category=Category.LAUNCH)
    home = await at_home(team_once, team_once.alice)
    menu = next(b for b in home.blocks if b.get("accessory"))["accessory"]
    menu["options"][0]["value"] = "view 99:1"

    answer = await team_once.alice.click(home, "request.menu", value="View")

    assert answer.view is not None
    assert "There is no request MP-99 that you can open." in team_once.words(answer.view.payload)


async def test_a_home_that_slack_did_not_take_is_drawn_later(team_once: Team) -> None:
    team_once.workspace.faults.add("views.publish", "status", status=500)
    assert (await team_once.alice.open_home()).acked
    await team_once.send_all()
    assert team_once.alice.home is None

    team_once.clock.move(minutes=1)
    await team_once.send_all()
    assert "You have not submitted a request yet." in seen(team_once, team_once.alice)


async def test_home_begins_with_what_needs_a_submitter(team_once: Team) -> None:
    approved, *rejected = await numbered(team_once, 3)
    await team_once.approve(team_once.bob, approved.ref)
    for request in rejected:
        typed = f"/mp-requests reject {request.ref} No contact."
        asked = (await team_once.bob.command(typed)).view
        assert asked is not None
        await team_once.bob.submit(asked)

    await at_home(team_once, team_once.alice)
    begins = seen(team_once, team_once.alice).splitlines()[1:5]
    assert begins == [
        "⛔ 2 rejected: change and submit again",
        "Release 2 (MP-3), Release 1 (MP-2)",
        "[ Show ]",
        "✅ 1 approved, not live yet",
    ]
    await team_once.store(external_id="once more", version="1.1")
    await team_once.alice.command("/mp-requests stage MP-1 full")
    await at_home(team_once, team_once.alice)
    shown = seen(team_once, team_once.alice)
    assert "⛔ 1 rejected: change and submit again\nRelease 1 (MP-2)\n[ Submit again ]" in shown
    assert "not live yet" not in shown


async def test_home_begins_with_what_waits_for_a_reviewer(team_once: Team) -> None:
    await numbered(team_once, 2)
    team_once.clock.move(days=2)
    await at_home(team_once, team_once.bob)
    assert "⏳ 2 are waiting for you · the oldest for 2 days\n[ Show ]" in seen(
        team_once, team_once.bob
    )
    await at_home(team_once, team_once.mallory)
    assert "waiting for you" not in seen(team_once, team_once.mallory)


async def test_an_admin_sees_what_waits_for_others_and_for_how_long(team_once: Team) -> None:
    await numbered(team_once, 2)
    await team_once.store(by=team_once.bob, external_id="bobs", version="7")
    team_once.clock.move(days=2)
    await at_home(team_once, team_once.ada)
    shown = seen(team_once, team_once.ada)
    assert (
        "👥 3 are waiting for a decision, the oldest for 2 days\nCarol Tan 3, Bob Reyes 2" in shown
    )
    for person in (team_once.bob, team_once.alice):
        await at_home(team_once, person)
        assert "👥" not in seen(team_once, person)


async def test_a_draft_closed_by_mistake_is_taken_up_again_from_home(team_once: Team) -> None:
    await at_home(team_once, team_once.alice)
    form = await open_form(team_once.alice)
    await submit_step(team_once.alice, form, first_step(sample_of(Category.RELEASE)))
    await team_once.alice.close(form)
    await team_once.send_all()

    shown = seen(team_once, team_once.alice)
    assert "📝 Not submitted yet: Release Bills Pay 3.2.4\n[ Continue ]\n[ Discard ]" in shown
    assert team_once.alice.home is not None
    taken_up = modal_of(await team_once.alice.click(team_once.alice.home, "request.form.continue"))
    assert "Step 2 of 3 · Release Bills Pay 3.2.4" in team_once.words(taken_up)
    await team_once.alice.close(taken_up)
    assert "Not submitted yet" not in await goes(team_once, team_once.alice, "request.form.discard")


async def test_a_draft_that_was_submitted_or_is_empty_is_not_offered(team_once: Team) -> None:
    await submit_form(
        team_once.alice, await open_form(team_once.alice), sample_of(Category.RELEASE)
    )
    await team_once.alice.close(await open_form(team_once.alice))
    await at_home(team_once, team_once.alice)
    assert "Not submitted yet" not in seen(team_once, team_once.alice)
