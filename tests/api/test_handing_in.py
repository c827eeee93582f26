"""Requests that come in by themselves: stored once, compared when they come again, never half."""

import json
from typing import Any

import pytest

from store.audit import verify
from store.engine.database import Database
from store.requests import read
from tests.api.platform import Platform, release
from tests.harness_slack import Team
from tests.harness_store import history


async def test_what_is_handed_in_asks_its_reviewers(team: Team, platform: Platform) -> None:
    answer = await platform.hands_in()
    await team.send_all()

    assert (answer.status_code, answer.json()["review"]["request"]) == (201, "MP-1")
    assert answer.headers["location"] == "/api/v1/requests/MP-1"
    assert "Alice Santos" in team.last(team.bob)
    assert "[ Approve ]" in team.last(team.bob)


async def test_the_history_names_the_key_and_for_whom(team: Team, platform: Platform) -> None:
    await platform.hands_in()
    (event,) = (await platform.review("MP-1"))["history"]
    assert (event["actor"], event["kind"]) == (platform.key.actor, "submitted")
    assert event["on_behalf_of"] == "alice@example.com"


async def test_the_same_again_is_the_same_request(platform: Platform) -> None:
    first = await platform.hands_in()
    again = await platform.hands_in(title="  Release   Bills Pay 3.2.4 ")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_what_the_api_gives_can_be_handed_in_again(platform: Platform) -> None:
    await platform.hands_in()
    given = (await platform.client.get("/requests/MP-1")).json()
    assert (await platform.client.post("/requests", json=given)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"title": "Other"}, ["title"]),
        ({"mini_program": {"id": "2171020092715498", "name": "Other"}}, ["mini_program.name"]),
        ({"submitted_by": "bob@example.com"}, ["submitted_by"]),
        ({"created_at": "2026-11-20T10:00:01+08:00"}, ["created_at"]),
        ({"environment": "sandbox", "version": "9"}, ["environment", "version"]),
    ],
)
async def test_what_is_otherwise_on_record_is_named(
    platform_once: Platform, changed: dict[str, Any], differs: list[str]
) -> None:
    await platform_once.hands_in()
    answer = await platform_once.hands_in(**changed)
    assert (answer.status_code, answer.json()["differs"]) == (409, differs)
    assert answer.json()["request"] == "MP-1"


async def test_details_are_compared_key_by_key(platform_once: Platform) -> None:
    details = release()["details"]
    await platform_once.hands_in()
    missing = {key: value for key, value in details.items() if key != "tagline"}
    answer = await platform_once.hands_in(details=missing | {"language": "en", "mood": "new"})
    assert answer.json()["differs"] == ["details.language", "details.mood", "details.tagline"]


async def test_a_time_that_is_left_out_is_not_compared(
    team_once: Team, platform_once: Platform
) -> None:
    first = await platform_once.hands_in(created_at=None)
    team_once.clock.move(hours=1)
    assert first.json()["created_at"] == "2026-11-20T02:14:00Z"
    assert (await platform_once.hands_in(created_at=None)).status_code == 200


async def test_every_wrong_field_is_named_in_the_words_of_the_import(
    platform_once: Platform,
) -> None:
    answer = await platform_once.hands_in(title="", category="nonsense", surplus=1)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = {each["field"]: each["sentence"] for each in answer.json()["errors"]}
    assert said["title"] == "This is required."
    assert said["category"].startswith("'nonsense' is not known; use mini_program_release")
    assert said["surplus"].startswith("This is no field of a request")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{nonsense", "This is not a JSON object in UTF-8"),
        (b'{"title": "\xff"}', "This is not a JSON object in UTF-8"),
        (b"[" * 100_000, "This is nested too deep"),
        (b'{"a": NaN}', "NaN is not JSON"),
    ],
)
async def test_what_is_no_json_is_told(platform_once: Platform, body: bytes, sentence: str) -> None:
    answer = await platform_once.client.post("/requests", content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:mp-approvals:not-json")
    assert sentence in answer.json()["detail"]


async def test_a_list_is_no_request(platform_once: Platform) -> None:
    answer = await platform_once.client.post("/requests", json=[release()])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "")


async def test_nobody_of_the_workspace_submits_nothing(platform_once: Platform) -> None:
    answer = await platform_once.hands_in(submitted_by="zoe@example.com")
    sentence = "nobody in the workspace is zoe@example.com"
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "submitted_by", "sentence": sentence}]


async def test_while_slack_is_away_the_platform_is_asked_to_come_again(
    team_once: Team, platform_once: Platform
) -> None:
    team_once.workspace.faults.add("users.lookupByEmail", "status", status=503)
    away = await platform_once.hands_in(submitted_by="mallory@example.com")
    back = await platform_once.hands_in(submitted_by="mallory@example.com")
    assert (away.status_code, away.headers["retry-after"], back.status_code) == (503, "5", 201)


async def test_nobody_who_could_decide_is_told(team_once: Team, platform_once: Platform) -> None:
    for group in team_once.workspace.usergroups.values():
        team_once.workspace.change_usergroup(group, members=[])
    await team_once.bot.jobs.refresh()
    answer = await platform_once.hands_in(submitted_by=team_once.ada.id)
    assert answer.status_code == 409
    assert "Ask an admin to set `reviewers`" in answer.json()["detail"]


async def many(platform: Platform, *lines: bytes) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/x-ndjson"}
    answer = await platform.client.post("/requests", content=b"\n".join(lines), headers=headers)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_many_are_answered_line_by_line(team: Team, platform: Platform) -> None:
    def line(**changes: Any) -> bytes:
        return json.dumps(release(**changes)).encode()

    await platform.hands_in(external_id="known")
    told = await many(
        platform,
        line(),
        b"",
        b"{nonsense",
        line(external_id="x", title=""),
        line(external_id="known"),
        line(external_id="known", title="Other"),
        line(external_id="last"),
    )
    assert [each["line"] for each in told] == [1, 3, 4, 5, 6, 7]
    assert [each["status"] for each in told] == [201, 400, 422, 200, 409, 201]
    assert told[0]["request"] == "MP-2"
    assert told[2]["problem"]["errors"] == [{"field": "title", "sentence": "This is required."}]
    assert told[4]["problem"]["differs"] == ["title"]


async def test_more_lines_than_are_taken_at_once_are_not_begun(platform_once: Platform) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    body = (json.dumps(release()).encode() + b"\n") * 1001
    answer = await platform_once.client.post("/requests", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:mp-approvals:too-many-lines")
    assert (await platform_once.client.get("/requests")).json()["total"] == 0


async def test_more_than_one_portion_keeps_its_order(platform_once: Platform) -> None:
    lines = [json.dumps(release(external_id=f"many-{n}")).encode() for n in range(101)]
    told = await many(platform_once, *lines)
    assert [each["external_id"] for each in told] == [f"many-{n}" for n in range(101)]
    assert {each["status"] for each in told} == {201}


async def test_acts_of_a_key_are_in_the_sealed_history(team: Team, platform: Platform) -> None:
    answer = await platform.hands_in()
    db: Database = team.bot.db
    number = int(answer.json()["review"]["request"][3:])
    await platform.decides("MP-1", "approve")
    async with db.snapshot() as session:
        checked = await verify.check_one(session, number)
        assert checked
        assert not checked.findings
        request = await read.one(session, number)
    assert [actor for _, _, actor in await history(db, request)] == [platform.key.actor] * 2
