"""The log: a line an event, from a click to all that it caused by one id, and nobody's words."""

import asyncio
import json
import logging
import sys
from typing import Any

import pytest

from bot.observe.logs import Lines, LogFormat, say
from store.engine import causes
from store.messages import cards
from tests.bot.sending import another_bot, rows, send_all
from tests.harness_slack import Team
from tests.log_secrecy import Listener, leaks
from tests.webhooks.receiver import add, receiving

log = logging.getLogger(__name__)


def lines(listener: Listener, **wanted: object) -> list[dict[str, Any]]:
    """Those of the log that have these fields."""
    said = [json.loads(line) for line in listener.lines]
    return [line for line in said if wanted.items() <= line.items()]


async def test_a_click_is_read_from_card_to_outcome_by_its_id(
    team: Team, no_secret_is_logged: Listener
) -> None:
    async with receiving() as receiver:
        await add(team.bot.db, team, receiver)
        request = await team.submit()
        await team.bob.click(team.card(team.bob, request), "request.approve")
        await team.send_all()
        await team.bot.webhook_loop.send_all()

    (click,) = lines(no_secret_is_logged, event="click", act="request.approve")
    assert (click["person"], click["request"]) == (team.bob.id, request.ref)
    assert (click["kind"], click["outcome"]) == ("button", "done")
    assert 0 < click["commit_ms"] <= click["ms"]
    caused = lines(no_secret_is_logged, id=click["id"])
    sent = [(each["kind"], each["to"]) for each in caused if each["event"] == "message"]
    places = [team.alice.id, team.bob.id, team.carol.id, team.reviews.id]
    assert sorted(sent) == sorted(
        [*(("card", place) for place in places), ("outcome", team.alice.id)]
    )
    assert {each["outcome"] for each in caused if each["event"] == "message"} == {"sent"}
    (webhook,) = (each for each in caused if each["event"] == "webhook")
    assert (webhook["kind"], webhook["answer"]) == ("request.approved", "HTTP 204")
    assert len(caused) == 1 + len(sent) + 1


async def test_clicks_of_one_moment_have_an_id_each(
    team: Team, no_secret_is_logged: Listener
) -> None:
    requests = [
        await team.submit(
            external_id=str(n), mini_program={"id": f"21710200927154{n}", "name": f"P{n}"}
        )
        for n in range(4)
    ]
    await asyncio.gather(
        *(team.bob.click(team.card(team.bob, each), "request.approve") for each in requests)
    )
    clicks = lines(no_secret_is_logged, event="click", act="request.approve")
    owed = await rows(team)
    for request in requests:
        (id_,) = (click["id"] for click in clicks if click["request"] == request.ref)
        outcome = owed[f"outcome:{request.id}"]
        assert outcome.cause == id_
    assert len({click["id"] for click in clicks}) == 4


async def test_the_id_outlives_the_process(team_once: Team, no_secret_is_logged: Listener) -> None:
    request = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    (click,) = lines(no_secret_is_logged, event="click", act="request.approve")
    async with another_bot(team_once) as bot:
        await send_all(bot)
    (outcome,) = lines(no_secret_is_logged, event="message", kind="outcome")
    assert outcome["id"] == click["id"]


async def test_what_nobody_clicked_for_has_no_id(
    team_once: Team, no_secret_is_logged: Listener
) -> None:
    await team_once.submit()
    cards = lines(no_secret_is_logged, event="message", kind="card")
    assert len(cards) == 4
    assert not any("id" in card for card in cards)


async def test_a_card_drawn_again_for_nobody_keeps_the_id_of_a_click_it_still_shows(
    team_once: Team,
) -> None:
    request = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    key = f"card:{request.id}:reviewer:{team_once.carol.id}"
    before = (await rows(team_once))[key]
    assert before.cause
    await draw_again(team_once, request.id)
    assert (await rows(team_once))[key].cause == before.cause

    await team_once.send_all()
    await draw_again(team_once, request.id)
    assert (await rows(team_once))[key].cause is None


async def draw_again(team: Team, request_id: int) -> None:
    """As a job does."""
    async with team.bot.db.transaction() as session:
        await cards.owe(session, [request_id], now=team.clock())


async def test_a_refusal_says_why_and_not_in_whose_words(
    team_once: Team, no_secret_is_logged: Listener
) -> None:
    request = await team_once.submit()
    await team_once.mallory.command(f"/mp-requests reject {request.ref} it is not pretty enough")
    (click,) = lines(no_secret_is_logged, event="click", kind="command")
    assert (click["act"], click["outcome"], click["why"]) == ("reject", "refused", "unknown")
    assert "pretty" not in " ".join(no_secret_is_logged.lines)


@pytest.mark.parametrize("form", list(LogFormat))
def test_an_error_is_one_line_without_its_words(form: LogFormat) -> None:
    with causes.begun() as cause:
        try:
            try:
                raise LookupError("secret\nwords")
            except LookupError as error:
                raise ValueError("of somebody") from error
        except ValueError:
            made = logging.getLogger("x").makeRecord(
                "x", logging.ERROR, "", 0, "it\nbroke", (), sys.exc_info()
            )
            line = Lines(form).format(made)
    assert "\n" not in line
    assert "secret" not in line
    assert "somebody" not in line
    assert "ValueError at test_logs.py" in line
    assert "LookupError at test_logs.py" in line
    assert cause.id in line


def test_fields_stand_in_both_formats(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        say(log, "message", request="MP-7", why=None, answer='HTTP 500 "no"', ms=1.5)
    (record,) = caplog.records
    assert json.loads(Lines(LogFormat.JSON).format(record)) | {"at": ""} == {
        "at": "",
        "level": "info",
        "logger": __name__,
        "event": "message",
        "request": "MP-7",
        "answer": 'HTTP 500 "no"',
        "ms": 1.5,
    }
    shown = Lines(LogFormat.TEXT).format(record)
    assert shown.endswith(
        f' INFO {__name__} message request=MP-7 answer="HTTP 500 \\"no\\"" ms=1.5'
    )


def test_a_leak_is_found() -> None:
    """What every test is listened to with would find what it looks for."""
    told = "please mind the small screen"
    assert leaks([f"it said: {told}!", "fine"], [told]) == [f"it said: {told}!"]
    for secret in ("xoxb-1", "xapp-1", "whsec_A", "https://hooks.slack.com/x", "Bob Reyes"):
        assert leaks([secret], [])
    assert leaks(["click request=MP-7 person=U1 outcome=done"], [told]) == []
