"""The platform asks for a reviewer, answers for the submitter, and closes what is asked."""

import asyncio
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from store.audit.verify import check_one
from store.domain.api_key import Right
from tests.api.platform import Platform, at_the_door
from tests.harness_slack import Team

ALICE, BOB, ADA = (f"{name}@example.com" for name in ("alice", "bob", "ada"))
ASKED, SAID = "Which agreement covers this?", "The one of 3 May."


async def test_a_question_is_asked_and_answered_there_and_shown_here(
    team: Team, platform: Platform
) -> None:
    request = await team.submit()
    ask = {"question": ASKED, "on_behalf_of": BOB}
    first = await platform.says(request.ref, "question", **ask)
    assert await platform.says(request.ref, "question", **ask) != first
    await team.send_all()
    assert f"❓ Bob Reyes asked, Nov 20, 2026 at 2:14 AM:\n┃ {ASKED}" in team.copies(request)[0]
    assert "Bob Reyes has a question about" in team.last(team.alice)
    (question,) = first.json()["review"]["questions"]
    assert (question["number"], question["asked_by"], question["answer"]) == (1, BOB, None)

    say = {"number": 1, "answer": SAID, "on_behalf_of": ALICE}
    answers = await asyncio.gather(*(platform.says(request.ref, "answer", **say) for _ in range(2)))
    await team.send_all()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(
        f"Alice Santos answered, Nov 20, 2026 at 2:14 AM:\n┃ {SAID}" in copy
        for copy in team.copies(request)
    )
    assert sum("answered your question" in m.plain() for m in team.bob.sees()) == 1

    await platform.says(request.ref, "question", question="Who tests it?", on_behalf_of=BOB)
    drop = {"number": 2, "on_behalf_of": BOB}
    closed = [await platform.says(request.ref, "close-question", **drop) for _ in range(2)]
    assert [answer.status_code for answer in closed] == [200, 200]
    assert closed[0].json() == closed[1].json()
    assert closed[0].json()["review"]["questions"][1]["closed_by"] == BOB

    history = (await platform.review(request.ref))["history"][1:]
    assert [(each["kind"], each["on_behalf_of"]) for each in history] == [
        ("asked", BOB), ("answered", ALICE), ("asked", BOB), ("question_closed", BOB),
    ]  # fmt: skip
    assert {each["actor"] for each in history} == {platform.key.actor}
    described = (await platform.client.get("/openapi.json")).json()
    schema = {"$ref": "#/components/schemas/StagedRequest", "components": described["components"]}
    Draft202012Validator(schema).validate(closed[0].json())
    async with team.bot.db.snapshot() as session:
        checked = await check_one(session, request.id)
    assert checked
    assert checked.findings == ()


async def test_nothing_is_asked_or_answered_for_who_may_not(
    team_once: Team, platform_once: Platform
) -> None:
    request = await team_once.submit()
    says = platform_once.says
    await says(request.ref, "question", question=ASKED, on_behalf_of=BOB)
    drop = {"number": 1, "on_behalf_of": "carol@example.com"}
    for what, said, status in (
        ("question", {"question": ASKED, "on_behalf_of": ALICE}, 403),
        ("question", {"question": ASKED, "on_behalf_of": "mallory@example.com"}, 404),
        ("answer", {"number": 1, "answer": SAID, "on_behalf_of": BOB}, 403),
        ("answer", {"number": 2, "answer": SAID, "on_behalf_of": ALICE}, 409),
        ("close-question", drop, 403),
        ("close-question", drop | {"number": 7}, 409),
        ("answer", {"number": "1", "answer": "长" * 3001, "on_behalf_of": ALICE}, 422),
    ):
        answer = await says(request.ref, what, **said)
        assert (what, answer.status_code) == (what, status), answer.text
    assert {each["field"]: each["sentence"] for each in answer.json()["errors"]} == {
        "number": "This must be the number of a question, without quotes.",
        "answer": "This has 3,001 characters; at most 3,000 fit.",
    }
    (question,) = (await platform_once.review(request.ref))["questions"]
    assert (question["answer"], question["closed_at"]) == (None, None)


@pytest.mark.parametrize(
    ("right", "allowed"),
    [(Right.SUBMIT, {"answer"}), (Right.DECIDE, {"question", "close-question"}), (Right.READ, ())],
)
async def test_a_key_does_what_its_rights_name(
    team_once: Team, right: Right, allowed: set[str]
) -> None:
    await team_once.submit()
    said: dict[str, dict[str, Any]] = {
        "question": {"question": ASKED, "on_behalf_of": BOB},
        "close-question": {"number": 1, "on_behalf_of": BOB},
        "answer": {"number": 1, "answer": SAID, "on_behalf_of": ALICE},
    }
    async with at_the_door(team_once, rights=[right], name="narrow") as platform:
        for what, body in said.items():
            status = (await platform.says("MP-1", what, **body)).status_code
            assert (status != 403) is (what in allowed), what
