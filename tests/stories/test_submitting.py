"""From the form to the cards."""

import asyncio

from bot.sandbox.people import Answer
from bot.sandbox.views import View
from store.domain.query import ListQuery, Scope
from store.domain.request import Environment
from store.queries import listing
from tests.team import RELEASE, Team


async def opened(team: Team) -> View:
    """The empty form in front of alice."""
    answer = await team.alice.command("/mp-requests new")
    assert answer.view is not None
    return answer.view


async def stored(team: Team) -> int:
    """How many requests there are, as ada the admin counts them."""
    found = await listing(
        team.bot.db, ListQuery(Scope.ALL), asker=team.ada.id, policy=team.bot.policy
    )
    return found.page.total


async def test_a_submitted_form_becomes_a_card_for_each_who_decides(team: Team) -> None:
    answer = await team.alice.submit(await opened(team), RELEASE)
    await team.settle()

    assert (answer.acked, answer.errors, answer.view) == (True, {}, None)
    for reader, where in ((team.bob, None), (team.carol, None), (team.ada, team.reviews)):
        (card,) = reader.sees(where)
        shown = team.words(card)
        assert shown.splitlines()[0] == "🟠 Production · Mini Program Release · MP-1"
        for fact in ("Release Bills Pay 3.2.4", "2171020092715498", "Alice Santos", "Under Review"):
            assert fact in shown
        assert "What changes: version 3.2.4 for Wallet PH (fil) · 1 feature: Scan 1.8" in shown
    assert "waits for Bob Reyes or Carol Tan" in team.last(team.alice)
    assert "[ Withdraw ]" in team.last(team.alice)


async def test_the_notification_says_who_asks_for_what(team_once: Team) -> None:
    request = await team_once.submit()

    text = team_once.card(team_once.bob, request).text
    assert text == "Alice Santos asks you to approve Release Bills Pay 3.2.4 (Production)"


async def test_the_shortcut_opens_the_same_form(team_once: Team) -> None:
    by_shortcut = await team_once.alice.shortcut("request.new")
    by_command = await team_once.alice.command("/mp-requests new")

    assert by_shortcut.view is not None
    assert by_command.view is not None
    assert by_shortcut.view.blocks == by_command.view.blocks
    assert by_shortcut.view.title == "New request"


async def test_a_wrong_field_is_named_and_what_was_typed_stays(team_once: Team) -> None:
    form = await opened(team_once)
    wrong = {"mini_program.id": "12a", "details.features": "Scan\nPay | 1.2"}

    answer = await team_once.alice.submit(form, {**RELEASE, **wrong})

    assert "use the digits" in answer.errors["mini_program.id"]
    assert answer.errors["details.features"].startswith("Line 1, version")
    assert answer.view is form
    assert form.state["mini_program.id"]["mini_program.id"]["value"] == "12a"
    assert await stored(team_once) == 0

    right = {"mini_program.id": "12", "details.features": "Scan | 1.0"}
    assert (await team_once.alice.submit(form, right)).errors == {}
    assert await stored(team_once) == 1


async def test_a_form_submitted_twice_is_one_request(team: Team) -> None:
    form = await opened(team)

    answers = await asyncio.gather(*(team.alice.submit(form, RELEASE) for _ in range(2)))
    await team.settle()

    assert all(answer.acked and not answer.errors for answer in answers)
    assert await stored(team) == 1
    assert len(team.bob.sees()) == 1


async def test_who_alone_could_decide_is_told_so_in_the_form(team_once: Team) -> None:
    answer = await submitted_by_the_only_decider(team_once)

    assert "Nobody could decide this request" in answer.errors["category"]
    assert "besides you" in answer.errors["category"]
    assert answer.view is not None
    assert await stored(team_once) == 0


async def submitted_by_the_only_decider(team: Team) -> Answer:
    """ada's own request, while no reviewer is left."""
    (group,) = team.workspace.usergroups.values()
    team.workspace.change_usergroup(group, members=[])
    await team.bot.jobs.refresh()
    form = (await team.ada.command("/mp-requests new")).view
    assert form is not None
    return await team.ada.submit(form, RELEASE)


async def test_a_reviewer_who_submits_is_not_asked(team_once: Team) -> None:
    request = await team_once.submit(by=team_once.bob)

    assert "[ Approve ]" in team_once.words(team_once.card(team_once.carol, request))
    assert "[ Approve ]" not in team_once.words(team_once.card(team_once.bob, request))


async def test_approve_asks_once_more_and_says_where_it_goes(team_once: Team) -> None:
    for environment in Environment:
        request = await team_once.submit(external_id=environment, environment=environment.value)
        card = team_once.card(team_once.bob, request)
        (asked,) = [
            element["confirm"]
            for block in card.blocks
            for element in block.get("elements", [])
            if element["action_id"] == "request.approve"
        ]

        await team_once.bob.click(card, "request.approve", confirm=False)
        await team_once.settle()

        assert asked["confirm"]["text"] == "Approve"
        assert f"It goes to {environment.label}: Wallet PH." in asked["text"]["text"]
        assert "Under Review" in team_once.words(card)
