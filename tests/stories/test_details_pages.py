"""A request longer than a window: its parts, and that the acts are beside every one of them."""

from store.domain.request import Category
from tests.cast import sample_of
from tests.harness_slack import Team

FEATURES = [
    {"name": f"Feature {n:02}", "version": "1.0", "description": "words " * 700} for n in range(40)
]
LONG = {"details": {**sample_of(Category.LAUNCH)["details"], "features": FEATURES}}


async def test_a_long_request_is_read_part_by_part_and_decided_anywhere(team: Team) -> None:
    request = await team.submit(category=Category.LAUNCH, **LONG)
    shown = (
        await team.bob.click(team.card(team.bob, request), "request.menu", value="Details")
    ).view
    assert shown is not None
    read = [team.words(shown.payload)]

    while "[ Next part ]" in read[-1]:
        assert "▸[ Approve ]" in read[-1]
        await team.bob.click(shown, "details.part.next")
        read.append(team.words(shown.payload))

    assert len(read) > 1
    for feature in FEATURES:
        assert sum(str(feature["name"]) in part for part in read) == 1
    await team.bob.click(shown, "request.approve")
    assert "This request is approved." in team.words(shown.payload)


async def test_previous_leads_back(team_once: Team) -> None:
    request = await team_once.submit(category=Category.LAUNCH, **LONG)
    shown = (await team_once.alice.command(f"/mp-requests show {request.ref}")).view
    assert shown is not None
    first = team_once.words(shown.payload)

    await team_once.alice.click(shown, "details.part.next")
    assert "Part 2 of " in team_once.words(shown.payload)
    await team_once.alice.click(shown, "details.part.previous")

    assert team_once.words(shown.payload) == first


async def test_a_part_shows_the_request_as_it_is_now(team_once: Team) -> None:
    request = await team_once.submit(category=Category.LAUNCH, **LONG)
    shown = (await team_once.bob.command(f"/mp-requests show {request.ref}")).view
    assert shown is not None
    await team_once.approve(team_once.carol, f"{request.ref}")

    await team_once.bob.click(shown, "details.part.next")

    assert "This request is approved." in team_once.words(shown.payload)
    assert "[ Approve ]" not in team_once.words(shown.payload)


async def test_a_logo_slack_cannot_fetch_costs_only_the_logo(team_once: Team) -> None:
    details = {**sample_of(Category.RELEASE)["details"], "logo": "https://cdn.example.com/no.png"}
    request = await team_once.submit(details=details)
    team_once.workspace.faults.add("views.open", "status", status=200, error="invalid_arguments")

    shown = (await team_once.bob.command(f"/mp-requests show {request.ref}")).view

    assert shown is not None
    assert "cdn.example.com" not in str([b.get("accessory") for b in shown.blocks])
    assert "[ Approve ]" in team_once.words(shown.payload)
