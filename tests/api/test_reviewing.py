"""Acts of a review by the API, for somebody: the rules of Slack, and the history names the key."""

from typing import Any

from tests.api.platform import Platform
from tests.harness_slack import Team

INCIDENT = "https://incidents.example/7"
WHY = {"reason": "Payments are down for everybody.", "incident": INCIDENT}
BOB, CAROL, ADA = ({"on_behalf_of": f"{name}@example.com"} for name in ("bob", "carol", "ada"))


async def acted(platform: Platform, ref: str) -> tuple[str, str, str | None, str | None]:
    """The last event: of which kind, by whom, for whom, and where it comes from."""
    event: dict[str, Any] = (await platform.review(ref))["history"][-1]
    return event["kind"], event["actor"], event["on_behalf_of"], event["origin"]


async def test_somebody_is_on_it_and_lets_go(team: Team, platform: Platform) -> None:
    request = await team.submit()
    for _ in range(2):
        answer = await platform.says(request.ref, "testing", testing=True, **BOB)
        assert (answer.status_code, answer.json()["review"]["tester"]) == (200, "bob@example.com")
    key = platform.key.actor
    assert await acted(platform, request.ref) == ("testing", key, "bob@example.com", None)
    await team.send_all()
    assert "Bob Reyes is testing" in team.words(team.card(team.carol, request))

    refused = await platform.says(request.ref, "testing", testing=True, **CAROL)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "tested")
    for _ in range(2):
        answer = await platform.says(request.ref, "testing", testing=False, **BOB)
        assert (answer.status_code, answer.json()["review"]["tester"]) == (200, None)
    assert len((await platform.review(request.ref))["history"]) == 3


async def test_a_request_is_handed_over(team: Team, platform: Platform) -> None:
    request = await team.submit()
    to = {"to": "mallory@example.com"}
    refused = await platform.says(request.ref, "hand-over", **to, **BOB)
    assert refused.status_code == 409
    assert "Mallory" in refused.json()["detail"]
    assert "<" not in refused.json()["detail"]
    for _ in range(2):
        assert (await platform.says(request.ref, "hand-over", **to, **ADA)).status_code == 200
    done = ("handed_over", platform.key.actor, "ada@example.com", None)
    assert await acted(platform, request.ref) == done
    await team.send_all()
    assert "[ Approve ]" in team.last(team.mallory)
    (stage,) = (await platform.review(request.ref))["stages"]
    assert [(e["by"], e["as_guest"]) for e in stage["handed"]] == [("ada@example.com", True)]


async def test_one_approves_alone_in_an_emergency(team: Team, platform: Platform) -> None:
    team.bot.in_force.policy = team.bot.policy.model_copy(update={"emergency": (team.carol.id,)})
    request = await team.submit()
    said = {"number": request.ref, **WHY, **CAROL}
    for wrong, field in (
        ({"number": "MP-2"}, "number"),
        ({"incident": "incident 7"}, "incident"),
        ({"reason": "Down."}, "reason"),
    ):
        answer = await platform.says(request.ref, "emergency", **(said | wrong))
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    refused = await platform.says(request.ref, "emergency", **(said | BOB))
    assert refused.status_code == 403
    for _ in range(2):
        answer = await platform.says(request.ref, "emergency", **said)
        assert answer.status_code == 200
        review = answer.json()["review"]
        assert (review["decided_by"], review["incident"]) == ("carol@example.com", INCIDENT)
    done = ("approved", platform.key.actor, "carol@example.com", "emergency")
    assert await acted(platform, request.ref) == done
    await team.send_all()
    assert "Approved in an emergency by Carol Tan alone" in team.last(team.bob)
