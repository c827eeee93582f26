"""A review in two stages: who gets a card when, what each party sees, and how it ends."""

from bot.sandbox.actions.people import Person
from store.domain.policy import Policy
from store.domain.request import Request
from tests.harness_slack import Team

STANDS = "Stage 2 of 2 · Product ✓ Bob Reyes · Compliance 0 of 1"


def by_two_parties(team: Team) -> None:
    """Bob decides for Product, then Carol for Compliance; neither is the workspace's reviewer."""
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        admins = ["{team.ada.id}"]
        timezone = "Asia/Manila"
        [[rules]]
        name = "Two parties"
        channel = "{team.reviews.id}"
        warning = "Check the merchant agreement first."
        stages = [
          {{name = "Product", reviewers = ["{team.bob.id}"]}},
          {{name = "Compliance", reviewers = ["{team.carol.id}"]}},
        ]
    """)


def has_card(team: Team, person: Person, request: Request) -> bool:
    return any(request.ref in message.plain() for message in person.sees())


async def test_each_party_decides_in_its_turn(team: Team) -> None:
    by_two_parties(team)
    request = await team.submit()
    assert has_card(team, team.bob, request)
    assert not has_card(team, team.carol, request)
    card = team.card(team.bob, request)
    assert "⚠️ Check the merchant agreement first." in team.words(card)
    assert "Stage 1 of 2 · Product 0 of 1 · Compliance 0 of 1" in team.words(card)

    await team.bob.click(card, "request.approve")
    await team.send_all()
    for person, where in ((team.bob, None), (team.alice, None), (team.ada, team.reviews)):
        assert STANDS in team.words(team.card(person, request, where))
    assert "[ Approve ]" not in team.words(team.card(team.bob, request))
    hers = team.card(team.carol, request)
    assert "[ Approve ]" in team.words(hers)

    await team.bob.click(team.card(team.ada, request, team.reviews), "request.approve")
    await team.send_all()
    assert "MP-1 has passed your stage already. “Compliance” is waiting for Carol Tan." in (
        team.last(team.bob, team.reviews)
    )
    assert STANDS in team.said(await team.alice.command("/mp-requests why MP-1"))
    assert "MP-1" in team.said(await team.carol.command("/mp-requests list stage:compliance"))

    await team.carol.click(hers, "request.approve")
    await team.send_all()
    assert "This request is approved." in team.words(team.card(team.bob, request))
    assert "This request is approved." in team.last(team.alice)


async def test_a_typed_vote_that_ends_nothing_says_so(team_once: Team) -> None:
    by_two_parties(team_once)
    await team_once.submit()
    asked = await team_once.bob.command("/mp-requests approve MP-1")
    assert asked.view is not None
    done = await team_once.bob.submit(asked.view, {})
    said = team_once.words(done.view)
    assert "✓ Your approval of" in said
    assert STANDS in said


async def test_one_party_does_not_read_the_other(team_once: Team) -> None:
    by_two_parties(team_once)
    (rule,) = team_once.bot.policy.rules
    bobs_alone = rule.model_copy(update={"stages": rule.stages[:1]})
    policy = team_once.bot.policy.model_copy(update={"rules": (bobs_alone,)})
    team_once.bot.in_force.policy = policy
    await team_once.submit()
    for word in ("show", "why"):
        answer = await team_once.carol.command(f"/mp-requests {word} MP-1")
        assert "There is no request MP-1 that you can open." in team_once.said(answer)
    assert "MP-1" not in team_once.said(await team_once.carol.command("/mp-requests list"))
    assert "MP-1" in team_once.said(await team_once.bob.command("/mp-requests list"))
