"""What who approves tells the submitter with it: where the policy takes a note, or wants one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from bot.sandbox.state.views import View
from store.domain.approval_notes import Asking
from store.domain.request import Request
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack

NOTE = "Go live after 9 Dec."
With = Callable[[str], Awaitable[Team]]


@pytest.fixture
async def team_with(
    mode_and_url: tuple[str, str], clock: MovedClock, tmp_path: Path
) -> AsyncIterator[With]:
    """The team, with this in its policy."""
    mode, url = mode_and_url
    async with AsyncExitStack() as stack:

        async def begin(asking: str) -> Team:
            policy = f'approve_note = "{asking}"'
            at_slack = team_at_slack(url, clock, tmp_path, mode=mode, policy=policy)
            return await stack.enter_async_context(at_slack)

        yield begin


async def details(team: Team, person: Person, request: Request) -> View:
    view = (await person.command(f"/mp-requests show {request.ref}")).view
    assert view is not None
    return view


async def chosen(team: Team, person: Person, shown: Message | View, request: Request) -> View:
    """The form behind the entry of the menu beside Approve."""
    value = f"with_note {request.id}:{request.round}"
    opened = (await person.click(shown, "request.menu", value=value)).view
    assert opened is not None
    return opened


async def approve(team: Team, person: Person, form: View, note: str = NOTE) -> Answer:
    answer = await person.submit(form, {"note": note})
    await team.send_all()
    return answer


async def test_an_approval_takes_a_note_and_the_submitter_gets_its_words(team_with: With) -> None:
    team = await team_with("optional")
    request = await team.submit()
    card = team.card(team.bob, request)
    assert "Approve" in team.words(card)
    form = await chosen(team, team.bob, card, request)
    assert "The submitter sees this, and so does everybody" in team.words(form)
    await approve(team, team.bob, form)

    assert f"Approved, and:\n┃ {NOTE}" in team.last(team.alice)
    for copy in team.copies(request)[:3]:
        assert f"Bob Reyes approved, and:\n┃ {NOTE}" in copy
    shown = team.words(await details(team, team.alice, request))
    assert f"Bob Reyes approved, Nov 20, 2026 at 2:14 AM, and:\n┃ {NOTE}" in shown
    assert f"✓  Approved · Bob Reyes · Nov 20, 2026 at 2:14 AM · “{NOTE}”" in shown

    plain = await team.submit(version="3.2.5", external_id="plain")
    await team.carol.click(team.card(team.carol, plain), "request.approve")
    await team.send_all()
    assert "Approved, and:" not in team.last(team.alice), "Approve alone is as it was"


async def test_nothing_is_approved_without_the_note_that_is_wanted(team_with: With) -> None:
    team = await team_with("required")
    request = await team.submit(environment="sandbox")
    said = team.said(await team.bob.command("/mp-requests approve MP-1 yes"))
    assert said == (
        "MP-1 is approved with a note to its submitter, so nothing was changed yet. "
        "/mp-requests approve MP-1 opens the form for it."
    )
    form = (await team.bob.command("/mp-requests approve MP-1")).view
    assert form is not None
    without = await approve(team, team.bob, form, " ")
    assert without.errors == {
        "note": "Write what the submitter should know: the policy wants a note with it."
    }

    card = team.card(team.carol, request)
    assert team.words(card).count("Approve") == 1
    form = (await team.carol.click(card, "request.approve.note")).view
    assert form is not None
    await approve(team, team.carol, form)
    assert f"Approved, and:\n┃ {NOTE}" in team.last(team.alice)
    assert team.words(card) == team.words(team.card(team.carol, request)), "the clicked copy too"
    assert "This request is approved." in team.words(card)


async def test_the_queue_and_the_details_go_on_after_the_form(team_with: With) -> None:
    team = await team_with("required")
    first = await team.submit()
    second = await team.submit(version="3.2.5", external_id="second")
    shown = await details(team, team.bob, first)
    form = (await team.bob.click(shown, "request.approve.note")).view
    assert form is not None
    await approve(team, team.bob, form)
    assert f"┃ {NOTE}" in team.words(shown)

    queue = (await team.carol.click(await listed(team, team.carol), "queue.start")).view
    assert queue is not None
    assert second.ref in team.words(queue)
    form = (await team.carol.click(queue, "queue.approve.note")).view
    assert form is not None
    await approve(team, team.carol, form)
    assert "MP-2" in team.words(queue)
    assert "All done." in team.words(queue)


async def listed(team: Team, person: Person) -> Message:
    message = (await person.command("/mp-requests approvals")).message
    assert message is not None
    return message


async def test_what_was_drawn_before_the_policy_wanted_a_note_opens_the_form(
    team_once: Team,
) -> None:
    team = team_once
    request = await team.submit()
    card = team.card(team.bob, request)
    queue = (await team.carol.click(await listed(team, team.carol), "queue.start")).view
    assert queue is not None
    wanting = team.bot.policy.model_copy(update={"approve_note": Asking.REQUIRED})
    team.bot.in_force.policy = wanting
    for person, shown, button in (
        (team.carol, queue, "queue.approve"),
        (team.bob, card, "request.approve"),
    ):
        form = (await person.click(shown, button)).view
        assert form is not None
        assert "The submitter sees this" in team.words(form)
        assert "Under Review" in team.words(team.card(team.alice, request))
    await approve(team, team.bob, form)
    assert f"┃ {NOTE}" in team.last(team.alice)
