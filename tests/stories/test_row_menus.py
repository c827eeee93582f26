"""The menu in a list's row: what this person may do, and each entry does what its button does."""

from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.limits.whole import objects
from bot.sandbox.state.conversations import Message
from store.domain.request import Request
from tests.harness_slack import Team

MENU = "request.menu"


async def listed(person: Person, what: str = "list") -> Message:
    """A list that they asked for."""
    answer = await person.command(f"/mp-requests {what}")
    assert answer.message is not None
    return answer.message


def entries(shown: Message) -> list[str]:
    """What the first row's menu offers; the names on the wire."""
    menus = [o for o in objects({"blocks": shown.blocks}) if o.get("action_id") == MENU]
    return [option["value"].split()[0] for option in menus[0]["options"]] if menus else []


async def choose(person: Person, entry: str, request: Request) -> Answer:
    """Choose from a row's menu."""
    value = f"{entry} {request.id}:{request.round}"
    return await person.click(await listed(person), MENU, value=value)


async def test_a_row_offers_what_its_reader_may_do(team_once: Team) -> None:
    await team_once.submit()
    assert entries(await listed(team_once.bob)) == ["view", "approve", "reject"]
    assert entries(await listed(team_once.ada)) == ["view", "approve", "reject"]
    assert entries(await listed(team_once.alice)) == ["view", "withdraw"]
    await team_once.alice.command("/mp-requests withdraw MP-1")
    assert entries(await listed(team_once.alice)) == ["view", "again"]
    looking = await listed(team_once.bob)
    assert entries(looking) == []
    assert "[ View ]" in team_once.words(looking)


async def test_approve_in_a_row_asks_and_then_says_what_became_of_it(team: Team) -> None:
    request = await team.submit()

    asked = (await choose(team.bob, "approve", request)).view
    assert asked is not None
    assert "Release Bills Pay 3.2.4  ·  🟠 Production" in team.words(asked)
    told = (await team.bob.submit(asked)).view
    await team.send_all()

    assert told is not None
    assert "✅ This request is approved." in team.words(told)
    assert "✅ This request is approved. Bob Reyes" in team.words(team.card(team.carol, request))


async def test_the_other_entries_do_what_their_buttons_do(team_once: Team) -> None:
    request = await team_once.submit()
    viewed = (await choose(team_once.bob, "view", request)).view
    assert viewed is not None
    assert "Release Process Overview" in team_once.words(viewed)
    form = (await choose(team_once.bob, "reject", request)).view
    assert form is not None
    assert "Reason" in team_once.words(form)
    assert (await choose(team_once.alice, "withdraw", request)).acked
    await team_once.send_all()
    assert "↩️ Withdrawn by Alice Santos" in team_once.words(
        team_once.card(team_once.carol, request)
    )


async def test_who_may_not_approve_hears_why(team_once: Team) -> None:
    request = await team_once.submit()
    shown = await listed(team_once.bob)
    await team_once.approve(team_once.carol, "MP-1")

    answer = await team_once.bob.click(shown, MENU, value=f"approve {request.id}:{request.round}")
    await team_once.send_all()

    assert answer.view is None
    assert "MP-1 was approved by Carol Tan" in team_once.last(team_once.bob)
