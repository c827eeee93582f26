"""A reviewer asks, the submitter answers, and everybody who may see the request reads both."""

import json

from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.state.conversations import Message
from bot.sandbox.state.views import View
from store.domain.policy import Policy
from store.domain.request import Request
from store.requests.ask import Answer as Saying
from store.requests.ask import answer
from tests.harness_slack import Team

ASKED, SAID = "Which agreement covers this?", "The one of 3 May."


async def ask(
    team: Team, person: Person, shown: Message | View, text: str = ASKED, **more: str
) -> Answer:
    """Press Ask there, write the question and send it."""
    opened = await person.click(shown, more.pop("button", "request.ask"))
    assert opened.view is not None
    answer = await person.submit(opened.view, {"question": text, **more})
    await team.send_all()
    return answer


async def reply(team: Team, shown: Message | View, text: str = SAID) -> Answer:
    """Alice presses Answer there, writes it and sends it."""
    opened = await team.alice.click(shown, "question.answer")
    assert opened.view is not None
    answer = await team.alice.submit(opened.view, {"answer": text})
    await team.send_all()
    return answer


async def details(team: Team, person: Person, request: Request) -> View:
    view = (await person.command(f"/mp-requests show {request.ref}")).view
    assert view is not None
    return view


async def test_a_question_is_asked_answered_and_shown_on_every_copy(team: Team) -> None:
    request = await team.submit()
    before = team.card(team.carol, request)

    assert (await ask(team, team.bob, team.card(team.bob, request))).errors == {}
    question = team.last(team.alice)
    assert "❓ Bob Reyes has a question about Release Bills Pay 3.2.4 · MP-1" in question
    assert f"┃ {ASKED}" in question
    for copy in team.copies(request):
        assert f"❓ Bob Reyes asked, Nov 20, 2026 at 2:14 AM:\n┃ {ASKED}" in copy
        assert "Under Review" in copy
    assert "[ Answer ]" in team.words(team.alice.message(containing="Submitted."))

    team.clock.move(minutes=20)
    await reply(team, team.alice.sees()[-1])
    for copy in team.copies(request):
        assert f"┃ {ASKED}\nAlice Santos answered, Nov 20, 2026 at 2:34 AM:\n┃ {SAID}" in copy
    told = team.last(team.bob)
    assert "💬 Alice Santos answered your question about Release Bills Pay 3.2.4 · MP-1" in told
    assert "[ Review ]" in told
    assert "[ Answer ]" not in team.last(team.alice)
    assert f"✅ You answered, Nov 20, 2026 at 2:34 AM:\n┃ {SAID}" in team.last(team.alice)
    assert "answered your question" not in team.last(team.carol), "the others see it on their card"

    await team.carol.click(before, "request.approve")  # as it was drawn before the question
    await team.send_all()
    assert all("approved" in copy and SAID in copy for copy in team.copies(request))


