"""Cards, votes and what people see of them."""

from datetime import timedelta

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.request import Request
from tests.harness_slack import Team


async def details(team: Team, person: Person, request: Request) -> View:
    """The details, opened by command."""
    answer = await person.command(f"/mp-requests show {request.ref}")
    assert answer.view is not None
    return answer.view


async def test_each_reviewer_gets_one_card_and_the_channel_one(team_once: Team) -> None:
    request = await team_once.submit()

    for reader, where in (
        (team_once.bob, None),
        (team_once.carol, None),
        (team_once.ada, team_once.reviews),
    ):
        cards = [m for m in reader.sees(where) if request.ref in m.plain()]
        assert len(cards) == 1
        assert "[ Approve ]" in team_once.words(cards[0])
    assert team_once.mallory.sees() == []


async def test_an_approval_shows_on_every_copy_and_reaches_the_submitter(team: Team) -> None:
    request = await team.submit()

    answer = await team.bob.click(team.card(team.bob, request), "request.approve")
    await team.send_all()

    assert answer.acked
    for shown in team.copies(request):
        assert shown.startswith("✅ This request is approved. Bob Reyes, ")
        assert "[ Approve ]" not in shown
        assert "[ Reject ]" not in shown
        assert "[ Withdraw ]" not in shown
    outcome = team.last(team.alice)
    assert "This request is approved." in outcome
    assert "by Bob Reyes" in outcome
    assert "Approved, but not live yet." in outcome


async def test_a_rejection_shows_its_reason_on_every_copy(team: Team) -> None:
    request = await team.submit()

    reason = "The privacy text names no contact."
    card = team.card(team.bob, request)
    answer = await team.reject(team.bob, card, reason, "personal_data_and_privacy")
    await team.send_all()

    assert (answer.acked, answer.view) == (True, None)
    for shown in team.copies(request):
        first, *_ = shown.splitlines()
        assert first.startswith("⛔ Rejected by Bob Reyes, ")
        assert first.endswith(" · Personal data and privacy violations")
        assert f"┃ {reason}" in shown
        assert "[ Approve ]" not in shown
    outcome = team.last(team.alice)
    assert reason in outcome
    assert "by Bob Reyes" in outcome
    assert "submit it again" in outcome


async def test_the_channels_card_decides_as_well(team_once: Team) -> None:
    request = await team_once.submit()

    card = team_once.card(team_once.ada, request, team_once.reviews)
    await team_once.ada.click(card, "request.approve")
    await team_once.send_all()

    assert all("approved. Ada Cruz" in shown for shown in team_once.copies(request))


async def test_a_rejection_needs_words(team_once: Team) -> None:
    request = await team_once.submit()

    answer = await team_once.reject(team_once.bob, team_once.card(team_once.bob, request), "   ")

    assert answer.errors == {"reason": "Say why, so that the submitter knows what to change."}
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, request))


async def test_deciding_in_the_details_shows_it_there(team_once: Team) -> None:
    request = await team_once.submit()
    shown = await details(team_once, team_once.bob, request)

    await team_once.bob.click(shown, "request.approve")
    await team_once.send_all()

    words = team_once.words(shown)
    assert "This request is approved." in words
    assert "Bob Reyes · " in words
    assert "[ Approve ]" not in words
    assert "Release Preparation" in words


async def test_the_details_of_a_rejected_request_give_the_reason(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.reject(
        team_once.carol, await details(team_once, team_once.carol, request), "No."
    )

    words = team_once.words(await details(team_once, team_once.alice, request))

    assert "Rejected" in words
    assert "No." in words
    assert "Carol Tan" in words


async def test_a_form_on_top_of_the_details_closes_alone_and_they_show_the_end(
    team_once: Team,
) -> None:
    request = await team_once.submit()
    shown = await details(team_once, team_once.carol, request)

    await team_once.reject(team_once.carol, shown, "No logo.")

    assert team_once.carol.views == [shown]
    words = team_once.words(shown)
    assert "No logo." in words
    assert "[ Reject ]" not in words


async def test_a_form_with_nothing_below_closes(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.reject(team_once.bob, team_once.card(team_once.bob, request), "No logo.")
    assert team_once.bob.views == []


async def test_below_a_rejection_that_comes_too_late_the_details_show_what_is_so(
    team_once: Team,
) -> None:
    request = await team_once.submit()
    shown = await details(team_once, team_once.carol, request)
    form = (await team_once.carol.click(shown, "request.reject")).view
    assert form is not None
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")

    await team_once.carol.submit(form, {"reason": "No logo."})

    assert team_once.carol.views == [shown, form]
    assert "was approved by Bob Reyes" in team_once.words(form)
    assert "This request is approved." in team_once.words(shown)
    assert "[ Reject ]" not in team_once.words(shown)


async def test_a_form_closes_although_the_details_cannot_be_redrawn(team_once: Team) -> None:
    request = await team_once.submit()
    shown = await details(team_once, team_once.carol, request)
    form = (await team_once.carol.click(shown, "request.reject")).view
    assert form is not None
    team_once.workspace.faults.add("views.update", "status", error="not_found")

    answer = await team_once.carol.submit(form, {"reason": "No logo."})

    assert (answer.acked, team_once.carol.views) == (True, [shown])


async def test_buttons_in_the_details_are_for_who_may_use_them(team_once: Team) -> None:
    request = await team_once.submit()

    reviewer = team_once.words(await details(team_once, team_once.bob, request))
    submitter = team_once.words(await details(team_once, team_once.alice, request))

    assert "[ Approve ]" in reviewer
    assert "[ Withdraw ]" not in reviewer
    assert "[ Approve ]" not in submitter
    assert "[ Withdraw ]" in submitter


async def test_a_withdrawal_tells_the_reviewers_and_ends_every_copy(team: Team) -> None:
    request = await team.submit()

    answer = await team.alice.click(team.card(team.alice, request), "request.withdraw")
    await team.send_all()

    assert answer.acked
    for shown in team.copies(request):
        assert shown.startswith("↩️ Withdrawn by Alice Santos, ")
        assert "[ Approve ]" not in shown
    for reviewer in (team.bob, team.carol):
        card, told = reviewer.sees()
        assert told.thread_ts == card.ts
        assert "Withdrawn by Alice Santos" in team.words(told)


async def test_withdrawing_works_by_command_and_in_the_details(team_once: Team) -> None:
    first, second = await team_once.submit(), await team_once.submit(external_id="second")

    said = team_once.said(await team_once.alice.command(f"/mp-requests withdraw {first.ref}"))
    shown = await details(team_once, team_once.alice, second)
    await team_once.alice.click(shown, "request.withdraw")
    await team_once.send_all()

    assert said.startswith("↩️ Withdrawn")
    assert "Withdrawn" in team_once.words(shown)
    assert "[ Withdraw ]" not in team_once.words(shown)
    for request in (first, second):
        assert all("↩️ Withdrawn" in copy for copy in team_once.copies(request))


async def test_when_it_was_decided_is_told_not_when_it_was_shown(team_once: Team) -> None:
    request = await team_once.submit()
    decided = team_once.clock.move(hours=2)
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    team_once.clock.move(hours=5)
    await team_once.send_all()

    drawn = str(team_once.card(team_once.carol, request).blocks[0])
    assert f"<!date^{int(decided.timestamp())}^" in drawn
    assert f"<!date^{int((decided + timedelta(hours=5)).timestamp())}^" not in drawn
