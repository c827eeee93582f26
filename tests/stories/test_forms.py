"""The form of every category: walked through, gone back in, corrected, submitted, and again."""

import json
from typing import Any

import pytest

from bot.cli.import_file import Importer
from bot.sandbox.actions.people import Person
from bot.sandbox.delivery import payloads
from bot.sandbox.state.views import View
from store.domain.lists.query import ListQuery, Scope
from store.domain.policy import Policy
from store.domain.request import Category, Request
from store.lists.listing import listing
from tests.cast import sample_of
from tests.form_filling import (
    add_feature,
    fill_in,
    first_step,
    modal_of,
    open_form,
    second_step,
    submit_form,
    submit_step,
    typed_feature,
)
from tests.harness_slack import Team

OWN = {"external_id", "submitted_by", "created_at"}
"""What a form does not ask for."""


async def stored(team: Team) -> list[Request]:
    """All requests, oldest first, as ada the admin sees them."""
    found = await listing(
        team.bot.db, ListQuery(Scope.ALL), asker=team.ada.id, policy=team.bot.policy
    )
    return sorted(found.page.requests, key=lambda request: request.id)


def told(request: Request) -> dict[str, Any]:
    """What the submitter said, without what was left empty."""
    return {
        "title": request.title,
        "category": request.category,
        "environment": request.environment,
        "mini_program": (request.mini_program_id, request.mini_program_name),
        "version": request.version,
        "details": {k: v for k, v in request.details.items() if v not in (None, [], "")},
    }


def typed(view: View, path: str) -> Any:
    """What stands in an input."""
    return view.state[path][path]["value"]


async def at_details(team: Team, category: Category = Category.RELEASE) -> View:
    """alice's form at its second step."""
    form = await open_form(team.alice)
    return modal_of(await submit_step(team.alice, form, first_step(sample_of(category))))


async def ended(team: Team, act: str) -> Request:
    """alice's request, rejected by bob or withdrawn by her."""
    request = await team.submit()
    if act == "rejected":
        await team.reject(team.bob, team.card(team.bob, request), "No contact.")
    else:
        await team.alice.click(team.card(team.alice, request), "request.withdraw")
    await team.send_all()
    return request


async def again(team: Team, person: Person, where: Any) -> View:
    return modal_of(await person.click(where, "request.again"))


@pytest.mark.parametrize("category", Category)
async def test_what_a_form_stores_is_what_an_import_of_it_stores(
    team_once: Team, category: Category
) -> None:
    sample = sample_of(category)

    answer = await submit_form(team_once.alice, await open_form(team_once.alice), sample)
    assert (answer.errors, answer.view) == ({}, None)
    await imported(team_once, sample)

    by_form, by_import = await stored(team_once)
    assert told(by_form) == told(by_import)


async def imported(team: Team, sample: dict[str, Any]) -> None:
    bot, line = team.bot, json.dumps({**sample, "submitted_by": "alice@example.com"})
    importer = Importer(bot.db, bot.profiles, bot.policy, team.clock)
    (outcome,) = [found async for found in importer.run([line.encode()])]
    assert outcome.outcome == "new"


async def test_a_whole_form_becomes_cards(team: Team) -> None:
    await submit_form(team.alice, await open_form(team.alice), sample_of(Category.FEATURES))
    await team.send_all()

    (card,) = team.bob.sees()
    assert "MP-1 · " in team.words(card)
    assert "Activate features for Load Central" in team.words(card)


async def test_back_keeps_what_was_typed_right_or_wrong(team_once: Team) -> None:
    form = await at_details(team_once, Category.OPTIMIZATION)
    wrong = {"details.subpackage_enabled": "yes", "details.whole_package_size": "big"}
    for path, value in wrong.items():
        await team_once.alice.choose(form, path, value)

    await team_once.alice.click(form, "request.form.back")
    assert typed(form, "version") == sample_of(Category.OPTIMIZATION)["version"]
    modal_of(await team_once.alice.submit(form))

    assert typed(form, "details.whole_package_size") == "big"
    assert form.state["details.subpackage_enabled"]["details.subpackage_enabled"][
        "selected_option"
    ]["value"] == ("yes")


