"""Notes: counted on the cards of those who review, in full in their details alone."""

from bot.sandbox.actions.people import Person
from bot.sandbox.state.views import View
from store.domain.request import Request
from tests.harness_slack import Team

TEXT, COUNT = "The test account works.", "📝 1 note in the details"
READERS = "Reviewers and admins of this request read it. Its submitter never does."


async def details(team: Team, person: Person, request: Request) -> View:
    view = (await person.command(f"/mp-requests show {request.ref}")).view
    assert view is not None
    return view


async def test_a_typed_note_is_counted_on_cards_and_read_in_details(team: Team) -> None:
    request = await team.submit()
    cards = [team.card(reviewer, request) for reviewer in (team.bob, team.carol)]
    said = team.said(await team.bob.command(f"/mp-requests note MP-1 {TEXT}"))
    assert said == f"📝 Noted on MP-1. {READERS}"
    await team.send_all()

    assert all(COUNT in team.words(card) for card in cards)
    for reviewer in (team.carol, team.ada):
        shown = team.words(await details(team, reviewer, request))
        assert f"1. 📝 Bob Reyes, Nov 20, 2026 at 2:14 AM:\n┃ {TEXT}" in shown

    everywhere = [*team.alice.sees(), *team.mallory.sees(team.reviews)]
    assert not any("note" in team.words(message) for message in everywhere)
    hers = team.words(await details(team, team.alice, request))
    assert TEXT not in hers
    assert "[ Add a note ]" not in hers
    await team.carol.click(cards[1], "request.approve")
    await team.send_all()
    assert all("approved" in team.words(card) and COUNT in team.words(card) for card in cards)
    assert not any("note" in team.words(message) for message in team.alice.sees())


async def test_a_note_is_written_in_the_details(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    shown = await details(team, team.carol, request)
    form = (await team.carol.click(shown, "request.note")).view
    assert form is not None
    assert READERS in team.words(form)
    blank = await team.carol.submit(form, {"note": " \u200b "})
    assert blank.errors == {"note": "Write what the other reviewers should know."}
    await team.carol.submit(form, {"note": TEXT})
    assert f"┃ {TEXT}" in team.words(shown)


async def test_a_note_without_words_opens_the_form(team_once: Team) -> None:
    await team_once.submit()
    opened = await team_once.bob.command("/mp-requests note MP-1")
    assert opened.view is not None
    await team_once.bob.submit(opened.view, {"note": TEXT})
    assert f"┃ {TEXT}" in team_once.words((await team_once.ada.command("/mp-requests MP-1")).view)


async def test_who_may_not_write_notes_hears_why(team_once: Team) -> None:
    team = team_once
    await team.submit()
    said = team.said(await team.alice.command(f"/mp-requests note MP-1 {TEXT}"))
    assert said == "You submitted MP-1, and notes are between those who review it."
    assert team.said(await team.alice.command("/mp-requests note MP-1")) == said
    assert "There is no request MP-1" in team.said(
        await team.mallory.command(f"/mp-requests note MP-1 {TEXT}")
    )
    long = team.said(await team.bob.command(f"/mp-requests note MP-1 {'长' * 3001}"))
    assert long == ("A note has at most 3,000 characters; this has 3,001. Nothing was changed.")
    assert "Which request?" in team.said(await team.bob.command(f"/mp-requests note {TEXT}"))
