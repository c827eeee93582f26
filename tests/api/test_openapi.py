"""What the API says of itself is so: every path, body, answer and example; fuzzed when slow."""

import sys
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from bot.api.openapi import EXAMPLE
from bot.sandbox.workspace import Workspace
from tests.api.platform import Platform
from tests.bot.installation import installation
from tests.harness_slack import Team

ALLOWED = "positive_data_acceptance"
"""Not checked: that what fits the schema is taken. People and targets are no part of it."""
PATHS = {
    "/requests": {"get", "post"},
    "/requests/{ref}": {"get"},
    "/requests/{ref}/withdraw": {"post"},
    "/requests/{ref}/release-stage": {"post"},
    "/requests/{ref}/decision": {"post"},
    "/requests/{ref}/question": {"post"},
    "/requests/{ref}/answer": {"post"},
    "/requests/{ref}/close-question": {"post"},
    "/requests/{ref}/testing": {"post"},
    "/requests/{ref}/hand-over": {"post"},
    "/requests/{ref}/emergency": {"post"},
}


async def described(platform: Platform) -> dict[str, Any]:
    answer = await platform.client.get("/openapi.json")
    assert answer.status_code == HTTPStatus.OK
    found: dict[str, Any] = answer.json()
    return found


async def test_everything_is_described(platform_once: Platform) -> None:
    found = await described(platform_once)
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": "/api/v1"}]
    assert {path: set(methods) for path, methods in found["paths"].items()} == PATHS
    assert found["security"] == [{"key": []}]


async def test_every_reference_is_there(platform_once: Platform) -> None:
    found = await described(platform_once)

    def refs(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if "$ref" in value else set()
            return own.union(*map(refs, value.values()))
        return set().union(*map(refs, value)) if isinstance(value, list) else set()

    schemas = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert refs(found) <= schemas


async def test_every_example_is_accepted(team_once: Team, platform_once: Platform) -> None:
    found = await described(platform_once)
    team_once.clock.move(hours=1)  # the decision of the example was made by then
    created = await platform_once.client.post("/requests", json=EXAMPLE)
    assert created.status_code == HTTPStatus.CREATED
    refused = {HTTPStatus.CONFLICT, HTTPStatus.FORBIDDEN}
    before = ("question", "answer", "close-question", "testing", "hand-over", "emergency")
    for what in (*before, "decision", "withdraw", "release-stage"):
        body = found["paths"][f"/requests/{{ref}}/{what}"]["post"]["requestBody"]["content"]
        example = body["application/json"]["example"]
        answer = await platform_once.says("MP-1", what, **example)
        assert answer.status_code in {HTTPStatus.OK, *refused}, answer.text


async def test_answers_are_as_described(team_once: Team, platform_once: Platform) -> None:
    found = await described(platform_once)
    request = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    await team_once.send_all()
    full, page = f"/requests/{request.ref}", "/requests"
    for path, name in ((full, "FullRequest"), (page, "Page")):
        schema = {"$ref": f"#/components/schemas/{name}", "components": found["components"]}
        answer = await platform_once.client.get(path)
        Draft202012Validator(schema).validate(answer.json())
    refused = await platform_once.hands_in(title="")
    schema = {"$ref": "#/components/schemas/ProblemObject", "components": found["components"]}
    Draft202012Validator(schema).validate(refused.json())


@pytest.mark.slow
async def test_whatever_is_asked_the_answer_is_as_described(
    database_url: str, tmp_path: Path
) -> None:
    """Fuzzed by schemathesis: bodies, paths, queries and headers, right and wrong ones."""
    async with Workspace() as workspace:
        installed = installation(workspace, tmp_path, database_url)
        installed.environment["API_REQUESTS_PER_SECOND"] = "10000"
        made = await installed.types("keys", "create", "fuzz", "--may", "submit,read,decide")
        assert made.code == 0
        key = made.words.splitlines()[0]
        async with installed.running() as bot:
            process = await create_subprocess_exec(
                *(Path(sys.executable).with_name("schemathesis"), "run"),
                f"{bot.address}/api/v1/openapi.json",
                *("--header", f"Authorization: Bearer {key}", "--max-examples", "20"),
                *("--seed", "1", "--no-color", "--exclude-checks", ALLOWED),
                cwd=tmp_path, stdout=PIPE, stderr=STDOUT,
            )  # fmt: skip
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
