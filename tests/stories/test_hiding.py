"""An admin hides what somebody wrote: asked about once, then shown nowhere any more."""

from store.domain.policy import Policy
from tests.harness_slack import Team
from tests.stories.test_replies import heard, in_thread, reply

ASKED, SECRET = "Who answers for it?", "Jose Rizal, 0917 555 0100."
BY_ADA = "hidden by Ada Cruz"


async def answered(team: Team) -> None:
    """MP-1, about which Bob asked and Alice told too much; Carol has noted it."""
    await team.submit()
    form = (await team.bob.command(f"/mp-requests ask MP-1 {ASKED}")).view
    assert form is not None
    await team.bob.submit(form, {"question": ASKED})
    await team.send_all()
    await reply(team, team.alice.message(containing="has a question about"), SECRET)
    await team.carol.command(f"/mp-requests note MP-1 Known: {SECRET}")
    await team.send_all()


async def everything_seen(team: Team) -> str:
    """What stands on anybody's screen, and what the details say; but what people typed."""
    people = (team.alice, team.bob, team.carol, team.ada)
    seen = [(each, m) for each in people for m in (*each.sees(), *each.sees(team.reviews))]
    typed = {each.id for each in people}
    said = [team.words(m) for _, m in seen if m.user not in typed and not m.ephemeral_to]
    shown = [(await each.command("/mp-requests show MP-1")).view for each in people]
    return "\n".join([*said, *map(team.words, shown)])


async def test_an_admin_hides_an_answer_and_nobody_reads_it_any_more(team: Team) -> None:
    await answered(team)
    assert SECRET in await everything_seen(team)
    question = team.alice.message(containing="has a question about")
    which = team.said(await team.ada.command("/mp-requests redact MP-1"))
    assert which == (
        "Which text of MP-1? For example /mp-requests redact MP-1 note 1\n"
        f"question 1  Bob Reyes: “{ASKED}”\n"
        f"answer 1  Alice Santos: “{SECRET}”\n"
        f"note 1  Carol Tan: “Known: {SECRET}”"
    )
    for typed, first in (("Answer #1", SECRET), ("note", f"Known: {SECRET}")):
        form = (await team.ada.command(f"/mp-requests redact MP-1 {typed}")).view
        assert form is not None
        assert f"┃ {first}" in team.words(form)
        assert f"Everybody reads “{BY_ADA}” in its place" in team.words(form)
        assert f"┃ {SECRET}" in team.words(question) or typed == "note", "asked about, not done"
        await team.ada.submit(form)
        assert "That text of MP-1 is hidden now." in team.words(form)
        await team.send_all()

    left = await everything_seen(team)
    assert SECRET not in left
    assert f"Alice Santos answered, Nov 20, 2026 at 2:14 AM:\n┃ {BY_ADA}" in left
    assert ASKED in left
    again = team.said(await team.ada.command("/mp-requests redact MP-1 a1"))
    assert again == "Answer 1 of MP-1 is hidden already. Nothing was changed."


async def test_who_is_no_admin_hides_nothing_and_a_hidden_answer_is_not_edited(
    team_once: Team,
) -> None:
    team = team_once
    await answered(team)
    for person, why in (
        (team.bob, "Only Ada Cruz can hide what was said about MP-1. Nothing was changed."),
        (team.alice, "Only Ada Cruz can hide what was said about MP-1. Nothing was changed."),
        (team.mallory, "There is no request MP-1 that you can open."),
    ):
        assert why in team.said(await person.command("/mp-requests redact MP-1 answer 1"))
    form = (await team.ada.command("/mp-requests redact MP-1 answer 1")).view
    assert form is not None
    await team.ada.submit(form)

    question = team.alice.message(containing="has a question about")
    (said,) = [m for m in team.alice.sees() if m.text == SECRET]
    team.alice.edit(said, f"Once more: {SECRET}")
    await heard(team)
    (why,) = in_thread(team, question)
    assert why.startswith("Your answer about MP-1 was hidden, so an edit does not change it")
    assert f"┃ {BY_ADA}" in team.words(question)


async def test_a_text_that_has_changed_since_it_was_shown_is_not_hidden(team_once: Team) -> None:
    team = team_once
    await answered(team)
    form = (await team.ada.command("/mp-requests redact MP-1 answer 1")).view
    assert form is not None
    (said,) = [m for m in team.alice.sees() if m.text == SECRET]
    team.alice.edit(said, "The one of 3 May.")
    await heard(team)
    await team.ada.submit(form)
    assert "That text of MP-1 has changed since it was shown" in team.words(form)
    assert "The one of 3 May." in await everything_seen(team)


async def test_the_outcome_reads_so_to_who_submitted_and_to_who_watched(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await team.ada.command("/mp-requests watch MP-1")
    await team.reject(team.bob, team.card(team.bob, request), SECRET)
    await team.send_all()
    before = [len(team.alice.sees()), len(team.ada.sees())]
    assert SECRET in await everything_seen(team)
    form = (await team.ada.command("/mp-requests redact MP-1 reason")).view
    assert form is not None
    await team.ada.submit(form)
    await team.send_all()
    for told in (team.last(team.alice), team.last(team.ada)):
        assert f"┃ {BY_ADA}" in told
    assert SECRET not in await everything_seen(team)
    assert [len(team.alice.sees()), len(team.ada.sees())] == before, "edited, not told again"


async def test_of_who_may_not_see_it_any_more_the_message_goes(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await team.carol.command("/mp-requests watch MP-1")
    await team.reject(team.bob, team.card(team.bob, request), SECRET)
    await team.send_all()
    assert SECRET in team.words(team.carol.message(containing="You watched MP-1"))
    team.bot.in_force.policy = Policy(admins=(team.ada.id,), reviewers=(team.bob.id,))
    form = (await team.ada.command("/mp-requests redact MP-1 reason")).view
    assert form is not None
    await team.ada.submit(form)
    await team.send_all()
    assert not any("You watched MP-1" in team.words(each) for each in team.carol.sees())
