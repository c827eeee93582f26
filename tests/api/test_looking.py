"""What the API shows: one request in full, and the lists of Slack page by page."""

from datetime import UTC, datetime
from itertools import chain
from typing import Any

from bot.interchange import known_as
from store.domain.lists.query import ListQuery, Scope
from store.lists import listing
from store.requests.ask import Answer, NewQuestion, answer, ask
from tests.api.platform import Platform
from tests.harness_slack import Team


async def test_one_request_in_full(team: Team, platform: Platform) -> None:
    request = await team.submit()
    await team.reject(team.bob, team.card(team.bob, request), "Not yet.", "Illegal content")
    await team.send_all()
    review = await platform.review(request.ref)

    assert review["status"] == "rejected"
    assert review["decided_by"] == "bob@example.com"
    assert [vote["reason"] for vote in review["votes"]] == ["Not yet."]
    assert [event["kind"] for event in review["history"]] == ["submitted", "rejected"]
    sent = {(each["message"], each["to"]) for each in review["sent"] if each["state"] == "sent"}
    assert {("card", "bob@example.com"), ("outcome", "alice@example.com")} <= sent


async def test_what_was_asked_and_answered(team: Team, platform: Platform) -> None:
    request = await team.submit()
    db, policy = team.bot.db, team.bot.policy
    await ask(db, NewQuestion(request.id, team.bob.id, "Who tests it?", team.clock()), policy)
    await ask(db, NewQuestion(request.id, team.carol.id, "Since when?", team.clock()), policy)
    await answer(db, Answer(request.id, 1, team.alice.id, "We do.", team.clock()), policy)
    review = await platform.review(request.ref)

    assert review["questions_open"] == 1
    first, second = review["questions"]
    assert first == {
        "number": 1,
        "asked_by": "bob@example.com",
        "asked_at": "2026-11-20T02:14:00Z",
        "question": "Who tests it?",
        "answer": "We do.",
        "answered_at": "2026-11-20T02:14:00Z",
        "closed_by": None,
        "closed_at": None,
    }
    assert (second["asked_by"], second["answer"]) == ("carol@example.com", None)
    assert [event["kind"] for event in review["history"]] == [
        "submitted", "asked", "asked", "answered",
    ]  # fmt: skip


async def test_a_look_at_the_head_and_at_what_has_not_changed(
    team_once: Team, platform_once: Platform
) -> None:
    request, client = await team_once.store(), platform_once.client
    path = f"/requests/{request.ref}"
    head = await client.head(path)
    seen = await client.get(path, headers={"If-None-Match": head.headers["etag"]})
    await platform_once.decides(request.ref, "approve")
    changed = await client.get(path, headers={"If-None-Match": head.headers["etag"]})

    assert (head.status_code, head.headers["etag"], head.content) == (200, 'W/"1"', b"")
    assert (seen.status_code, seen.content) == (304, b"")
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    assert (await client.head("/requests")).status_code == 200
    assert (await client.head("/requests/none")).status_code == 404


async def pages(platform: Platform, **asked: Any) -> list[list[str]]:
    found, cursor = [], None
    while True:
        params = asked | ({"cursor": cursor} if cursor else {})
        page = (await platform.client.get("/requests", params=params)).json()
        found.append([each["review"]["request"] for each in page["requests"]])
        if not (cursor := page["next"]):
            return found


async def test_pages_are_those_of_slack(team: Team, platform: Platform) -> None:
    for number in range(23):
        await team.store(external_id=f"page-{number}")
        team.clock.move(minutes=1)
    async with team.bot.db.snapshot() as session:
        query = ListQuery(Scope.ALL)
        slack = await listing.page(session, query, asker=team.ada.id, policy=team.bot.policy)
    found = await pages(platform)
    assert found[0] == [request.ref for request in slack.page.requests]
    assert [len(page) for page in found] == [10, 10, 3]
    assert list(chain(*found)) == [f"MP-{number}" for number in range(23, 0, -1)]
    assert await pages(platform, sort="created") == [
        [f"MP-{number}" for number in range(1, 24)][at : at + 10] for at in (0, 10, 20)
    ]


