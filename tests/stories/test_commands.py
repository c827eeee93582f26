"""`/mp-requests` and its subcommands, typed as people and phones type."""

from dataclasses import replace

import pytest

from handlers.commands import SUBCOMMANDS
from handlers.deps import Deps
from handlers.several import quick
from store.domain.access import Denial, Refused
from store.domain.lifecycle import Act
from store.requests import read
from store.requests.decide import Decision, decide
from tests.harness_slack import Team


async def test_help_is_four_lines_for_ones_role_and_the_rest_behind_a_button(team: Team) -> None:
    for person, begins in (
        (team.alice, "/mp-requests new"),
        (team.bob, "/mp-requests approvals"),
        (team.ada, "/mp-requests approvals"),
    ):
        for typed in ("", " help", "  “HELP”"):
            said = team.said(await person.command(f"/mp-requests{typed}"))
            lines = said.splitlines()
            assert [line.startswith("/mp-requests ") for line in lines[:5]] == [True] * 4 + [False]
            assert lines[0].startswith(begins)
    shown = (await team.alice.command("/mp-requests help")).message
    assert shown is not None
    await team.alice.click(shown, "help.all")
    await team.send_all()
    said = team.words(shown)
    for subcommand in SUBCOMMANDS:
        assert f"/mp-requests {subcommand.example}  " in said
    assert "Narrow a list" in said


async def test_a_message_to_the_bot_is_answered_with_help(team: Team) -> None:
    event = {"type": "message", "channel_type": "im", "channel": team.bob.dm.id}
    told = event | {"user": team.bob.id, "ts": "1.1", "text": "hello?"}
    for each in (told, told | {"subtype": "message_changed"}, told | {"bot_id": "B1"}, event):
        await team.workspace.emit(each)
        await team.send_all()
    (answer,) = team.bob.sees()
    assert team.words(answer).startswith("/mp-requests approvals")
    assert "[ All commands ]" in team.words(answer)


async def test_a_message_delivered_again_is_answered_once(team: Team) -> None:
    event = {"type": "message", "channel_type": "im", "channel": team.bob.dm.id}
    told = event | {"user": team.bob.id, "ts": "1.1", "text": "hello?"}
    for each in (told, told, told | {"ts": "1.2"}):
        await team.workspace.emit(each)
        await team.send_all()
    assert [m.text for m in team.bob.sees()] == 2 * [team.bob.sees()[0].text]


NOT_UNDERSTOOD = {
    "aprove MP-1": "I don't know aprove. Did you mean approve?",
    "lst": "I don't know lst. Did you mean list?",
    "xyzzy": "I don't know xyzzy. /mp-requests help lists what I can do.",
    "<!channel>": "I don't know <!channel>. ",
    "show": "Which request? Write its number: /mp-requests show MP-12",
    "approve all": "Which request? Write its number: /mp-requests approve MP-12",
    "reject": "Which request? Write its number: /mp-requests reject MP-12 reason",
    "withdraw MP-1x": "Which request? Write its number: /mp-requests withdraw MP-12",
    "stage": "Which request? Write its number: /mp-requests stage MP-12 pilot",
    "why me": "Which request? Write its number: /mp-requests why MP-12",
    "stage MP-1 live": (
        "Which stage? Add one after the number: preparation, pilot, grayscale, full or canceled. "
        "Nothing was changed."
    ),
    "show 3.2.4": "Which request? Write its number: /mp-requests show MP-12",
    "new Bills Pay": "I don't know what Bills Pay means after new, so nothing was changed. "
    "Without it: /mp-requests new",
    "show MP-1 MP-2": "show takes one request at a time. Nothing was changed.",
    "why MP-1, MP-2": "why takes one request at a time. Nothing was changed.",
    "show MP-1 <now>": "I don't know what <now> means after show MP-1, so nothing was changed.",
    "MP-1 approve": "I don't know what approve means after show MP-1, so nothing was changed.",
}


async def test_what_is_not_understood_names_the_nearest_right_one(team_once: Team) -> None:
    for typed, answer in NOT_UNDERSTOOD.items():
        said = team_once.said(await team_once.bob.command(f"/mp-requests {typed}"))
        assert said.startswith(answer), typed


async def test_show_opens_the_details(team_once: Team) -> None:
    request = await team_once.submit()

    answer = await team_once.bob.command(f"/mp-requests show {request.ref}")

    assert answer.view is not None
    shown = team_once.words(answer.view)
    assert "Release Bills Pay 3.2.4" in shown
    assert "Release Process Overview" in shown


