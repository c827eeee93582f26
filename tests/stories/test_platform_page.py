"""*Open on the platform*: from a request to the platform's own page of it, where that is known."""

from store.domain.policy import Policy
from tests.harness_slack import Team

URL = "https://platform.example/approvals/{external_id}"


def with_pages(team: Team) -> None:
    """The policy says from now on where the platform shows a request."""
    team.bot.in_force.policy = Policy.model_copy(team.bot.policy, update={"platform_url": URL})


async def test_card_details_and_what_the_submitter_hears_lead_to_the_platform(team: Team) -> None:
    with_pages(team)
    request = await team.submit(external_id="apply 7")
    card = team.card(team.bob, request)
    there = await team.bob.click(card, "request.menu", value="Open on the platform")
    assert there.acked
    opened = await team.bob.click(card, "request.menu", value="Details")
    assert opened.view is not None
    assert "https://platform.example/approvals/apply%207" in str(opened.view.payload)
    assert (await team.bob.click(opened.view, "request.menu", value="Open on the platform")).acked

    await team.approve(team.bob, request.ref)
    await team.send_all()
    told = team.alice.message(containing="This request is approved.")
    assert "[ Open on the platform ]" in team.words(told)
    assert (await team.alice.click(told, "request.platform")).acked


async def test_what_the_platform_does_not_know_has_no_such_button(team_once: Team) -> None:
    with_pages(team_once)
    request = await team_once.submit(external_id="slack-123")
    card = team_once.card(team_once.bob, request)
    assert "Open on the platform" not in str(card.blocks)