async def test_an_error_stands_under_its_input_and_nothing_is_lost(team_once: Team) -> None:
    sample = sample_of(Category.RELEASE)
    form = await open_form(team_once.alice)

    answer = await submit_step(
        team_once.alice, form, first_step(sample) | {"mini_program.id": "12a"}
    )

    assert list(answer.errors) == ["mini_program.id"]
    assert "use the digits" in answer.errors["mini_program.id"]
    assert typed(form, "mini_program.id") == "12a"
    answer = await team_once.alice.submit(form, {"mini_program.id": "12"})
    assert (answer.errors, modal_of(answer).callback_id) == ({}, "request.form.details")


async def test_features_are_added_edited_and_removed(team_once: Team) -> None:
    form = await at_details(team_once)
    for name in ("Scan", "Pay", "Map"):
        await add_feature(team_once.alice, form, {"name": name, "version": "1.0"})
    menu = "request.form.feature"

    edited = modal_of(await team_once.alice.click(form, menu, value="edit:1:3"))
    assert typed(edited, "name") == "Pay"
    await team_once.alice.submit(edited, {"version": "2.0", "description": "Pay bills"})
    await team_once.alice.click(form, menu, value="remove:0:3")

    shown = team_once.words(form)
    assert "1. Pay 2.0" in shown
    assert "2. Map 1.0" in shown
    assert "Scan" not in shown
    assert "[ Add another feature ]" in shown


async def test_a_feature_that_lacks_something_is_named_in_its_modal(team_once: Team) -> None:
    form = await at_details(team_once, Category.FEATURES)
    feature = {"name": "Scan", "version": "1.8", "status": "Activation needed", "apis": ["my.scan"]}
    asked = modal_of(await team_once.alice.click(form, "request.form.feature.add"))

    answer = await team_once.alice.submit(asked, typed_feature(asked, feature) | {"apis": " , "})
    assert list(answer.errors) == ["apis"]
    assert (await team_once.alice.submit(asked, {"apis": "my.scan"})).errors == {}
    assert "Scan 1.8" in team_once.words(form)


async def test_leaving_a_feature_keeps_what_was_typed_below_it(team_once: Team) -> None:
    form = await at_details(team_once)
    await team_once.alice.choose(form, "details.tagline", "Pay all bills")

    asked = modal_of(await team_once.alice.click(form, "request.form.feature.add"))
    await team_once.alice.close(asked)
    await team_once.alice.click(form, "request.form.back")
    await team_once.alice.submit(form)

    assert typed(form, "details.tagline") == "Pay all bills"
    assert "None yet." in team_once.words(form)


async def test_a_list_that_needs_a_feature_says_so_where_the_list_is(team_once: Team) -> None:
    form = await at_details(team_once, Category.FEATURES)

    answer = await submit_step(team_once.alice, form, second_step(sample_of(Category.FEATURES)))

    assert modal_of(answer).callback_id == "request.form.details"
    assert "⛔ This is required." in team_once.words(form)
    assert typed(form, "details.admin") == "erin@example.com"


async def test_two_drafts_of_one_person_do_not_mix(team_once: Team) -> None:
    alice, drafts = team_once.alice, []
    for category in (Category.LAUNCH, Category.OFFLINE):
        last = await fill_in(alice, await open_form(alice), sample_of(category))
        drafts.append(last.payload)

    for payload in drafts:
        form = await open_form(alice)
        form.payload |= payload
        assert (await alice.submit(form)).view is None

    launch, offline = await stored(team_once)
    assert (launch.category, offline.category) == (Category.LAUNCH, Category.OFFLINE)
    assert (launch.title, offline.title) == (
        "Launch Sari-Sari Stock",
        "Take Padala Tracker offline",
    )
    assert "admin" not in offline.details