async def test_approving_by_command_shows_the_request_before_it_ends_every_card(
    team_once: Team,
) -> None:
    request = await team_once.submit()

    form = (await team_once.bob.command(f"/mp-requests approve {request.ref}")).view
    await team_once.send_all()
    assert form is not None
    asked = team_once.words(form)
    assert form.title == "Approve MP-1"
    assert "Release Bills Pay 3.2.4  ·  🟠 Production\nWallet PH · first release:" in asked
    assert asked.endswith("An approval cannot be undone here.\n[ Not yet ]\n▸[ Approve ]")
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, request))
    told = (await team_once.bob.submit(form)).view
    await team_once.send_all()

    assert told is not None
    said = team_once.words(told)
    assert "✅ This request is approved." in said
    assert "Release Bills Pay 3.2.4 (Production) · MP-1" in said
    assert all("approved. Bob Reyes, " in shown for shown in team_once.copies(request))


async def test_rejecting_by_command_records_the_words_as_typed(team_once: Team) -> None:
    request = await team_once.submit()

    typed = "/mp-requests reject mp-1 “Ask @alice: R&D <3 names no contact”"
    form = (await team_once.bob.command(typed)).view
    assert form is not None
    reason = "Ask @alice: R&D <3 names no contact"
    assert "Release Bills Pay 3.2.4  ·  🟠 Production" in team_once.words(form)
    assert reason in team_once.words(form)
    await team_once.bob.submit(form)
    await team_once.send_all()

    assert all(reason in shown for shown in team_once.copies(request))


async def test_rejecting_without_a_reason_asks_for_one(team_once: Team) -> None:
    request = await team_once.submit()

    form = (await team_once.bob.command(f"/mp-requests reject {request.ref}")).view
    assert form is not None
    await team_once.bob.submit(form, {"reason": "No contact is named."})
    await team_once.send_all()

    assert all("No contact is named." in shown for shown in team_once.copies(request))


EXPORTED = {
    "export xlsx mine": " as XLSX · /mp-requests mine\n",
    "export status:approved ＪＳＯＮ Approvals pay": " as JSON · /mp-requests approvals pay st",
    "export bills excel pay": " as XLSX · /mp-requests list bills pay\n",
    "export “pdf” csv": " as CSV · /mp-requests list pdf\n",
    "export csv 'gold “mine csv”'": " as CSV · /mp-requests list 'gold mine csv'\n",
    "export pdf": "I can't make pdf. Use csv, xlsx or json. To search for the word itself, put",
    "export mine xls": "I can't make xls. Use csv, xlsx or json.",
    "export csv json": "A download has one format; this names csv and json.",
    "export mine approvals": "A download has one list; this names mine and approvals.",
    "export csv mine csv mine": " as CSV · /mp-requests mine\n",
}


async def test_an_export_is_asked_for_in_any_order_and_a_wrong_format_is_named(
    team_once: Team,
) -> None:
    for typed, answer in EXPORTED.items():
        said = team_once.said(await team_once.bob.command(f"/mp-requests {typed}"))
        assert answer in said, typed


async def test_a_reason_too_long_changes_nothing(team_once: Team) -> None:
    request = await team_once.submit()

    said = team_once.said(await team_once.bob.command(f"/mp-requests reject MP-1 {'x' * 2001}"))

    assert said == ("A reason has at most 2,000 characters; this has 2,001. Nothing was changed.")
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, request))


UNDERSTOOD_IN_PART = {
    "approve MP-1 but only after legal has signed": "I don't know what but only after legal has",
    "approve MP-1 please": "I don't know what please means after approve MP-1, so nothing was "
    "changed. Without it: /mp-requests approve MP-1",
    "approve MP-1 MP-2 tomorrow": "I don't know what tomorrow means after approve MP-1, MP-2, so "
    "nothing was changed. Without it: /mp-requests approve MP-1 MP-2",
    "approve MP-1-MP-2": "Which request? Write its number: ",
    f"approve {' '.join(map(str, range(1, 7)))}": "This names 6 requests; at most 5 go at once.",
    "reject MP-1 12, 13": "12, 13 does not read like a reason, so nothing was changed. Write the "
    "numbers first, each with MP, then say what to change: /mp-requests reject MP-12 MP-13 reason",
    "withdraw MP-1 wrong version": "I don't know what wrong version means after withdraw MP-1",
}


async def test_an_act_that_is_understood_in_part_changes_nothing(team_once: Team) -> None:
    request, other = await team_once.submit(), await team_once.submit(external_id="other")

    for typed, answer in UNDERSTOOD_IN_PART.items():
        said = team_once.said(await team_once.bob.command(f"/mp-requests {typed}"))
        assert said.startswith(answer), typed
    await team_once.send_all()
    for each in (request, other):
        assert "Under Review" in team_once.words(team_once.card(team_once.carol, each))


