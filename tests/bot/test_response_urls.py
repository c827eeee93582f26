"""Response URLs: only Slack's own are called, and none is kept longer than it serves."""

import pytest

from bot.slack_client import may_answer
from store.messages import outbox
from store.messages.outbox import Kind
from tests.bot.sending import rows
from tests.harness_slack import Team

SLACK, ELSEWHERE = "https://slack.com/api/", "http://127.0.0.1:4000/api/"


@pytest.mark.parametrize(
    ("url", "api", "may"),
    [
        ("https://hooks.slack.com/actions/T1/2/abc", SLACK, True),
        ("https://hooks.slack.com:443/actions/T1/2/abc", SLACK, True),
        ("https://hooks.slack-gov.com/actions/T1/2/abc", SLACK, True),
        ("http://127.0.0.1:4000/response/abc", ELSEWHERE, True),
        ("http://127.0.0.1:4001/response/abc", ELSEWHERE, False),
        ("http://127.0.0.1:4000/response/abc", SLACK, False),
        ("http://hooks.slack.com/actions/T1/2/abc", SLACK, False),
        ("https://hooks.slack.com:8443/actions", SLACK, False),
        ("https://hooks.slack.com.example.com/actions", SLACK, False),
        ("https://notslack.com/actions", SLACK, False),
        ("https://hooks.slack.com@example.com/actions", SLACK, False),
        ("https://example.com\\@hooks.slack.com/actions", SLACK, False),
        ("https://hooks.slack.com:x/actions", SLACK, False),
        ("//hooks.slack.com/actions", SLACK, False),
        ("file:///etc/passwd", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_only_slacks_own_addresses_are_answered_at(url: str, api: str, may: bool) -> None:
    assert may_answer(url, api) is may


async def test_an_answer_is_sent_to_no_other_host(team_once: Team) -> None:
    request = await team_once.submit()
    url = "http://127.0.0.1:9/"
    asked = {"url": url, "denial": "unknown", "asked": request.id}
    await outbox.owe_reply(
        team_once.bot.db, Kind.REFUSAL, team_once.bob.id, data=asked, now=team_once.clock()
    )
    await team_once.send_all()

    (row,) = [row for row in (await rows(team_once)).values() if row.key.startswith("reply:")]
    assert (row.state, row.last_error) == ("failed", "not_a_response_url")


async def test_an_answer_that_was_sent_forgets_where(team: Team) -> None:
    request = await team.submit()
    card = team.card(team.mallory, request, team.reviews)
    await team.mallory.click(card, "request.approve")
    answers = [row for row in (await rows(team)).values() if row.key.startswith("reply:")]
    assert len(answers) == 1
    assert "url" in answers[0].data
    await team.send_all()

    (sent,) = [row for row in (await rows(team)).values() if row.key.startswith("reply:")]
    assert (sent.state, sent.data) == ("sent", {})
    assert "can decide MP-1" in team.last(team.mallory, team.reviews)


async def test_an_answer_that_comes_too_late_is_given_up_and_forgets_where(team: Team) -> None:
    request = await team.submit()
    await team.mallory.click(team.card(team.mallory, request, team.reviews), "request.approve")
    had = len(team.mallory.sees(team.reviews))
    team.clock.move(minutes=29)
    await team.bot.jobs.reconcile()
    (kept,) = [row for row in (await rows(team)).values() if row.key.startswith("reply:")]
    assert (kept.state, "url" in kept.data) == ("pending", True), "it can still be answered"
    team.clock.move(minutes=2)
    await team.bot.jobs.reconcile()
    await team.send_all()

    (late,) = [row for row in (await rows(team)).values() if row.key.startswith("reply:")]
    assert (late.state, late.data, late.last_error) == ("failed", {}, "too late")
    assert len(team.mallory.sees(team.reviews)) == had
