"""Evidence: addresses in what people write are links, and the policy says to which hosts."""

import json
from typing import Any

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.policy import Policy
from store.domain.request import Request
from tests.harness_slack import Team

REPORT = "https://jira.example.com/browse/MP-1"
SHOWN_REPORT = "<https://jira.example.com/browse/MP-1|jira.example.com/browse/MP-1>"
ELSEWHERE = "https://paste.example/7"
BOTH = f"See {REPORT} and {ELSEWHERE}."


def only_jira(team: Team) -> None:
    """The policy lets jira.example.com alone be linked from now on."""
    update = {"link_hosts": ("jira.example.com",)}
    team.bot.in_force.policy = Policy.model_copy(team.bot.policy, update=update)


def sent(shown: Any) -> str:
    """What went to Slack, as it was sent."""
    return json.dumps(shown.blocks, ensure_ascii=False)


async def details(team: Team, person: Person, request: Request) -> View:
    view = (await person.command(f"/mp-requests show {request.ref}")).view
    assert view is not None
    return view


async def test_addresses_in_what_people_say_are_links_where_the_policy_lets_them(
    team: Team,
) -> None:
    only_jira(team)
    request = await team.submit()
    card = team.card(team.bob, request)
    form = (await team.bob.click(card, "request.ask")).view
    assert form is not None
    await team.bob.submit(form, {"question": BOTH})
    await team.bob.command(f"/mp-requests note MP-1 {BOTH}")
    await team.send_all()
    asked = team.alice.sees()[-1]
    form = (await team.alice.click(asked, "question.answer")).view
    assert form is not None
    assert SHOWN_REPORT in sent(form)
    await team.alice.submit(form, {"answer": BOTH})
    await team.send_all()

    told = team.bob.sees()[-1]
    for shown in (asked, told, team.card(team.carol, request)):
        assert sent(shown).count(SHOWN_REPORT) == 2, "the question and the answer"
        assert f"<{ELSEWHERE}" not in sent(shown)
        assert ELSEWHERE in team.words(shown)
    assert sent(await details(team, team.ada, request)).count(SHOWN_REPORT) == 3

    await team.reject(team.bob, card, BOTH)
    await team.send_all()
    for shown in (team.alice.sees()[-1], team.card(team.carol, request)):
        assert f"> See {SHOWN_REPORT} and {ELSEWHERE}." in sent(shown).replace("\\n", "\n")