@pytest.mark.parametrize("metadata", ["theirs", "made-up", "", "<!channel>", "a b c"])
async def test_a_draft_of_somebody_else_reaches_nothing(team_once: Team, metadata: str) -> None:
    theirs = await fill_in(
        team_once.alice, await open_form(team_once.alice), sample_of(Category.LAUNCH)
    )
    mine = await open_form(team_once.mallory)
    forged = theirs.payload["private_metadata"] if metadata == "theirs" else metadata
    mine.payload |= {"private_metadata": forged, "callback_id": "request.form.check"}

    answer = await team_once.mallory.submit(mine, first_step(sample_of(Category.LAUNCH)))

    shown = team_once.words(modal_of(answer))
    assert "This draft is gone" in shown
    assert "Sari-Sari" not in shown
    assert await stored(team_once) == []


async def test_what_stands_in_the_way_is_said_where_it_is_typed(team_once: Team) -> None:
    await team_once.submit()
    form = await open_form(team_once.alice)

    answer = await submit_step(team_once.alice, form, first_step(sample_of(Category.RELEASE)))

    assert list(answer.errors) == ["version"]
    assert "MP-1" in answer.errors["version"]
    assert "<" not in answer.errors["version"]
    answer = await team_once.alice.submit(form, {"version": "9.9.9"})
    assert modal_of(answer).callback_id == "request.form.details"


async def test_what_came_in_the_way_meanwhile_leads_to_its_input(team_once: Team) -> None:
    sample = sample_of(Category.RELEASE)
    form = await fill_in(team_once.alice, await open_form(team_once.alice), sample)
    await team_once.submit()

    assert modal_of(await team_once.alice.submit(form)).callback_id == "request.form.request"
    assert "⛔" in team_once.words(form)
    assert "MP-1" in team_once.words(form)
    for typed in ({"version": "9.9.9"}, {}, {}):
        await team_once.alice.submit(form, typed)
    assert [request.version for request in await stored(team_once)] == ["3.2.4", "9.9.9"]


async def released(team: Team, by: Person, **details: Any) -> Request:
    """A release of theirs that bob approved."""
    whole = sample_of(Category.RELEASE)["details"] | details
    request = await team.submit(by, details=whole)
    await team.bob.click(team.card(team.bob, request), "request.approve")
    return request


async def test_a_program_seen_before_is_searched_for_and_fills_in_the_form(team: Team) -> None:
    await released(team, team.alice)
    form = await open_form(team.alice)
    await team.alice.choose(form, "category", "mini_program_release")
    await team.alice.choose(form, "mini_program.name", "Bil")

    offered = await team.alice.type_options(form, "program", "bills")
    assert [option["text"]["text"] for option in offered] == [
        "Bills Pay · 2171020092715498",
        "Another one: “bills”",
    ]
    await team.alice.choose(form, "program", "2171020092715498")

    before = sample_of(Category.RELEASE)["details"]
    shown = team.words(form)
    assert "Bills Pay" in shown
    assert "Wallet PH" in shown
    await team.alice.submit(form, {"environment": "production", "version": "3.2.5"})
    asked = {path.partition("#")[0]: entry for path, entry in form.state.items()}
    for key in ("type", "language"):
        chosen = asked[f"details.{key}"][f"details.{key}"]["selected_option"]["value"]
        assert chosen == before[key], key
    for key in ("logo", "description"):
        assert asked[f"details.{key}"][f"details.{key}"]["value"] == before[key]
    assert all(path.endswith("#2171020092715498") for path in form.state)


async def test_another_program_is_named_by_what_was_typed(team_once: Team) -> None:
    form = await open_form(team_once.alice)
    await team_once.alice.type_options(form, "program", "Kape Rewards")
    await team_once.alice.choose(form, "program", "new:Kape Rewards")
    assert form.state["mini_program.name#new:Kape Rewards"]["mini_program.name"]["value"] == (
        "Kape Rewards"
    )
    answer = await team_once.alice.submit(
        form, {"category": "mini_program_features", "environment": "sandbox", "version": "1"}
        | {"mini_program.id": "12a"}
    )  # fmt: skip
    assert list(answer.errors) == ["mini_program.id#new:Kape Rewards"]


