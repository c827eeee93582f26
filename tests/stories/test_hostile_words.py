"""Whatever people type, the card is drawn, and nobody is pinged, linked or misled by it."""

import json
import logging
import re
from typing import Any

import pytest

from bot.sandbox.limits import message_problems, view_problems
from bot.sandbox.state.conversations import Message
from store.domain.request import Category, Request
from tests.blocks.test_plainer import counted
from tests.cast import sample_of
from tests.form_filling import first_step, submit_step
from tests.harness_slack import Team

TITLE = "<!channel> 请批准 *now* <https://evil.example|here> 👩‍👩‍👧‍👦 مرحبا &amp;"
DESCRIPTION = "<!here> <@U0SBX000002> " + "漢字 مرحبا 👍 " * 380


async def hostile(team: Team) -> Request:
    """A request as long and as bad as one may be."""
    details = {
        **sample_of(Category.RELEASE)["details"],
        "description": DESCRIPTION,
        "target_app": "<!everyone> & co",
        "whitelist": [f"https://{number}.example" for number in range(200)],
        "features": [{"name": "*Scan* _it_ `x`", "version": "1"}] * 50,
    }
    named = {"id": "2171020092715498", "name": "~Bills~ <!subteam^S1> مرحبا"}
    return await team.submit(title=TITLE, mini_program=named, details=details)


