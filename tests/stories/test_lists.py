"""My Requests, My Approvals and the list of all: words, pages, counts, empty states."""

from bot.sandbox.actions.people import Person
from store.domain.request import Category
from tests.harness_slack import Team
from tests.stories.test_home import at_home


async def listed(team: Team, person: Person, words: str) -> str:
    """What the command shows."""
    return team.said(await person.command(f"/mp-requests {words}"))


async def one_of_each(team: Team) -> None:
    """Five requests of alice in five categories; the offline one is in Sandbox, approved by bob."""
    for category in tuple(Category)[:5]:
        place = "sandbox" if category is Category.OFFLINE else "production"
        title = category.label
        await team.submit(category=category, environment=place, title=title)
        team.clock.move(minutes=1)
    await team.approve(team.bob, "MP-2")
    await team.send_all()


EMPTY = {
    "mine": "You have not submitted a request yet. /mp-requests new starts one.",
    "approvals": "Nothing is waiting for you.",
    "approvals zzz": "Remove a filter, or see what is waiting for you with /mp-requests approvals.",
    "list": "There are no requests for you to see yet.",
    "list zzz": "No request matches.",
}


async def test_empty_is_a_sentence_with_a_next_step(team_once: Team) -> None:
    for words, sentence in EMPTY.items():
        shown = await listed(team_once, team_once.bob, words)
        assert "no requests" in shown.splitlines()[0]
        assert sentence in shown


async def test_a_list_shows_the_facts_of_each_request_and_how_many(team: Team) -> None:
    await one_of_each(team)

    for person, words, heading in (
        (team.alice, "mine", "My Requests"),
        (team.bob, "approvals sort:-created", "My Approvals"),
        (team.ada, "list", "All requests"),
    ):
        shown = await listed(team, person, words)
        assert shown.startswith(f"{heading} · 5 requests, 4 Under Review")
        for fact in (
            "Mini Program Offline · 🧪 Sandbox",
            "MP-2 · ✅ Approved · Mini Program Offline · Padala Tracker · 3.6.3 · ",
            "created Nov 20, 2026",
            "completed Nov 20, 2026",
        ):
            assert fact in shown


async def test_my_approvals_open_at_what_waits_and_show_the_rest_on_request(
    team_once: Team,
) -> None:
    team = team_once
    await one_of_each(team)
    listed = (await team.bob.command("/mp-requests approvals")).message
    assert listed is not None
    assert team.words(listed).startswith("My Approvals · 4 are waiting for you")
    assert "MP-2" not in team.words(listed)
    await team.bob.click(listed, "list.menu", value="Show all")
    await team.send_all()
    assert team.words(listed).startswith("My Approvals · 5 requests, 4 Under Review")


async def test_a_row_leads_to_the_persons_own_card(team_once: Team) -> None:
    team = team_once
    request = await team.submit()
    cards = {person.id: team.card(person, request) for person in (team.bob, team.alice)}
    for person, words in ((team.bob, "approvals"), (team.alice, "mine"), (team.ada, "list")):
        shown = (await person.command(f"/mp-requests {words}")).message
        assert shown is not None
        head = next(b["text"]["text"] for b in shown.blocks if b.get("accessory"))
        title = "Release Bills Pay 3.2.4"
        if card := cards.get(person.id):  # ada has none of her own
            place = {"channel": card.channel, "message_ts": card.ts}
            title = f"<{(await team.bot.client.chat_getPermalink(**place))['permalink']}|{title}>"
        assert head.startswith(f"*{title}* · ")
    home = await at_home(team, team.bob)
    assert f"/archives/{team.bob.dm.id}/p" in str(home.blocks)


async def test_everybody_sees_only_what_they_may(team_once: Team) -> None:
    await one_of_each(team_once)

    assert "no requests" in await listed(team_once, team_once.mallory, "list")
    assert "no requests" in await listed(team_once, team_once.mallory, "list by:@alice")
    assert "5 requests" in await listed(team_once, team_once.alice, "list")
    assert "no requests" in await listed(team_once, team_once.bob, "mine")