async def test_asking_and_answering_in_the_details(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    shown = await details(team, team.bob, request)
    await ask(team, team.bob, shown)
    assert f"1. ❓ Bob Reyes asked, Nov 20, 2026 at 2:14 AM:\n[ Close ]\n┃ {ASKED}" in team.words(
        shown
    )

    hers = await details(team, team.alice, request)
    await reply(team, hers)
    assert f"Alice Santos answered, Nov 20, 2026 at 2:14 AM:\n┃ {SAID}" in team.words(hers)
    assert "asked, Nov 20, 2026 at 2:14 AM:\n┃" in team.words(
        await details(team, team.bob, request)
    )


async def test_asking_in_the_queue_goes_on_with_the_next(team_once: Team) -> None:
    team = team_once
    await team.submit()
    await team.submit(external_id="second", version="9.9.9", title="Release Second")
    listed = (await team.bob.command("/mp-requests approvals")).message
    assert listed is not None
    shown = (await team.bob.click(listed, "queue.start")).view
    assert shown is not None
    await ask(team, team.bob, shown, button="queue.ask")
    words = team.words(shown)
    assert "❓ You asked Alice Santos about MP-1." in words
    assert "Release Second" in words


async def test_ready_made_questions_are_of_the_policy_for_what_they_are(team_once: Team) -> None:
    team = team_once
    policy = team.bot.policy.model_dump(exclude_unset=True)
    rules = [{"name": "Launches", "category": ["mini_program_launch"], "questions": ["Who pays?"]}]
    ready = "Is the test account valid?"
    team.bot.in_force.policy = Policy.model_validate(
        {**policy, "questions": [ready], "rules": rules}
    )
    request = await team.submit()
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None
    assert "Who pays?" not in json.dumps(form.blocks)
    refused = await team.bob.submit(form, {})
    assert refused.errors == {
        "question": "Write what you want to know, so that it can be answered."
    }

    await team.bob.submit(form, {"ready": ready, "question": "And until when?"})
    await team.send_all()
    assert f"┃ {ready}\n┃ And until when?" in team.last(team.alice)


async def test_a_rule_has_questions_of_its_own(team_once: Team) -> None:
    team = team_once
    policy = team.bot.policy.model_dump(exclude_unset=True)
    rules = [{"name": "Releases", "category": ["mini_program_release"], "questions": ["Who pays?"]}]
    team.bot.in_force.policy = Policy.model_validate(
        {**policy, "questions": ["Is it live?"], "rules": rules}
    )
    request = await team.submit()
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None
    assert "Who pays?" in json.dumps(form.blocks)
    assert "Is it live?" not in json.dumps(form.blocks)


async def test_who_may_not_ask_or_answer_hears_why(team: Team) -> None:
    request = await team.submit()
    in_channel = team.card(team.mallory, request, team.reviews)
    await team.mallory.click(in_channel, "request.ask")
    await team.send_all()
    said = team.last(team.mallory, team.reviews)
    assert "Only its submitter, its reviewers and admins can open MP-1." in said

    await ask(team, team.bob, team.card(team.bob, request))
    refused = await _clicked(team, team.bob, request, "question.answer")
    assert "Only Alice Santos, who submitted MP-1, can answer questions about it." in refused
    refused = await _clicked(team, team.carol, request, "question.close")
    assert "Only whoever asked it or Ada Cruz can close a question about MP-1." in refused


async def _clicked(team: Team, person: Person, request: Request, action: str) -> str:
    """What somebody hears who clicks a button that was not drawn for them."""
    view = await details(team, person, request)
    button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "x"}}
    view.blocks.append(
        {"type": "actions", "block_id": "b", "elements": [button | {"value": "1:1 1"}]}
    )
    await person.click(view, action)
    return team.words(person.views[-1])


