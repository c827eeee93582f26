"""`/mp-requests` and its subcommands, typed as people and phones type."""

from handlers.commands import SUBCOMMANDS
from tests.harness_slack import Team


async def test_alone_and_help_explain_every_subcommand(team_once: Team) -> None:
    for typed in ("", " help", "  “HELP”"):
        said = team_once.said(await team_once.mallory.command(f"/mp-requests{typed}"))

        for each in SUBCOMMANDS:
            meaning = each.meaning.replace("`", "")
            assert f"/mp-requests {each.example}  {meaning}" in said
        for word in ("status:", "env:", "category:", "by:", "sort:"):
            assert word in said


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
        "Which stage? Write it behind the number: preparation, pilot, grayscale, full or canceled."
    ),
    "show 3.2.4": "Which request? Write its number: /mp-requests show MP-12",
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


async def test_approving_by_command_ends_every_card(team_once: Team) -> None:
    request = await team_once.submit()

    said = team_once.said(await team_once.bob.command(f"/mp-requests approve {request.ref}"))
    await team_once.send_all()

    assert said.startswith("✅ This request is approved.")
    assert "Release Bills Pay 3.2.4 (Production) · MP-1" in said
    assert all("approved. · Bob Reyes" in shown for shown in team_once.copies(request))


async def test_rejecting_by_command_records_the_words_as_typed(team_once: Team) -> None:
    request = await team_once.submit()

    said = team_once.said(
        await team_once.bob.command(
            "/mp-requests reject mp-1 “Ask @alice: R&D <3 names no contact”"
        )
    )
    await team_once.send_all()

    reason = "Ask @alice: R&D <3 names no contact"
    assert said.startswith("⛔ Rejected")
    assert reason in said
    assert all(reason in shown for shown in team_once.copies(request))


async def test_rejecting_without_a_reason_asks_for_one(team_once: Team) -> None:
    request = await team_once.submit()

    form = (await team_once.bob.command(f"/mp-requests reject {request.ref}")).view
    assert form is not None
    await team_once.bob.submit(form, {"reason": "No contact is named."})
    await team_once.send_all()

    assert all("No contact is named." in shown for shown in team_once.copies(request))


async def test_a_reason_too_long_changes_nothing(team_once: Team) -> None:
    request = await team_once.submit()

    said = team_once.said(await team_once.bob.command(f"/mp-requests reject MP-1 {'x' * 2001}"))

    assert said == ("A reason has at most 2,000 characters; this has 2,001. Nothing was changed.")
    assert "Under Review" in team_once.words(team_once.card(team_once.bob, request))


async def test_a_request_is_named_in_many_ways(team_once: Team) -> None:
    await team_once.submit()

    for typed in ("MP-1", "mp1", "#1", "1", "mp–1", "“MP-1”", "`mp 001`", "MP-1. "):
        view = (await team_once.carol.command(f"/mp-requests show {typed}")).view
        assert view is not None, typed
        assert view.title == "MP-1"
        await team_once.carol.close(view)


async def test_a_number_alone_shows_the_request(team_once: Team) -> None:
    await team_once.submit()

    answer = await team_once.bob.command("/mp-requests mp-1")

    assert answer.view is not None
    assert answer.view.title == "MP-1"


async def test_a_window_slack_did_not_open_is_told(team_once: Team) -> None:
    team_once.workspace.faults.add("views.open", "status", status=200, error="expired_trigger_id")

    said = team_once.said(await team_once.alice.command("/mp-requests new"))

    assert "did not open the window in time" in said
    assert "please try again" in said