NARROWED = {
    "status:approved": {"MP-2"},
    "Status: Approved, rejected": {"MP-2"},
    "status:“under review” env:prod category:launch,features": {"MP-3", "MP-4"},
    "env:sandbox": {"MP-2"},
    "ENVIRONMENT：sandbox": {"MP-2"},
    "category:optimization": {"MP-5"},
    "by:@alice padala": {"MP-2", "MP-5"},
    "by:@bob,@carol": set(),
    "“Padala Tracker” status:under_review": {"MP-5"},
    "PADALA": {"MP-2", "MP-5"},
    "217102009271": {"MP-1", "MP-3"},
    "mp-4": {"MP-4"},
}


async def test_words_narrow_a_list(team_once: Team) -> None:
    await one_of_each(team_once)

    for words, refs in NARROWED.items():
        shown = await listed(team_once, team_once.bob, f"list {words}")
        found = {f"MP-{number}" for number in range(1, 6) if f"MP-{number} " in shown}
        assert found == refs, words


SORTED = {
    "": ("MP-5", "MP-1"),
    "sort:created": ("MP-1", "MP-5"),
    "sort:-created": ("MP-5", "MP-1"),
    "sort:completed": ("MP-2", "MP-5"),
    "sort:-completed": ("MP-2", "MP-1"),
}


async def test_a_list_is_sorted_as_asked(team_once: Team) -> None:
    await one_of_each(team_once)

    for words, ends in SORTED.items():
        shown = await listed(team_once, team_once.ada, f"list {words}")
        refs = [line.split()[0] for line in shown.splitlines() if line.startswith("MP-")]
        assert (refs[0], refs[-1]) == ends, words


NOT_KNOWN = {
    "statsu:approved": "I don't know statsu:. Did you mean status:?",
    "status:aproved": "I don't know the status aproved. Did you mean approved?",
    "env:prodution": "I don't know the environment prodution. Did you mean production?",
    "sort:name": "I don't know the order name.",
    "by:alice": "I don't know who alice is. After by: type @ and pick the person",
    "@alice": "To filter by a person, write by: before the name.",
    "status:": "status: needs a value, for example status:approved.",
    "status:<!channel>": "I don't know the status <!channel>. Use under_review, approved",
}


async def test_a_word_that_is_not_known_names_the_nearest_right_one(team_once: Team) -> None:
    for words, answer in NOT_KNOWN.items():
        shown = await listed(team_once, team_once.bob, f"list {words}")
        assert shown.startswith(answer), words


async def test_pages_turn_in_place_and_before_any_card_is_sent(team: Team) -> None:
    for number in range(12):
        await team.store(external_id=f"number-{number}", title=f"Release {number}")
    shown = (await team.alice.command("/mp-requests mine")).message
    assert shown is not None
    assert "1 to 10" in team.words(shown)
    assert "[ Previous ]" not in team.words(shown)

    await team.alice.click(shown, "list.page.next")
    await team.bot.dispatcher.run_once()
    assert "11 to 12" in team.words(shown)
    assert "[ Next ]" not in team.words(shown)
    assert "Release 0 · " in team.words(shown)

    await team.alice.click(shown, "list.page.previous")
    await team.bot.dispatcher.run_once()
    assert "1 to 10" in team.words(shown)


async def test_a_page_keeps_the_words_it_was_asked_with(team_once: Team) -> None:
    await team_once.submit(category=Category.LAUNCH)
    for number in range(12):
        await team_once.store(external_id=f"number-{number}")
    typed = "/mp-requests list category:release bills by:@alice sort:created"
    shown = (await team_once.bob.command(typed)).message
    assert shown is not None

    await team_once.bob.click(shown, "list.page.next")
    await team_once.bot.dispatcher.run_once()

    words = team_once.words(shown)
    assert "bills category:release by:@Alice Santos sort:created" in words
    assert "11 to 12" in words


async def test_view_opens_the_details_from_a_list(team_once: Team) -> None:
    await team_once.submit()
    shown = (await team_once.bob.command("/mp-requests approvals")).message
    assert shown is not None

    answer = await team_once.bob.click(shown, "request.menu", value="View")

    assert answer.view is not None
    assert answer.view.title == "MP-1 · Bills Pay"
