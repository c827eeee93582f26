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


PREVIEW, CODE = "https://test.example.com/bills-pay", "https://test.example.com/bills-pay.png"
HANDED_IN = {
    "evidence": [
        {"title": "Test report", "url": REPORT},
        {"title": "Demo <!channel> [a|b]", "url": ELSEWHERE},
        {"title": "Old wiki", "url": "http://wiki.example/old"},
        {"url": "https://jira.example.com/browse/MP-2"},
    ],
    "preview_url": PREVIEW,
    "preview_qr": CODE,
}
LISTED = "🔗 Evidence: Test report (jira.example.com) · Demo <!channel> [a¦b] (paste.example)"


async def test_evidence_and_a_test_version_are_one_press_away(team: Team) -> None:
    request = await team.submit(**HANDED_IN)
    card = team.card(team.bob, request)
    shown = team.words(card)
    assert "📱 Test version (test.example.com)\n[ Open preview ]" in shown
    assert f"{LISTED} · Old wiki: http://wiki" in shown
    assert "· 1 more in the details" in shown
    assert f'"url": "{PREVIEW}"' in sent(card)
    assert (await team.bob.click(card, "request.preview")).acked

    opened = await details(team, team.carol, request)
    assert "jira.example.com/browse/MP-2" in team.words(opened)
    assert "QR code that opens the test version of Bills Pay" in sent(opened)
    assert f'"image_url": "{CODE}"' in sent(opened)
    assert (await team.carol.click(opened, "request.preview")).acked

    only_jira(team)
    opened = await details(team, team.carol, request)
    for each in (PREVIEW, CODE, ELSEWHERE):
        assert each in team.words(opened)
    assert "Open preview" not in team.words(opened)
    assert f'"image_url": "{CODE}"' not in sent(opened)
    assert sent(opened).count("<https://") == 2


async def test_evidence_is_offered_again_and_what_changed_of_it_is_told(team: Team) -> None:
    request = await team.submit(**HANDED_IN)
    await team.reject(team.bob, team.card(team.bob, request), "The report is red.")
    await team.send_all()
    form = (await team.alice.click(team.alice.sees()[-1], "request.again")).view
    assert form is not None
    await team.alice.submit(form)
    typed = form.state["evidence"]["evidence"]["value"]
    assert typed.splitlines()[0] == f"Test report {REPORT}"
    assert form.state["preview_url"]["preview_url"]["value"] == PREVIEW
    wrong = await team.alice.submit(form, {"evidence": "Green report", "preview_url": "http://a.b"})
    assert wrong.errors == {
        "evidence": "Number 1, url: This is required.",
        "preview_url": "'http://a.b' leads nowhere; use an address such as https://app.example/7.",
    }
    green = f"{typed}\n- Green report: https://jira.example.com/browse/QA-9"
    await team.alice.submit(form, {"evidence": green, "preview_url": f"{PREVIEW}/2"})
    assert "Green report https://jira.example.com/browse/QA-9" in team.words(form)
    await team.alice.submit(form)
    await team.send_all()

    card = team.words(team.bob.message(containing="MP-2"))
    assert "Changed since MP-1: evidence +1 · test version" in card
    view = (await team.bob.command("/mp-requests show MP-2")).view
    assert view is not None
    shown = team.words(view)
    assert "Evidence\n+ Green report https://jira.example.com/browse/QA-9" in shown
    assert f"Test version\n− {PREVIEW}\n+ {PREVIEW}/2" in shown
    assert f'"image_url": "{CODE}"' in sent(view), "what the form does not ask for comes along"
