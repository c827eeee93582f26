"""From the form to the cards."""

import asyncio

from blocks import buttons
from store.domain.lists.query import ListQuery, Scope
from store.domain.request import Category, Environment
from store.lists.listing import listing
from tests.cast import sample_of
from tests.form_filling import fill_in, modal_of, open_form, submit_form
from tests.harness_slack import Team


async def stored(team: Team) -> int:
    """How many requests there are, as ada the admin counts them."""
    found = await listing(
        team.bot.db, ListQuery(Scope.ALL), asker=team.ada.id, policy=team.bot.policy
    )
    return found.page.total


async def test_a_submitted_form_becomes_a_card_for_each_who_decides(team: Team) -> None:
    answer = await submit_form(team.alice, await open_form(team.alice), sample_of(Category.RELEASE))
    await team.send_all()

    assert (answer.acked, answer.errors, answer.view) == (True, {}, None)
    for reader, where in ((team.bob, None), (team.carol, None), (team.ada, team.reviews)):
        (card,) = reader.sees(where)
        shown = team.words(card)
        assert shown.splitlines()[0] == "Release Bills Pay 3.2.4  ·  🟠 Production"
        for fact in (
            "MP-1 · ",
            "Mini Program Release",
            "2171020092715498",
            "Alice Santos",
            "Under Review",
        ):
            assert fact in shown
        assert "3 features: Location 1.8, Scan 1.8, Location 1.0" in shown
    assert "is waiting for Bob Reyes or Carol Tan" in team.last(team.alice)
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
    assert team_once.words(by_shortcut.view) == team_once.words(by_command.view)
    assert by_shortcut.view.title == "New request"


async def test_a_form_submitted_before_with_other_content_says_so(team_once: Team) -> None:
    last = await fill_in(
        team_once.alice, await open_form(team_once.alice), sample_of(Category.RELEASE)
    )
    await team_once.store(external_id=f"slack-{last.payload['private_metadata']}", version="9.9.9")

    answer = await team_once.alice.submit(last)

    assert answer.view is not None
    said = team_once.words(answer.view)
    assert "MP-1 was submitted with other content: version" in said
    assert await stored(team_once) == 1


async def test_a_form_submitted_twice_is_one_request(team: Team) -> None:
    last = await fill_in(team.alice, await open_form(team.alice), sample_of(Category.RELEASE))

    answers = await asyncio.gather(*(team.alice.submit(last) for _ in range(2)))
    await team.send_all()

    assert all(answer.acked and not answer.errors for answer in answers)
    assert await stored(team) == 1
    assert len(team.bob.sees()) == 1


async def test_who_alone_could_decide_is_told_so_in_the_form(team_once: Team) -> None:
    (group,) = team_once.workspace.usergroups.values()
    team_once.workspace.change_usergroup(group, members=[])
    await team_once.bot.jobs.refresh()

    form = await open_form(team_once.ada)
    answer = await submit_form(team_once.ada, form, sample_of(Category.RELEASE))

    shown = team_once.words(modal_of(answer))
    assert "Nobody could decide this request" in shown
    assert "besides you" in shown
    assert "[ Submit for Review ]" in shown
    assert await stored(team_once) == 0


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
            if element.get("action_id") == "request.approve"
        ]

        await team_once.bob.click(card, "request.approve", confirm=False)
        await team_once.send_all()

        assert asked["confirm"]["text"] == "Approve"
        assert f"It goes to {environment.label}: Wallet PH." in asked["text"]["text"]
        assert "Under Review" in team_once.words(card)


async def test_the_way_back_in_a_draft_that_was_put_away_says_so(team_once: Team) -> None:
    form = await fill_in(
        team_once.alice, await open_form(team_once.alice), sample_of(Category.RELEASE)
    )
    team_once.clock.move(days=3)
    await team_once.bot.jobs.prune()

    answer = await team_once.alice.click(form, buttons.FORM_BACK)

    assert answer.acked
    assert "No such draft" in team_once.words(modal_of(answer))
