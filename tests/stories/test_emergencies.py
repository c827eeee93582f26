"""An emergency: one person approves alone, everybody hears it, and another admin looks at it."""

from store.domain.policy import Policy
from tests.harness_slack import Team

ALONE = "🚨 Approved in an emergency by Bob Reyes alone, past Product and Compliance"
WHY = "Payments are down for everybody."
INCIDENT = "https://incidents.example/7"


def in_stages(team: Team) -> None:
    """Carol decides, then Mallory; Bob is named for emergencies, Ada administers."""
    team.bot.in_force.policy = Policy.parse(f"""
        [workspace]
        admins = ["{team.ada.id}"]
        emergency = ["{team.bob.id}"]
        timezone = "Asia/Manila"
        [[rules]]
        name = "Two parties"
        stages = [
          {{name = "Product", reviewers = ["{team.carol.id}"]}},
          {{name = "Compliance", reviewers = ["{team.mallory.id}"]}},
        ]
    """)


async def test_one_approves_alone_and_everybody_hears_it(team: Team) -> None:
    in_stages(team)
    request = await team.submit()
    carols = team.card(team.carol, request)

    form = (await team.bob.command("/mp-requests emergency MP-1")).view
    assert form is not None
    assert "Stage 1 of 2 · Product 0 of 1 · Compliance 0 of 1" in team.words(form)
    wrong = await team.bob.submit(form, {"number": "MP-2", "reason": WHY, "incident": "incident 7"})
    assert wrong.errors == {
        "number": "Type MP-1, the number of this request.",
        "incident": "Paste the address of the incident; it begins with https://.",
    }
    done = await team.bob.submit(form, {"number": "mp-1", "reason": WHY, "incident": INCIDENT})
    assert done.view is not None
    assert "This request is approved." in team.words(done.view)
    assert "Another admin reviews it afterwards." in team.words(done.view)
    await team.send_all()

    assert "🚨 This request is approved." in team.words(carols)
    assert ALONE in team.words(carols)
    assert WHY in team.words(carols)
    assert "[ Approve ]" not in team.words(carols)
    for person in (team.carol, team.mallory, team.alice, team.ada):
        assert ALONE in team.last(person), person.handle
    details = (await team.ada.click(team.ada.sees()[-1], "request.details")).view
    assert details is not None
    shown = team.words(details)
    assert "Product (passed over)" in shown
    assert "🚨 Approved in an emergency" in shown
    why = team.said(await team.alice.command("/mp-requests why MP-1"))
    assert ALONE in why
    assert "🚨 approved in an emergency" in team.said(await team.ada.command("/mp-requests list"))


async def test_another_admin_finds_it_on_home_and_in_the_digest_and_marks_it(
    team_once: Team,
) -> None:
    team = team_once
    in_stages(team)
    card = team.card(team.carol, await team.submit())
    form = (await team.bob.command("/mp-requests emergency MP-1")).view
    assert form is not None
    await team.bob.submit(form, {"number": "1", "reason": WHY, "incident": INCIDENT})
    await team.send_all()
    told, passed_over = team.ada.sees()[-1], team.mallory.sees()[-1]
    await team.ada.open_home()
    await team.send_all()
    waits = "Approved in an emergency, not yet reviewed\n🚨 Release Bills Pay 3.2.4 · Production"
    assert waits in team.words(team.ada.home)

    team.clock.move(days=3)
    await team.bot.jobs.digest()
    await team.send_all()
    said = team.last(team.ada)
    assert waits in said
    assert "🚨 Release Bills Pay 3.2.4 · Production · by Bob Reyes" in said
    assert "[ Details ]" in said
    assert not team.bob.sees(), "it is his own"

    await team.ada.open_home()
    await team.ada.click(told, "emergency.reviewed")
    await team.send_all()
    for shown in (card, told, passed_over):
        assert " · reviewed by Ada Cruz Nov 23, 2026" in team.words(shown)
    assert "[ Mark as reviewed ]" not in team.words(told)
    assert "in an emergency" not in team.words(team.ada.home)
    team.clock.move(days=1)
    assert await team.bot.jobs.digest() == 0


async def test_the_only_admin_is_told_at_once_who_reviews_it(team_once: Team) -> None:
    team = team_once
    alone = {"emergency": (team.ada.id,)}
    team.bot.in_force.policy = team.bot.in_force.policy.model_copy(update=alone)
    await team.submit()
    form = (await team.ada.command("/mp-requests emergency MP-1")).view
    assert form is not None
    then = "There is no other admin, so Bob Reyes or Carol Tan can review it afterwards."
    assert then in team.words(form)
    done = await team.ada.submit(form, {"number": "1", "reason": WHY, "incident": INCIDENT})
    assert done.view is not None
    assert then in team.words(done.view)
    await team.send_all()
    await team.bob.click(team.bob.sees()[-1], "emergency.reviewed")
    await team.send_all()
    assert "reviewed by Bob Reyes" in team.last(team.carol)


async def test_nobody_is_named_by_default(team_once: Team) -> None:
    await team_once.submit()
    for person in (team_once.ada, team_once.bob):
        said = team_once.said(await person.command("/mp-requests emergency MP-1"))
        assert said.startswith("You cannot approve MP-1 alone: the policy does not name you")
    said = team_once.said(await team_once.mallory.command("/mp-requests emergency MP-1"))
    assert said.startswith("There is no request MP-1")
