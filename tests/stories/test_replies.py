"""The submitter answers by replying in the thread of the question."""

from bot.sandbox.state.conversations import Message
from store.domain.request import Request
from tests.harness_slack import Team

ASKED, SAID = "Which agreement covers this?", "The one of 3 May."


async def asked(team: Team) -> tuple[Request, Message]:
    """A request of Alice's, and the message in which she is asked about it."""
    request = await team.submit()
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None
    await team.bob.submit(form, {"question": ASKED})
    await team.send_all()
    return request, team.alice.message(containing="has a question about")


async def heard(team: Team) -> None:
    """The app has taken what was said, and sent what it owes."""
    await team.workspace.events.delivered()
    await team.send_all()


async def reply(team: Team, to: Message, text: str = SAID, **more: object) -> Message:
    said = team.alice.say(text, team.alice.dm, thread_ts=to.ts, **more)
    await heard(team)
    return said


def in_thread(team: Team, of: Message) -> list[str]:
    """What the bot says in that thread."""
    return [
        team.words(message)
        for message in team.alice.sees()
        if message.thread_ts == of.ts and message.user != team.alice.id
    ]


async def test_a_reply_in_the_thread_is_the_answer(team: Team) -> None:
    request, question = await asked(team)
    await reply(team, question, "The one of 3 May: <https://example.com/a|here> &amp; there.")

    told = team.last(team.bob)
    assert "answered your question" in told
    assert "┃ The one of 3 May: here" in told
    assert "✅ You answered" in team.words(question)
    assert all("Alice Santos answered" in copy for copy in team.copies(request))
    assert in_thread(team, question) == []


async def test_only_the_thread_of_the_question_is_ours(team: Team) -> None:
    request, question = await asked(team)
    receipt = team.alice.message(containing="Submitted.")
    await team.submit(external_id="another", version="9.9.9", title="Release Another")
    anothers = team.alice.message(containing="Release Another")
    for card in (receipt, anothers):
        await reply(team, card)
        assert "/mp-requests new" in team.last(team.alice), "help, as to any message"
    team.bob.say("I know it.", team.bob.dm, thread_ts=question.ts)
    await heard(team)
    assert not any("answered," in copy for copy in team.copies(request))


async def test_a_reply_that_is_delivered_again_counts_once(team_once: Team) -> None:
    team = team_once
    _, question = await asked(team)
    said = await reply(team, question)
    event = {"type": "message", "channel_type": "im", "channel": team.alice.dm.id}
    event |= {"user": team.alice.id, "text": SAID, "ts": said.ts, "thread_ts": question.ts}
    await team.workspace.emit(event)
    await heard(team)
    assert in_thread(team, question) == []
    assert sum("answered your question" in m.plain() for m in team.bob.sees()) == 1


async def test_what_cannot_be_an_answer_is_told_in_the_thread_and_may_be_mended(
    team_once: Team,
) -> None:
    team = team_once
    request, question = await asked(team)
    await reply(team, question, "See the file.", files=[{"id": "F1", "name": "a.pdf"}])
    long = await reply(team, question, "长" * 3001)
    assert in_thread(team, question) == [
        "A file cannot be kept on record here. Please reply with a link to it, "
        "or press Answer above.",
        "An answer has at most 3,000 characters; this has 3,001, so it was not taken. "
        "Please shorten it here, or put the rest behind a link.",
    ]
    assert not any("answered," in copy for copy in team.copies(request))

    team.alice.edit(long, SAID)
    await heard(team)
    assert f"┃ {SAID}" in team.last(team.bob)
    await reply(team, question, "And one thing more.")
    assert "was answered already, so nothing was changed" in in_thread(team, question)[-1]


async def test_an_edit_within_five_minutes_counts_and_a_later_one_is_noted(team: Team) -> None:
    request, question = await asked(team)
    said = await reply(team, question)
    team.clock.move(minutes=4)
    team.alice.edit(said, "The one of 4 May.")
    await heard(team)
    assert "┃ The one of 4 May." in team.last(team.bob)
    assert all("4 May" in copy and "3 May" not in copy for copy in team.copies(request))

    team.clock.move(minutes=2)
    team.alice.edit(said, "No.")
    await heard(team)
    assert "An edit counts within five minutes" in in_thread(team, question)[-1]
    assert all("4 May" in copy for copy in team.copies(request))


async def test_an_edit_after_the_end_does_not_change_what_was_decided_on(team_once: Team) -> None:
    team = team_once
    request, question = await asked(team)
    said = await reply(team, question)
    await team.carol.click(team.card(team.carol, request), "request.approve")
    await team.send_all()
    team.alice.edit(said, "No.")
    await heard(team)
    assert "An edit counts within five minutes" in in_thread(team, question)[-1]
    assert all(SAID in copy for copy in team.copies(request))


async def test_a_reply_to_a_question_whose_place_is_not_known_yet_is_delivered_again(
    team: Team,
) -> None:
    request = await team.submit()
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None
    await team.bob.submit(form, {"question": ASKED})
    team.workspace.faults.add("chat.postMessage", "drop_after")
    await team.send_all()

    question = team.alice.message(containing="has a question about")
    assert not (await team.alice.reply(SAID, question)).acked
    counted = team.bot.observer.registry.get_sample_value
    assert counted("mp_approvals_clicks_total", {"outcome": "too_early"}) == 1
    assert [ack.acked for ack in await team.workspace.events.retry_now()] == [False]
    team.clock.move(seconds=5)
    await heard(team)
    assert "✅" not in team.words(question), "it stands where the bot knows of it by now"
    assert [ack.acked for ack in await team.workspace.events.retry_now()] == [True]
    await heard(team)
    assert f"┃ {SAID}" in team.last(team.bob)
    assert "✅ You answered" in team.words(question)