async def test_nobody_is_offered_what_they_may_not_see(team_once: Team) -> None:
    await released(team_once, team_once.alice)
    for person, seen in ((team_once.mallory, False), (team_once.bob, True)):
        form = await open_form(person)
        await person.choose(form, "category", "mini_program_release")
        programs = await person.type_options(form, "program", "")
        apps = await person.type_options(form, "details.target_app", "")
        assert (len(programs), len(apps)) == (int(seen), int(seen)), person.handle
    form = await open_form(team_once.mallory)
    form.offered["program"] = [
        {"text": {"type": "plain_text", "text": "x"}, "value": "2171020092715498"}
    ]
    await team_once.mallory.choose(form, "program", "2171020092715498")
    assert "Wallet PH" not in team_once.words(form)


async def test_another_type_than_before_is_refused_in_its_input(team_once: Team) -> None:
    await released(team_once, team_once.alice, type="H5+")
    form = await open_form(team_once.alice)
    typed = sample_of(Category.RELEASE) | {"version": "4.0.0"}
    await submit_step(team_once.alice, form, first_step(typed))

    answer = await submit_step(team_once.alice, form, second_step(typed))

    assert list(answer.errors) == ["details.type"]
    assert "was released as H5+ (MP-1)" in answer.errors["details.type"]


async def test_an_offline_asks_why_and_shows_the_rest(team_once: Team) -> None:
    await released(team_once, team_once.alice)
    form = await open_form(team_once.alice)
    await team_once.alice.choose(form, "category", "mini_program_offline")
    await team_once.alice.type_options(form, "program", "")
    await team_once.alice.choose(form, "program", "2171020092715498")
    await team_once.alice.submit(form, {"environment": "production", "version": "3.2.4"})

    assert [path.partition("#")[0] for path in form.state] == [
        "details.reason_for_taking_offline", "details.effect_on_users", "evidence",
    ]  # fmt: skip
    assert "From its last release, MP-1:" in team_once.words(form)
    assert "Type: DSL" in team_once.words(form)
    said = {"details.reason_for_taking_offline": "No users.", "details.effect_on_users": "None."}
    await team_once.alice.submit(form, said)
    assert (await team_once.alice.submit(form)).view is None
    offline = (await stored(team_once))[1]
    assert (offline.details["type"], offline.details["effect_on_users"]) == ("DSL", "None.")


async def test_the_last_step_says_who_decides_and_where_it_goes(team_once: Team) -> None:
    form = await fill_in(
        team_once.alice, await open_form(team_once.alice), sample_of(Category.LAUNCH)
    )
    assert "It goes to Bob Reyes or Carol Tan, with a copy in" in team_once.words(form)