async def test_the_filters_and_words_of_the_lists(team: Team, platform: Platform) -> None:
    first = await team.store()
    second = await team.store(external_id="2", environment="sandbox")
    third = await team.submit(team.mallory, external_id="3")
    await platform.decides(first.ref, "approve")

    async def found(**asked: Any) -> list[str]:
        return sorted(chain(*await pages(platform, **asked)))

    assert await found(status="approved,rejected") == [first.ref]
    assert await found(status=["approved", "review"], env="prod") == [first.ref, third.ref]
    assert await found(env="sandbox") == [second.ref]
    assert await found(by="mallory@example.com") == [third.ref]
    assert await found(by=team.alice.id) == [first.ref, second.ref]
    assert await found(by="zoe@example.com") == []
    assert await found(q=f"{second.ref}") == [second.ref]
    assert await found(q="bills", category="release") == [first.ref, second.ref, third.ref]
    assert await found(category="offline") == []
    assert await found(created="2026-11") == [first.ref, second.ref, third.ref]
    assert await found(created=">2026-11-20") == []
    assert await found(completed="2026-11-20..2026-11-20") == [first.ref]


async def test_a_list_names_people_and_counts(team_once: Team, platform_once: Platform) -> None:
    team, request = team_once, await team_once.submit()
    await team.bob.click(team.card(team.bob, request), "request.approve")
    page = (await platform_once.client.get("/requests")).json()
    (found,) = page["requests"]
    assert (page["total"], page["more_than_total"], page["previous"]) == (1, False, None)
    assert found["submitted_by"] == "alice@example.com"
    assert found["review"]["decided_by"] == "bob@example.com"


async def test_what_a_list_does_not_know_is_told(platform_once: Platform) -> None:
    asked = {
        "status": "aproved",
        "sort": "name",
        "cursor": "1.2.3",
        "created": "last week",
        "q": "x" * 101,
        "by": ",".join(f"U{n}" for n in range(21)),
    }
    answer = await platform_once.client.get("/requests", params=asked)
    said = {each["field"]: each["sentence"] for each in answer.json()["errors"]}
    assert (answer.status_code, set(said)) == (422, set(asked))
    assert "Did you mean `approved`?" in said["status"]
    slip = await platform_once.client.get("/requests", params={"stauts": "approved"})
    assert slip.status_code == 422
    assert slip.json()["errors"][0]["sentence"].startswith("A list knows q, status, env")


async def test_a_text_that_no_database_holds_finds_what_it_finds_without(
    team: Team, platform: Platform
) -> None:
    await team.store(external_id="apply-1")
    for nul in ("/requests?external_id=apply-1%00", "/requests?q=bills%00"):
        assert len((await platform.client.get(nul)).json()["requests"]) == 1
    assert (await platform.client.get("/requests/apply-1%00")).status_code == 200
    assert (await platform.client.get("/requests?by=alice@example.com%00")).status_code == 200


def test_who_has_no_address_is_named_by_id() -> None:
    assert (known_as("U1", {}), known_as(None, {})) == ("U1", None)


async def test_what_is_due_and_what_is_overdue(team: Team, platform: Platform) -> None:
    for number in range(3):
        created = f"2026-11-{20 - number}T02:00:00Z"
        await team.store(external_id=f"due-{number}", created_at=created)
    done = await team.store(external_id="done")
    await platform.decides(done.ref, "approve")
    team.clock.set(datetime(2026, 11, 20, 3, tzinfo=UTC))

    assert await pages(platform, sort="due") == [["MP-3", "MP-2", "MP-1"]]
    assert await pages(platform, due="overdue", sort="-due") == [["MP-2", "MP-3"]]
    refused = await platform.client.get("/requests", params={"sort": "due", "status": "approved"})
    (wrong,) = refused.json()["errors"]
    assert (refused.status_code, wrong["field"]) == (422, "status")
    assert wrong["sentence"].startswith("Only what is Under Review can be due.")
    (shown, *_) = (await platform.client.get("/requests", params={"due": "overdue"})).json()[
        "requests"
    ]
    assert shown["review"]["due_at"] == "2026-11-20T02:00:00Z"