async def test_a_question_is_closed_by_who_asked(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await ask(team, team.bob, team.card(team.bob, request))
    shown = await details(team, team.bob, request)
    await team.bob.click(shown, "question.close")
    await team.send_all()
    assert "Closed without an answer, by Bob Reyes." in team.words(shown)
    told = team.last(team.alice)
    assert "Closed without an answer, by Bob Reyes. Nothing is left for you to answer." in told
    assert "[ Answer ]" not in told


async def test_a_question_is_closed_by_the_end_and_its_form_says_so(team: Team) -> None:
    request = await team.submit()
    await ask(team, team.bob, team.card(team.bob, request))
    asked = team.alice.sees()[-1]
    form = (await team.alice.click(asked, "question.answer")).view
    assert form is not None
    await team.carol.click(team.card(team.carol, request), "request.approve")
    await team.send_all()

    late = await team.alice.submit(form, {"answer": SAID})
    assert "MP-1 was approved by Carol Tan" in team.words(late.view)
    assert "Closed without an answer: MP-1 is approved." in team.words(asked)
    assert "[ Answer ]" not in team.words(asked)
    assert "This request is approved." in team.last(team.alice)
    assert not any("answered your question" in m.plain() for m in team.bob.sees())


async def test_an_answer_that_was_given_elsewhere_is_not_given_twice(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    await ask(team, team.bob, team.card(team.bob, request))
    form = (await team.alice.click(team.alice.sees()[-1], "question.answer")).view
    assert form is not None
    elsewhere = Saying(request.id, 1, team.alice.id, SAID, team.clock())
    await answer(team.bot.db, elsewhere, team.bot.policy)
    late = await team.alice.submit(form, {"answer": "Another."})
    assert "was answered or closed meanwhile" in team.words(late.view)
    await team.send_all()
    assert f"┃ {SAID}" in team.last(team.bob)


async def test_long_chinese_and_many_questions_fold_on_the_card(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    long = "请说明隐私政策" * 428  # 2,996 characters
    for number in range(4):
        await ask(team, team.bob, team.card(team.bob, request), f"{number}: {long}")
    card = team.words(team.card(team.bob, request))
    assert "💬 2 earlier questions in the details" in card
    assert [f"{number}: 请" in card for number in range(4)] == [False, False, True, True]
    assert len(card) < 2000
    assert team.last(team.alice).count("请") == 428
    full = await details(team, team.alice, request)
    said = team.words(full)
    await team.alice.click(full, "details.part.next")
    said += team.words(full)
    assert said.count("请") == 4 * 428
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None


async def test_who_asked_hears_that_slack_does_not_deliver(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    form = (await team.bob.click(team.card(team.bob, request), "request.ask")).view
    assert form is not None
    await team.bob.submit(form, {"question": ASKED})
    team.workspace.faults.add("chat.postMessage", "status", error="user_not_found")
    await team.send_all()
    assert "Your question about Release Bills Pay 3.2.4 · MP-1 did not reach Alice Santos" in (
        team.last(team.bob)
    )
    team.workspace.deactivate(team.alice)
    team.clock.move(days=1, hours=1)
    await team.bot.jobs.reconcile()
    await team.send_all()
    assert sum("did not reach" in m.plain() for m in team.bob.sees()) == 1
    assert not any("has left Slack" in m.plain() for m in team.bob.sees())


async def test_who_asked_hears_once_that_the_submitter_has_left(team: Team) -> None:
    request = await team.submit()
    await ask(team, team.bob, team.card(team.bob, request))
    team.workspace.deactivate(team.alice)
    for _ in range(2):  # their profile is read anew each day
        team.clock.move(days=1, hours=1)
        await team.bot.jobs.reconcile()
        await team.send_all()
    told = [team.words(m) for m in team.bob.sees() if "has left Slack" in m.plain()]
    assert len(told) == 1
    assert "nobody will answer your question about Release Bills Pay 3.2.4 · MP-1." in told[0]
    assert "Decide on what is there, or close the question in the details." in told[0]
    assert not any("has left Slack" in m.plain() for m in team.carol.sees())


async def test_home_and_digest_count_who_waits_for_whose_answer(team: Team) -> None:
    second = {"external_id": "second", "version": "9.9.9", "title": "Release Second"}
    for asked in ({}, second):
        await ask(team, team.bob, team.card(team.bob, await team.submit(**asked)))
    for person in (team.alice, team.bob, team.carol):
        await person.open_home()
    await team.send_all()
    assert "❓ 2 questions for you\nRelease Bills Pay 3.2.4 (MP-1), Release Second (MP-2)" in (
        team.words(team.alice.home)
    )
    assert "💬 Waiting for others: 2 for an answer (Alice)" in team.words(team.bob.home)
    assert "Waiting for others" not in team.words(team.carol.home)

    team.clock.move(days=3)
    await team.bot.jobs.digest()
    await team.send_all()
    morning = team.words(team.bob.message(containing="Good morning"))
    assert morning.endswith("💬 Waiting for others: 2 for an answer (Alice)")
    assert "Waiting for others" not in team.words(team.carol.message(containing="Good morning"))

    for person in (team.alice, team.bob):
        await person.open_home()  # a Home that was left open for days is not drawn again
    await reply(team, team.alice.message(containing="Release Second"))
    assert f"❓ 1 question for you\nRelease Bills Pay 3.2.4 (MP-1): {ASKED}\n▸[ Answer ]" in (
        team.words(team.alice.home)
    )
    assert "💬 Waiting for others: 1 for an answer (Alice)" in team.words(team.bob.home)
    assert team.alice.home is not None
    await reply(team, team.alice.home)
    assert "for you" not in team.words(team.alice.home)


async def test_cards_and_lists_say_for_whom_it_waits(team: Team) -> None:
    request = await team.submit()
    assert "waiting for Bob Reyes or Carol Tan" in team.words(team.card(team.carol, request))
    hers = team.card(team.carol, request)
    await ask(team, team.bob, team.card(team.bob, request))
    waits = "waiting for Alice Santos since Nov 20, 2026 at 2:14 AM"
    for person, where in ((team.carol, None), (team.ada, team.reviews)):
        assert waits in team.words(team.card(person, request, where))
    listed = team.said(await team.carol.command("/mp-requests list waits:submitter"))
    assert waits in listed
    assert "MP-1" not in team.said(await team.carol.command("/mp-requests list waits:reviewers"))

    await reply(team, team.alice.sees()[-1])
    assert waits not in team.words(hers)


async def test_nobody_is_reminded_while_it_rests_but_the_submitter(team: Team) -> None:
    request = await team.submit()  # on a Friday
    await ask(team, team.bob, team.card(team.bob, request))
    team.clock.move(days=4)
    await team.bot.jobs.remind()
    await team.bot.jobs.remind_of_questions()
    await team.bot.jobs.remind_of_questions()
    await team.send_all()
    assert "overdue" not in team.last(team.bob)
    assert "still waiting for you" not in team.last(team.bob)
    reminder = team.alice.sees()[-1]
    assert "❓ 1 question is waiting for your answer." in team.words(reminder)
    assert sum("question is waiting for your answer" in m.plain() for m in team.alice.sees()) == 1

    await reply(team, reminder)
    team.clock.move(days=1)
    await team.bot.jobs.remind_of_questions()
    await team.send_all()
    assert sum("is waiting for your answer" in m.plain() for m in team.alice.sees()) == 1


async def test_what_is_typed_opens_the_form_filled_in(team: Team) -> None:
    policy = team.bot.policy.model_dump(exclude_unset=True)
    ready = "Is the test account valid?"
    team.bot.in_force.policy = Policy.model_validate({**policy, "questions": [ready]})
    await team.submit()
    nothing = team.said(await team.alice.command("/mp-requests answer MP-1 Ours."))
    assert nothing == "Nobody has asked anything about MP-1, so there is nothing to answer."

    form = (await team.bob.command("/mp-requests ask MP-1 “2 domains: whose are they?”")).view
    assert form is not None
    assert "Release Bills Pay 3.2.4" in team.words(form)
    assert "Alice Santos gets it as a message." in team.words(form)
    assert not any("has a question" in m.plain() for m in team.alice.sees()), "not before Ask"
    await team.bob.submit(form, {"ready": ready})
    other = (await team.carol.command(f"/mp-requests ask MP-1 {ASKED}")).view
    assert other is not None
    await team.carol.submit(other)
    await team.send_all()
    assert f"┃ {ready}\n┃ 2 domains: whose are they?" in team.words(team.alice.sees()[-2])

    for asked, left in (("2 domains: whose", " After this, 1 question more"), (ASKED, "")):
        form = (await team.alice.command(f"/mp-requests answer MP-1 {SAID}")).view
        assert form is not None
        assert asked in team.words(form)
        assert ("After this" in team.words(form)) is bool(left)
        await team.alice.submit(form)
    await team.send_all()
    assert f"┃ {SAID}" in team.last(team.bob)
    assert f"┃ {SAID}" in team.last(team.carol)


async def test_what_is_typed_wrong_opens_nothing_and_says_why(team_once: Team) -> None:
    team = team_once
    await team.submit()

    async def said(person: Person, typed: str) -> str:
        return team.said(await person.command(f"/mp-requests {typed}"))

    long = "长" * 3001
    too_long = "has at most 3,000 characters; this has 3,001. Nothing was changed."
    assert await said(team.bob, f"ask MP-1 {long}") == f"A question {too_long}"
    assert await said(team.alice, f"answer MP-1 {long}") == f"An answer {too_long}"
    assert "Which request?" in await said(team.bob, f"ask {ASKED}")
    assert "one request at a time" in await said(team.bob, f"ask MP-1 MP-2 {ASKED}")
    assert "You submitted MP-1" in await said(team.alice, f"ask MP-1 {ASKED}")
    assert "There is no request MP-1" in await said(team.mallory, f"ask MP-1 {ASKED}")
    assert "Only Alice Santos" in await said(team.bob, f"answer MP-1 {SAID}")
