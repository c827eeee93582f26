"""*Find request*: from any message to the request that it names."""

import pytest

from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from store.domain import request_number
from tests.harness_slack import Team


def said(team: Team, text: str) -> Message:
    """A message of ada in the review channel."""
    team.ada.say(text, team.reviews)
    return team.ada.message(containing=text, conversation=team.reviews)


async def found(team: Team, person: Person, message: Message) -> str:
    """What the shortcut opens for this person."""
    answer = await person.message_shortcut("request.find", message)
    assert answer.acked
    assert answer.view is not None
    return team.words(answer.view)


async def test_the_request_that_a_message_names_opens(team: Team) -> None:
    await team.submit()
    shown = await found(team, team.ada, said(team, "Has anybody looked at mp-1 yet?"))
    assert shown.startswith("MP-1 · Bills Pay\n")
    assert "Request details" in shown


async def test_a_card_names_its_own_request(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.bob, request)
    assert (await found(team_once, team_once.bob, card)).startswith("MP-1 · Bills Pay\n")


async def test_of_several_one_chooses_among_those_one_may_see(team_once: Team) -> None:
    team = team_once
    await team.submit()
    await team.submit(external_id="2", version="3.2.5")
    message = said(team, "MP-2 and MP-99 replace MP-1, says MP-2")
    answer = await team.ada.message_shortcut("request.find", message)
    assert answer.view is not None
    assert team.words(answer.view).splitlines() == [
        "Which request?",
        *("Release Bills Pay 3.2.4 (Production)", "MP-2", "[ View ]"),
        *("Release Bills Pay 3.2.4 (Production)", "MP-1", "[ View ]"),
        "[ Close ]",
    ]
    opened = await team.ada.click(answer.view, "request.details", value="2:1")
    assert opened.view is not None
    assert team.words(opened.view).startswith("MP-2 · Bills Pay\n")


async def test_who_may_not_see_it_is_told_kindly(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    team.reviews.members.add(team.mallory.id)
    card = team.card(team.mallory, request, team.reviews)

    in_the_channel = await found(team, team.mallory, card)
    elsewhere = await found(team, team.mallory, said(team, "MP-1, please"))
    nothing = await found(team, team.mallory, said(team, "version 3.2.4 of 2171020092715498"))

    assert "Only its submitter, its reviewers and admins can open MP-1." in in_the_channel
    assert elsewhere == (await found(team, team.mallory, said(team, "MP-99, please"))).replace(
        "MP-99", "MP-1"
    )
    assert "This message names no request. The number of a request looks like MP-12." in nothing


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("MP-12", (12,)),
        ("mp 12, (MP12) and *ＭＰ－０７*!", (12, 7)),
        ("https://acme.example/MP-12?x", (12,)),
        ("CAMP-12 MP-1.2 MP-12a amp12 12 #12 MP-0", ()),
        ("MP-3.", (3,)),
    ],
)
def test_numbers_are_read_anywhere_in_a_text(text: str, numbers: tuple[int, ...]) -> None:
    assert request_number.named_in(text) == numbers