async def test_a_stage_is_moved_only_by_what_is_a_stage(team_once: Team) -> None:
    await team_once.submit()
    await team_once.approve(team_once.bob, "MP-1")

    for typed in ("stage MP-1 pilot please", "stage MP-1 MP-2 pilot", "stage MP-1"):
        said = team_once.said(await team_once.alice.command(f"/mp-requests {typed}"))
        assert "Nothing was changed." in said, typed
    said = team_once.said(await team_once.alice.command("/mp-requests stage MP-1 “Pilot Testing”"))
    assert said.startswith("MP-1 is in Pilot Testing now.")


async def test_several_are_approved_after_one_question(team_once: Team) -> None:
    first, second = await team_once.submit(), await team_once.submit(external_id="second")

    form = (await team_once.bob.command("/mp-requests approve *MP-1*, MP-2 and MP-99")).view
    assert form is not None
    asked = team_once.words(form)
    assert form.title == "Approve 2 requests"
    assert all(f"\n{each.ref} · Alice Santos" in asked for each in (first, second))
    assert "There is no request MP-99 that you can open." in asked
    assert "[ Approve both ]" in asked
    await team_once.send_all()
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, first))
    answered = await team_once.bob.submit(form, {})
    await team_once.send_all()

    assert answered.view is not None
    said = team_once.words(answered.view)
    assert said.count("This request is approved.") == 2
    assert all(each.ref in said for each in (first, second))
    for each in (first, second):
        assert all("approved. Bob Reyes, " in shown for shown in team_once.copies(each))


async def test_a_typed_yes_approves_at_once_where_the_policy_allows_it(team_once: Team) -> None:
    production = await team_once.submit()
    await team_once.submit(external_id="sandbox", environment="sandbox")

    said = team_once.said(await team_once.bob.command("/mp-requests approve MP-2 yes"))
    assert said.startswith("✅ This request is approved.")
    assert "(Sandbox) · MP-2" in said
    again = team_once.said(await team_once.carol.command("/mp-requests approve MP-2 YES"))
    assert "MP-2 was approved by Bob Reyes" in again
    for typed in ("MP-1 yes", "MP-1 MP-2 yes"):
        form = (await team_once.bob.command(f"/mp-requests approve {typed}")).view
        assert form is not None, "production is looked at first"
    await team_once.send_all()
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, production))


async def test_what_could_not_be_approved_when_it_was_asked_about_is_not_approved_unasked(
    team_once: Team,
) -> None:
    sandbox = await team_once.submit(environment="sandbox")
    bot = team_once.bot
    asked = Decision(sandbox.id, Act.APPROVE, team_once.mallory.id, team_once.clock())
    found = await quick([asked], Deps(bot.db, bot.in_force, team_once.clock))
    assert isinstance(found, list)
    (decision,) = found
    answer = await decide(bot.db, replace(decision, actor=team_once.bob.id), bot.policy)
    assert isinstance(answer, Refused)
    assert answer.denial is Denial.STALE


async def test_what_was_withdrawn_by_command_can_be_submitted_again_from_the_answer(
    team_once: Team,
) -> None:
    await team_once.submit()

    answer = await team_once.alice.command("/mp-requests withdraw MP-1")
    assert answer.message is not None
    assert team_once.said(answer).startswith("↩️ Withdrawn")
    opened = await team_once.alice.click(answer.message, "request.again")

    assert opened.view is not None


async def test_each_of_several_is_judged_when_it_is_decided(team_once: Team) -> None:
    first, second = await team_once.submit(), await team_once.submit(external_id="second")

    form = (await team_once.bob.command("/mp-requests approve MP-1 MP-2")).view
    assert form is not None
    other = (await team_once.carol.command("/mp-requests reject MP-2 no contact is named")).view
    assert other is not None
    await team_once.carol.submit(other)
    answered = await team_once.bob.submit(form, {})

    assert answered.view is not None
    said = team_once.words(answered.view)
    assert f"This request is approved.\nRelease Bills Pay 3.2.4 (Production) · {first.ref}" in said
    assert f"{second.ref} was rejected by Carol Tan" in said


async def test_of_several_that_cannot_be_decided_each_is_answered(team_once: Team) -> None:
    await team_once.submit()
    await team_once.approve(team_once.bob, "MP-1")

    said = team_once.said(await team_once.bob.command("/mp-requests approve 1 2 3 4 5"))
    assert "MP-1 was approved by you" in said
    for number in range(2, 6):
        assert f"There is no request MP-{number} that you can open." in said


