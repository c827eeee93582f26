"""When the store is away: one sentence with a reference for the person, the cause in the log."""

import re
from typing import Literal

import pytest
from sqlalchemy import text

from store.domain.request import Category
from tests.cast import sample_of
from tests.form_filling import fill_in, open_form
from tests.harness_slack import Team

SENTENCE = re.compile(
    r"Something went wrong on our side \(reference ([0-9A-Z]{4})\)\. "
    r"Look whether it took effect before you try again\."
)


async def break_store(team: Team) -> None:
    """Whatever is asked of the store fails from now on."""
    async with team.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE request RENAME TO lost"))


def reference(shown: str) -> str:
    """The reference in the one sentence a person gets, and nothing of the cause beside it."""
    found = SENTENCE.search(" ".join(shown.split()))
    assert found is not None, shown
    assert not re.search("traceback|sql|error|lost", shown, re.IGNORECASE)
    return found[1]


def assert_logged(team: Team, log: pytest.LogCaptureFixture, references: set[str]) -> None:
    """Each reference stands in the log with its cause, and no secret does."""
    for each in references:
        (record,) = [r for r in log.records if f"reference {each}" in r.getMessage()]
        assert record.exc_info is not None
    for secret in (
        team.workspace.bot_token,
        team.workspace.app_token,
        team.workspace.signing_secret,
    ):
        assert secret not in log.text


async def test_a_click_a_command_and_a_form_each_get_one_sentence(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    request = await team.submit()
    newer = sample_of(Category.RELEASE) | {"version": "3.2.5"}
    form = await fill_in(team.alice, await open_form(team.alice), newer)
    await break_store(team)

    click = await team.bob.click(team.card(team.bob, request), "request.approve")
    command = await team.carol.command("/mp-requests mine")
    sent = await team.alice.submit(form)

    assert click.acked
    assert sent.view is not None
    told = team.bob.sees()[-1]
    assert told.ephemeral_to == team.bob.id
    shown = [team.words(told), team.said(command), team.words(sent.view)]
    assert_logged(team, caplog, {reference(each) for each in shown})
    assert "[ Approve ]" in team.words(team.card(team.bob, request))
    assert team.alice.views[0] is form


@pytest.mark.parametrize("kind", ["drop_before", "status"])
async def test_a_click_whose_person_cannot_be_told_is_not_acknowledged_in_silence(
    team: Team, kind: Literal["drop_before", "status"]
) -> None:
    request = await team.submit()
    await break_store(team)
    team.workspace.faults.add("response_url", kind, status=500)
    team.workspace.ack_seconds = 1.0  # in Socket Mode there is no other word for "no" than silence

    click = await team.bob.click(team.card(team.bob, request), "request.approve")

    assert not click.acked
    assert click.warning, "Slack says it itself"


async def test_a_click_in_the_details_is_answered_there(
    team_once: Team, caplog: pytest.LogCaptureFixture
) -> None:
    await team_once.submit()
    shown = (await team_once.bob.command("/mp-requests show MP-1")).view
    assert shown is not None
    await break_store(team_once)

    answer = await team_once.bob.click(shown, "request.approve")

    assert answer.acked
    assert answer.view is shown
    assert_logged(team_once, caplog, {reference(team_once.words(shown))})


async def test_what_was_not_recorded_can_be_done_again(team_once: Team) -> None:
    request = await team_once.submit()
    card = team_once.card(team_once.bob, request)
    await break_store(team_once)
    await team_once.bob.click(card, "request.approve")
    async with team_once.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE lost RENAME TO request"))

    await team_once.bob.click(card, "request.approve")
    await team_once.send_all()

    assert all("approved. Bob Reyes" in shown for shown in team_once.copies(request))
