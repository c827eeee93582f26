"""Who is not Slack, or of another workspace, gets nothing and breaks nothing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.incoming.signed_requests import LONGEST
from bot.sandbox.delivery.exchanges import Exchange
from store.domain.request import Status
from store.requests import read
from tests.clock import MovedClock
from tests.handlers.post_as_slack import FORM, JSON, encoded, post
from tests.harness_slack import Team, team_at_slack


async def approve_payload(team: Team) -> dict[str, object]:
    """A click on Approve that was never delivered: that for details with its action changed."""
    request = await team.submit()
    await team.bob.click(team.card(team.bob, request), "request.menu", value="Details")
    payload = json.loads(json.dumps(team.workspace.exchanges.latest[-1].payload))
    seen = f"{request.id}:{request.round}"
    payload["actions"][0] |= {"action_id": "request.approve", "value": seen}
    return dict(payload)


async def status(team: Team) -> Status:
    async with team.bot.db.snapshot() as session:
        return (await read.one(session, 1)).status


async def test_a_click_is_believed_with_its_own_fresh_signature_only(by_http: Team) -> None:
    body, kind = encoded("interactive", await approve_payload(by_http))
    forged = [
        await post(by_http, body, kind, signed=body + b"&"),
        await post(by_http, body, kind, age=301),
        await post(by_http, body, kind, age=-360),  # a busy machine takes seconds to look at it
        await post(by_http, body.replace(b"approve", b"reject"), kind, signed=body),
    ]
    assert {answer.status_code for answer in forged} == {401}
    assert await status(by_http) is Status.UNDER_REVIEW

    assert (await post(by_http, body, kind)).status_code == 200
    assert await status(by_http) is Status.APPROVED


async def test_a_click_played_again_decides_nothing_more(by_http: Team) -> None:
    body, kind = encoded("interactive", await approve_payload(by_http))
    for _ in range(3):
        assert (await post(by_http, body, kind)).status_code == 200
    await by_http.send_all()

    async with by_http.bot.db.snapshot() as session:
        request = await read.one(session, 1)
    assert (request.revision, len(request.votes)) == (2, 1)
    assert by_http.last(by_http.bob).startswith("MP-1 was approved by you")


@pytest.mark.parametrize(
    ("body", "content_type", "answer"),
    [
        (b"x" * (LONGEST + 1), FORM, 413),  # refused before its signature is read
        (b"payload=" + b"[" * 100_000, FORM, 400),  # too deep for the parser
        (b'{"a":' * 100_000, JSON, 400),
        (b'{"a":1' + b"0" * 5000 + b"}", JSON, 400),  # more digits than int() takes
        (b"payload={", FORM, 400),
        (b"payload=7", FORM, 400),
        (b"[]", JSON, 400),
        (b"\xff\xfe", JSON, 401),  # not UTF-8: no signature fits it
        (b'{"team": [5], "authorizations": {}}', JSON, 200),
        (b"", FORM, 200),
        (b"payload={}", FORM, 200),
        (b'{"type": "event_callback"}', JSON, 200),
        (b'{"type": "block_actions", "team": {"id": "T0SANDBOX"}, "actions": []}', JSON, 400),
    ],
)
async def test_what_is_no_payload_is_refused_before_it_costs_anything(
    by_http: Team, body: bytes, content_type: str, answer: int
) -> None:
    unsigned = await post(by_http, body, content_type, signed=b"another body")
    signed = await post(by_http, body, content_type)
    assert unsigned.status_code == (413 if answer == 413 else 401)
    assert signed.status_code == answer


async def test_another_workspace_gets_a_sentence_and_nothing_else(
    by_http: Team, recorded: list[Exchange]
) -> None:
    calls = len(by_http.workspace.calls)
    for exchange in recorded:
        payload = json.loads(json.dumps(exchange.payload).replace(by_http.workspace.team_id, "T0X"))
        answer = await post(by_http, *encoded(exchange.kind, payload))
        assert answer.status_code == 200
        if exchange.kind == "slash_commands" or payload["type"] == "view_submission":
            assert "This app works for the people of another workspace." in answer.text
        else:
            assert answer.text == ""
    assert len(by_http.workspace.calls) == calls


async def test_a_partner_in_a_shared_channel_gets_a_visible_answer_and_decides_nothing(
    by_http: Team, recorded: list[Exchange]
) -> None:
    """Slack Connect: the payload is of our workspace, the person behind it of another."""
    before = len(by_http.workspace.calls)
    asked = [each.payload for each in recorded if each.kind == "interactive"]
    for payload in asked:
        partners = {**payload, "user": {**payload["user"], "id": "U0PARTNER", "team_id": "T0X"}}
        answer = await post(by_http, *encoded("interactive", partners))
        assert answer.status_code == 200
        if payload["type"] == "view_submission":
            assert "This app works for the people of another workspace." in answer.text
    assert len(by_http.workspace.calls) == before


async def test_a_partners_click_on_a_card_of_a_shared_channel_is_answered_beside_it(
    by_http: Team,
) -> None:
    request = await by_http.submit()
    card = by_http.card(by_http.mallory, request, by_http.reviews)
    await by_http.mallory.click(card, "request.menu", value="Details")
    clicked = json.loads(json.dumps(by_http.workspace.exchanges.latest[-1].payload))
    clicked["user"]["team_id"] = "T0X"
    clicked["actions"][0]["action_id"] = "request.approve"
    assert (await post(by_http, *encoded("interactive", clicked))).status_code == 200

    said = "This app works for the people of another workspace. Nothing was changed."
    await by_http.workspace.until(lambda: by_http.last(by_http.mallory, by_http.reviews) == said)
    assert await status(by_http) is Status.UNDER_REVIEW


@pytest.mark.parametrize("number", [7, 2**70, -(2**70), 1e300])
async def test_a_number_in_place_of_an_id_is_a_stranger_or_nothing_we_know(
    number: float, database_url: str, clock: MovedClock, tmp_path: Path
) -> None:
    """Whatever its size: a database would compare it with texts, or take none so large."""
    async with team_at_slack(database_url, clock, tmp_path, mode="http") as team:
        click = await approve_payload(team)
        form = (await team.carol.command("/mp-requests reject MP-1")).view
        assert form is not None
        await team.reject(
            team.carol, team.card(team.carol, await team.submit(external_id="2")), "No."
        )
        sent = json.loads(json.dumps(team.workspace.exchanges.latest[-1].payload))
        by_a_stranger = {**click, "user": {"id": number}}
        of_nothing = {**click, "actions": [{**click["actions"][0], "value": number}]}
        answers = [await post(team, *encoded("interactive", by_a_stranger))]
        answers += [await post(team, *encoded("interactive", of_nothing))]
        sent["view"]["private_metadata"] = number
        answers += [await post(team, *encoded("interactive", sent))]
        await team.send_all()

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        said = [m.text for m in team.bob.sees(team.bob.dm)] + [answer.text for answer in answers]
        assert not [each for each in said if "reference" in each]
        assert await status(team) is Status.UNDER_REVIEW


async def test_a_command_may_say_payload(by_http: Team) -> None:
    """Bolt itself takes such a command for a click."""
    answer = await by_http.bob.command("/mp-requests list payload=1")
    assert answer.acked
    assert "0 requests" in by_http.said(answer) or "No request" in by_http.said(answer)


@pytest.fixture
async def by_socket(sqlite_url: str, clock: MovedClock, tmp_path: Path) -> AsyncIterator[Team]:
    """The team by Socket Mode."""
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="socket_mode") as together:
        yield together


async def test_socket_mode_outlives_what_is_no_payload(
    by_socket: Team, caplog: pytest.LogCaptureFixture
) -> None:
    usual, by_socket.workspace.ack_seconds = by_socket.workspace.ack_seconds, 0.2
    for payload in ({}, {"team": 5, "authorizations": {}}, {"type": "block_actions", "actions": 1}):
        await by_socket.workspace.deliver("interactive", payload)
    by_socket.workspace.ack_seconds = usual

    assert (await by_socket.bob.command("/mp-requests mine")).acked
    assert by_socket.workspace.app_token not in caplog.text


async def test_an_event_we_cannot_read_is_not_asked_for_again(by_http: Team) -> None:
    """And one that the store could not take is."""
    await by_http.alice.open_home()
    event = json.loads(json.dumps(by_http.workspace.exchanges.latest[-1].payload))
    for user in ({}, {"user": {"id": "U1"}}, {"user": {}}):
        unreadable = {**event, "event": {"type": "app_home_opened", "tab": "home", **user}}
        assert (await post(by_http, *encoded("events_api", unreadable))).status_code == 200

    async with by_http.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE home RENAME TO lost"))
    assert (await post(by_http, *encoded("events_api", event))).status_code == 500