async def test_several_are_rejected_for_the_reason_behind_their_numbers(team_once: Team) -> None:
    for name in ("first", "second", "third"):
        await team_once.submit(external_id=name)

    typed = "/mp-requests reject MP-1 MP-2 3 domains are missing"
    form = (await team_once.bob.command(typed)).view
    assert form is not None
    assert form.title == "Reject 2 requests"
    assert "3 domains are missing" in team_once.words(form)
    answered = await team_once.bob.submit(form, {})
    await team_once.send_all()

    assert answered.view is not None
    said = team_once.words(answered.view)
    assert [said.count(word) for word in ("Rejected", "MP-1", "MP-2", "MP-3")] == [2, 1, 1, 0]
    assert said.count("3 domains are missing") == 2


async def test_numbers_alone_are_no_reason(team_once: Team) -> None:
    first, second = await team_once.submit(), await team_once.submit(external_id="second")

    form = (await team_once.bob.command("/mp-requests reject MP-1 MP-2")).view
    await team_once.send_all()

    assert form is not None
    assert form.title == "Reject 2 requests"
    for each in (first, second):
        assert "Under Review" in team_once.words(team_once.card(team_once.bob, each))


@pytest.mark.parametrize("typed", ["MP-1 12", "MP-1 12 345", "MP-1 #12."])
async def test_a_reason_that_is_but_numbers_changes_nothing(team_once: Team, typed: str) -> None:
    card = team_once.card(team_once.bob, await team_once.submit())
    said = team_once.said(await team_once.bob.command(f"/mp-requests reject {typed}"))
    await team_once.send_all()

    assert "does not read like a reason, so nothing was changed." in said
    assert "Under Review" in team_once.words(card)


async def test_several_of_ones_own_are_withdrawn_and_each_is_answered(team_once: Team) -> None:
    await team_once.submit(), await team_once.submit(team_once.bob, external_id="bobs")

    said = team_once.said(await team_once.alice.command("/mp-requests withdraw MP-1 MP-2"))

    assert "Withdrawn\nRelease Bills Pay 3.2.4 (Production) · MP-1" in said
    assert "There is no request MP-2 that you can open." in said


REASONS = {
    "“Pay” is named twice": "“Pay” is named twice",
    "“Pay” lacks a “contact”": "“Pay” lacks a “contact”",
    "“No contact is named.”": "No contact is named.",
    ": no contact": "no contact",
    '"': '"',
    "ask @alice or @reviewers in #mini-program-reviews": None,
    "see https://example.com/a?b&c <3": None,
    "no\x00 contact\x07": "no contact",
}
"""As typed behind the number, and as it is put on record; None is as typed."""


async def test_a_reason_is_recorded_as_its_writer_saw_it(team_once: Team) -> None:
    for number, (typed, recorded) in enumerate(REASONS.items(), start=1):
        await team_once.store(external_id=f"reason-{number}")
        words = f"/mp-requests reject *MP-{number}* {typed}"
        form = (await team_once.bob.command(words)).view
        assert form is not None, typed
        await team_once.bob.submit(form)
        async with team_once.bot.db.snapshot() as session:
            assert (await read.one(session, number)).decision_reason == (recorded or typed)


async def test_a_reason_that_cannot_be_seen_is_asked_for(team_once: Team) -> None:
    await team_once.submit()

    form = (await team_once.bob.command("/mp-requests reject MP-1 \u3164\u200b")).view

    assert form is not None
    refused = await team_once.bob.submit(form, {"reason": "\u202e \u200b"})
    assert refused.errors == {"reason": "Say why, so that the submitter knows what to change."}


PASTED = ("*MP-1*", "[MP-1]", "\u200fMP-1\u200f", "ＭＰ－１", "（＃1）", "<MP-1>", "_mp\u20601_")


async def test_a_request_is_named_in_many_ways(team_once: Team) -> None:
    await team_once.submit()

    for typed in ("MP-1", "mp1", "#1", "1", "mp–1", "“MP-1”", "`mp 001`", "MP-1. ", *PASTED):
        view = (await team_once.carol.command(f"/mp-requests show {typed}")).view
        assert view is not None, typed
        assert view.title == "MP-1 · Bills Pay"
        await team_once.carol.close(view)


async def test_a_number_alone_shows_the_request(team_once: Team) -> None:
    await team_once.submit()

    for typed in ("mp-1", "mp 1", "#1", *PASTED):
        answer = await team_once.bob.command(f"/mp-requests {typed}")
        assert answer.view is not None, typed
        assert answer.view.title == "MP-1 · Bills Pay"
        await team_once.bob.close(answer.view)


async def test_a_window_slack_did_not_open_is_told(team_once: Team) -> None:
    team_once.workspace.faults.add("views.open", "status", status=200, error="expired_trigger_id")

    said = team_once.said(await team_once.alice.command("/mp-requests new"))

    assert "did not open the window in time" in said
    assert "please try again" in said
