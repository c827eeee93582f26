"""`/metrics`: each figure is moved by what it counts, and names nobody."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from bot import http
from bot.observe import observer
from tests.bot.sending import approve
from tests.cast import NAMES
from tests.clock import MovedClock
from tests.harness_slack import Team, team_at_slack
from tests.webhooks.receiver import add, receiving

Labels = Mapping[str, str]


async def asked(team: Team, *names: str, **client: object) -> str:
    """What a scrape of METRICS_PORT is answered."""
    transport = httpx.ASGITransport(http.build_metrics(team.bot))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as prometheus:
        answer = await prometheus.get("/metrics", params={"name[]": list(names)})
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


async def figure(team: Team, name: str, **labels: str) -> float | None:
    """The value of a figure without its prefix; None where there is none."""
    for family in text_string_to_metric_families(await asked(team)):
        for sample in family.samples:
            if (sample.name, sample.labels) == (f"mp_approvals_{name}", labels):
                return sample.value
    return None


async def test_a_click_is_counted_by_its_outcome_and_timed_to_its_commit(team: Team) -> None:
    request = await team.submit()
    assert await figure(team, "clicks_total", outcome="done") == 0
    await team.bob.click(team.card(team.bob, request), "request.approve")
    assert await figure(team, "clicks_total", outcome="done") == 1
    assert await figure(team, "click_commit_seconds_count") == 1
    assert 0 < (await figure(team, "click_commit_seconds_sum") or 0) < 60
    card = team.card(team.mallory, request, team.reviews)
    await team.mallory.click(card, "request.approve")
    assert await figure(team, "clicks_total", outcome="refused") == 1


async def test_a_click_that_fails_is_counted_as_one(team_once: Team) -> None:
    request = await team_once.submit()
    async with team_once.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE vote RENAME TO lost"))
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    assert await figure(team_once, "clicks_total", outcome="failed") == 1


async def test_messages_are_counted_by_kind_and_outcome(team_once: Team) -> None:
    team = team_once
    team.workspace.faults.add("chat.postMessage", "status", status=200, error="channel_not_found")
    request = await team.submit()
    assert await figure(team, "messages_total", kind="card", outcome="sent") == 3
    assert await figure(team, "messages_total", kind="card", outcome="given_up") == 1
    await approve(team, request.id)
    await team.send_all()
    assert await figure(team, "messages_total", kind="outcome", outcome="sent") == 1


async def test_what_slack_asks_to_wait_is_counted_with_its_seconds(team_once: Team) -> None:
    team_once.workspace.faults.add("chat.postMessage", "status", status=429, retry_after=7)
    await team_once.submit()
    assert await figure(team_once, "slack_waits_total", method="post") == 1
    assert await figure(team_once, "slack_wait_seconds_total", method="post") == 7
    assert await figure(team_once, "messages_total", kind="card", outcome="again") == 1


async def test_the_age_of_the_oldest_due_message(team: Team) -> None:
    assert await figure(team, "oldest_due_message_seconds") == 0
    await team.store()
    team.clock.move(seconds=90)
    assert await figure(team, "oldest_due_message_seconds") == 90


async def test_requests_that_wait_and_those_that_wait_long(team: Team) -> None:
    first, _ = await team.store(external_id="1"), await team.store(external_id="2")
    assert await figure(team, "requests_open") == 2
    assert await figure(team, "requests_overdue") == 0
    team.clock.move(days=7)
    await approve(team, first.id)
    assert await figure(team, "requests_open") == 1
    assert await figure(team, "requests_overdue") == 1


async def test_whether_slack_is_connected(team_once: Team) -> None:
    assert await figure(team_once, "socket_connected") == 1
    assert await figure(team_once, "slack_heard_seconds") is not None
    team_once.bot.heard.connections.clear()
    assert await figure(team_once, "socket_connected") == 0


async def test_a_refused_signature_is_counted(
    sqlite_url: str, clock: MovedClock, tmp_path: Path
) -> None:
    async with team_at_slack(sqlite_url, clock, tmp_path, mode="http") as team:
        assert await figure(team, "refused_signatures_total") == 0
        async with httpx.AsyncClient() as anybody:
            answer = await anybody.post(team.workspace.request_url or "", content=b"{}")
        assert answer.status_code == 401
        assert await figure(team, "refused_signatures_total") == 1
        assert await figure(team, "socket_connected") is None


async def test_waits_for_the_database_are_measured(team: Team) -> None:
    before = await figure(team, "database_wait_seconds_count", access="write") or 0
    await team.store()
    assert (await figure(team, "database_wait_seconds_count", access="write") or 0) > before


async def test_webhooks_are_counted_by_outcome(team_once: Team) -> None:
    async with receiving() as receiver:
        await add(team_once.bot.db, team_once, receiver)
        await team_once.store()
        await team_once.bot.webhook_loop.send_all()
        assert await figure(team_once, "webhooks_total", outcome="taken") == 1
    await team_once.store(external_id="2")  # and now nobody listens
    await team_once.bot.webhook_loop.send_all()
    assert await figure(team_once, "webhooks_total", outcome="again") == 1
    team_once.clock.move(days=4)
    await team_once.bot.webhook_loop.send_all()
    assert await figure(team_once, "webhooks_total", outcome="given_up") == 1


async def test_the_lag_of_the_loop_is_measured(
    team_once: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "LAG_SECONDS", 0.001)
    looking = asyncio.create_task(team_once.bot.observer.run())
    while not await figure(team_once, "loop_lag_seconds_count"):
        await asyncio.wait([looking], timeout=0.001)
    looking.cancel()


async def test_no_label_names_a_person_or_a_program(team_once: Team) -> None:
    request = await team_once.submit()
    await team_once.bob.click(team_once.card(team_once.bob, request), "request.approve")
    await team_once.bob.command("/mp-requests approve MP-1 the words of bob")
    await team_once.send_all()
    said = await asked(team_once)
    people = [*NAMES, *NAMES.values(), *team_once.workspace.people]
    for name in (*people, request.mini_program_name, request.mini_program_id, request.ref, "words"):
        assert name not in said


async def test_nothing_is_computed_that_a_scrape_does_not_ask_for(team_once: Team) -> None:
    reads = "mp_approvals_database_wait_seconds_count"
    open_, clicks = "mp_approvals_requests_open", "mp_approvals_clicks_total"
    before = await asked(team_once, reads)
    assert 'mp_approvals_clicks_total{outcome="done"} 0.0' in await asked(team_once, clicks)
    assert await asked(team_once, reads) == before  # the store is not asked

    assert "mp_approvals_requests_open 0.0" in await asked(team_once, open_)
    assert await asked(team_once, reads) != before
    assert clicks not in await asked(team_once, open_)


async def test_a_store_that_does_not_answer_is_said(team_once: Team) -> None:
    assert await figure(team_once, "store_answers") == 1
    async with team_once.bot.db.transaction() as session:
        await (await session.connection()).execute(text("ALTER TABLE outbox RENAME TO lost"))
    assert await figure(team_once, "store_answers") == 0
    assert await figure(team_once, "requests_open") is None


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 404),
    ],
)
async def test_the_port_of_slack_tells_this_machine_alone(
    team_once: Team, address: str, headers: dict[str, str], status: int
) -> None:
    transport = httpx.ASGITransport(http.build(team_once.bot), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as somebody:
        assert (await somebody.get("/metrics", headers=headers)).status_code == status