def raw(message: Message) -> str:
    """What Slack parses for mentions and links: the mrkdwn texts and the notification."""
    texts = [message.text]

    def collect(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                texts.append(node["text"])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(message.blocks)
    return "\n".join(texts)


OUR_PERMALINK = re.compile(r"<https://sandbox\.slack\.com/archives/D[A-Z0-9]+/p[0-9]+\|")

BY_ITS_HOST = re.compile(r"<https://([^/|>]+)[^|>]*\|\1>")


def assert_harmless(message: Message) -> None:
    """No mention, group, broadcast or link but ours: dates, permalinks, addresses by their host."""
    theirs = BY_ITS_HOST.sub("", OUR_PERMALINK.sub("", raw(message)))
    for begun in ("<!channel", "<!here", "<!everyone", "<!subteam", "<http", "<@"):
        assert begun not in theirs


async def test_a_hostile_request_makes_a_correct_card(team: Team) -> None:
    request = await hostile(team)

    for reader, where in ((team.bob, None), (team.carol, None), (team.ada, team.reviews)):
        card = team.card(reader, request, where)
        assert_harmless(card)
        shown = team.words(card)
        assert "<!channel> 请批准" in shown
        assert "<https://evil.example|here> 👩‍👩‍👧‍👦" in shown
        assert "whitelist 200 domains" in shown
        assert "[ Approve ]" in shown
    assert_harmless(team.card(team.alice, request))


async def test_its_details_open_and_it_can_be_decided(team_once: Team) -> None:
    request = await hostile(team_once)

    opened = await team_once.bob.click(
        team_once.card(team_once.bob, request), "request.menu", value="Details"
    )
    assert opened.view is not None
    shown = team_once.words(opened.view)
    assert "<!here> <@U0SBX000002>" in shown
    assert shown.count("漢字") == 380
    await team_once.bob.click(opened.view, "request.approve")
    await team_once.send_all()

    assert "This request is approved." in team_once.words(opened.view)
    assert all("approved. Bob Reyes" in shown for shown in team_once.copies(request))


async def test_it_is_listed_and_reminded_of(team_once: Team) -> None:
    await hostile(team_once)

    answer = await team_once.bob.command("/mp-requests approvals “~Bills~”")
    assert answer.message is not None
    assert "1 Under Review" in team_once.words(answer.message)
    assert_harmless(answer.message)
    team_once.clock.move(days=3)
    await team_once.bot.jobs.digest()
    await team_once.send_all()
    assert_harmless(team_once.bob.sees()[-1])


async def test_a_hostile_reason_is_quoted_as_typed(team_once: Team) -> None:
    request = await team_once.submit()
    reason = f"<!channel> *bold* <https://evil.example|x>\n> quoted `code` {'漢' * 1900}"

    await team_once.reject(team_once.bob, team_once.card(team_once.bob, request), reason)
    await team_once.send_all()

    for message in (team_once.card(team_once.carol, request), *team_once.alice.sees()):
        assert_harmless(message)
        shown = team_once.words(message)
        assert "<!channel> ∗bold∗ <evil.example|x>" in shown
        assert "漢" * 200 in shown.replace("\n", "").replace("┃ ", "")
    details = await team_once.carol.command(f"/mp-requests show {request.ref}")
    assert details.view is not None
    assert "漢" * 1900 in team_once.words(details.view).replace("\n", "").replace("┃ ", "")


async def test_a_logo_slack_cannot_fetch_costs_only_the_logo(team_once: Team) -> None:
    team_once.workspace.faults.add("chat.postMessage", "status", status=200, error="invalid_blocks")

    request = await team_once.submit()

    cards = [team_once.bob.sees(), team_once.carol.sees(), team_once.ada.sees(team_once.reviews)]
    drawn = [json.dumps(card.blocks) for seen in [*cards, team_once.alice.sees()] for card in seen]
    assert len(drawn) == 4
    assert len([blocks for blocks in drawn if '"image"' in blocks]) == 3
    assert all("Release Bills Pay 3.2.4" in shown for shown in team_once.copies(request))
    assert team_once.ada.sees() == []


def forged(payload: dict[str, Any], mark: str) -> dict[str, Any]:
    """The payload with this mark at the end of every text, JSON in its metadata included."""

    def marked(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: marked(value) for key, value in node.items()}
        if isinstance(node, list):
            return [marked(value) for value in node]
        if not isinstance(node, str):
            return node
        if node.startswith("{"):
            return json.dumps(marked(json.loads(node))) + mark
        return node + mark

    spoilt: dict[str, Any] = marked(payload)
    return spoilt


@pytest.mark.parametrize("mark", ["\x00", "\ud800"], ids=["nul", "surrogate"])
async def test_what_no_database_holds_is_cleaned_wherever_it_stands_in_a_payload(
    team: Team, mark: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A form, a list, its filters and a decision: each does what it would without the mark."""
    request, sent = await team.submit(), team.workspace.exchanges

    async def again(kind: str = "interactive") -> None:
        """What was sent last, once more with the mark."""
        payload = forged(json.loads(json.dumps(sent.latest[-1].payload)), mark)
        assert (await team.workspace.deliver(kind, payload)).acked

    caplog.set_level(logging.ERROR)
    await team.alice.open_home()
    await again("events_api")
    form = (await team.alice.command("/mp-requests new")).view
    assert form is not None
    await submit_step(team.alice, form, first_step(sample_of(Category.OFFLINE)))
    await again()
    shown = (await team.bob.command("/mp-requests list")).message
    assert shown is not None
    filters = (await team.bob.click(shown, "list.menu", value="Filter…")).view
    assert filters is not None
    await team.bob.submit(filters, {"status": ["approved"]})
    await again()
    await team.send_all()
    assert "No request matches." in team.words(shown)
    await team.bob.click(team.card(team.bob, request), "request.reject")
    payload = forged(json.loads(json.dumps(sent.latest[-1].payload)), mark)
    payload["actions"][0]["action_id"] = "request.approve"
    assert (await team.workspace.deliver("interactive", payload)).acked
    await team.send_all()

    assert [line for line in caplog.records if line.levelno > logging.INFO] == []
    assert all("approved. Bob Reyes" in shown for shown in team.copies(request))


async def test_an_ack_carries_what_slack_takes_by_any_way_of_counting(team_once: Team) -> None:
    """That Slack refused an ack is told to who typed the command, and not to us."""
    for number in range(10):
        named = {"id": "2171020092715498", "name": "小程序发布请求" * 20}
        title = "请批准发布" * 30
        await team_once.submit(title=title, mini_program=named, external_id=f"long-{number}")

    listed = (await team_once.bob.command("/mp-requests approvals")).message
    assert listed is not None
    as_bytes = counted({"text": "-", "blocks": listed.blocks}, "JSON")
    assert message_problems(as_bytes) == []

    form = (await team_once.bob.command("/mp-requests reject MP-1 MP-2")).view
    assert form is not None
    answered = await team_once.bob.submit(form, {"reason": "请说明" * 300})
    assert answered.view is not None
    assert view_problems(counted(answered.view.payload, "JSON")) == []