async def test_it_names_the_channel_of_the_rule_that_covers_it(team_once: Team) -> None:
    team = team_once
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        reviewers = ["{team.bob.id}"]
        channel = "C0ELSEWHERE"
        [[rules]]
        name = "Launches"
        category = ["mini_program_launch"]
        channel = "{team.reviews.id}"
    """)
    form = await fill_in(team.alice, await open_form(team.alice), sample_of(Category.LAUNCH))
    assert f"It goes to Bob Reyes, with a copy in #{team.reviews.id}." in team.words(form)


async def test_an_id_of_another_length_is_remarked_on(team_once: Team) -> None:
    await team_once.submit()
    form = await open_form(team_once.alice)
    typed = first_step(sample_of(Category.LAUNCH)) | {"mini_program.id": "21710200927154"}
    await submit_step(team_once.alice, form, typed)
    assert "The id 21710200927154 has 14 digits; those known here have 16." in (
        team_once.words(form)
    )


@pytest.mark.parametrize("act", ["rejected", "withdrawn"])
async def test_submit_again_begins_with_what_there_was(team_once: Team, act: str) -> None:
    request = await ended(team_once, act)
    shown = next(m for m in reversed(team_once.alice.sees()) if "Submit again" in m.plain())

    form = await again(team_once, team_once.alice, shown)
    assert "MP-1" in team_once.words(form)
    for _ in range(2):
        await team_once.alice.submit(form)
    assert (await team_once.alice.submit(form)).view is None

    first_try, second_try = await stored(team_once)
    assert told(second_try) == told(first_try)
    assert second_try.resubmission_of == request.id


async def test_submit_again_asks_what_changed_and_the_reviewers_read_it(team_once: Team) -> None:
    request = await ended(team_once, "rejected")
    opened = await team_once.alice.command(f"/mp-requests show {request.ref}")
    form = await again(team_once, team_once.alice, modal_of(opened))
    assert form.blocks[3]["label"]["text"] == "What did you change?"

    await team_once.alice.submit(form, {"details.what_changed": "A contact in the privacy text."})
    assert "No contact." in team_once.words(form)
    await team_once.alice.submit(form, {"details.description": "Pay bills. Write to us."})
    assert "No contact." in team_once.words(form)
    assert form.payload["submit"]["text"] == "Submit for Review"
    await team_once.alice.submit(form)
    await team_once.send_all()

    card = team_once.words(team_once.card(team_once.bob, (await stored(team_once))[1]))
    assert "What was changed: A contact in the privacy text." in card
    assert "Changed since MP-1: description" in card


async def test_submit_again_without_a_change_asks_whether_that_is_meant(team_once: Team) -> None:
    await ended(team_once, "rejected")
    shown = next(m for m in reversed(team_once.alice.sees()) if "Submit again" in m.plain())
    form = await again(team_once, team_once.alice, shown)
    for _ in range(2):
        await team_once.alice.submit(form)

    assert "Nothing is different from MP-1. Submit it as it is?" in team_once.words(form)
    assert form.payload["submit"]["text"] == "Submit unchanged"


async def test_the_details_offer_it_to_who_may_submit_it_again_alone(team_once: Team) -> None:
    request = await ended(team_once, "withdrawn")
    for person, offered in ((team_once.alice, True), (team_once.ada, True), (team_once.bob, False)):
        shown = modal_of(await person.command(f"/mp-requests show {request.ref}"))
        assert ("[ Submit again ]" in team_once.words(shown)) is offered, person.handle


async def test_only_its_submitter_or_an_admin_submits_a_request_again(team_once: Team) -> None:
    request = await ended(team_once, "rejected")

    await pressed(team_once.bob, request)
    await pressed(team_once.mallory, request)
    await pressed(team_once.ada, request)
    await team_once.send_all()

    assert "Only Alice Santos or Ada Cruz" in team_once.last(team_once.bob)
    assert "There is no request MP-1 that you can open" in team_once.last(team_once.mallory)
    assert [len(p.views) for p in (team_once.bob, team_once.mallory, team_once.ada)] == [0, 0, 1]


async def pressed(person: Person, request: Request) -> None:
    """The button of alice's message, as somebody would send it who never got it."""
    space = person.workspace
    value = f"{request.id}:{request.round}"
    action = {"type": "button", "action_id": "request.again", "block_id": "b", "value": value}
    payload = payloads.interaction("block_actions", person) | {"actions": [action]}
    payload["trigger_id"] = space.triggers.new(person.id)
    payload["response_url"] = space.root_url + space.response_urls.new(person.dm.id, person.id)
    assert (await space.deliver("interactive", payload)).acked


async def test_a_draft_outlives_the_night_but_not_two(team_once: Team) -> None:
    form = await at_details(team_once)
    team_once.clock.move(hours=23)
    await team_once.bot.jobs.prune()
    await team_once.alice.click(form, "request.form.back")
    assert typed(form, "version") == sample_of(Category.RELEASE)["version"]

    team_once.clock.move(hours=25)
    await team_once.bot.jobs.prune()
    answer = await team_once.alice.submit(form)
    assert "This draft is gone" in team_once.words(modal_of(answer))


async def test_what_is_chosen_in_a_form_whose_draft_is_gone_changes_nothing(
    team_once: Team,
) -> None:
    form = await open_form(team_once.alice)
    await team_once.alice.type_options(form, "program", "Kape Rewards")
    before = team_once.words(form)
    team_once.clock.move(days=2)
    await team_once.bot.jobs.prune()
    await team_once.alice.choose(form, "category", "mini_program_offline")
    await team_once.alice.choose(form, "program", "new:Kape Rewards")
    assert team_once.words(form) == before
