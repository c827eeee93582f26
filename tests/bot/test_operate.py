"""What an operator asks of the store: what has not arrived, a copy."""

import io
import re
import sys
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.cli.operate import age
from store.domain.clock import utc_now
from store.engine.database import Database
from store.messages import claim, outbox, rate_limits
from store.messages.outbox import Kind, Owed
from store.messages.rate_limits import Method
from tests.bot.installation import Installation
from tests.cast import BOB
from tests.harness_store import submit

SECRET = "https://hooks.slack.com/actions/T1/secret"


@pytest.fixture
async def store(installed: Installation) -> Database:
    """The operator's database, in our hands."""
    return Database(installed.environment["DATABASE_URL"])


async def owed(db: Database, *keys: str) -> None:
    """A reply of each key, three hours old."""
    replies = [
        Owed(key, Kind.REFUSAL, BOB, f"reply:{key}", data={"url": SECRET, "asked": 1})
        for key in keys
    ]
    async with db.transaction() as session:
        await outbox.owe(session, replies, now=utc_now() - timedelta(hours=3, minutes=5))


async def failed(db: Database, why: str) -> None:
    """Whatever is owed now is given up."""
    for message in await claim.claim_due(db, owner="test", now=utc_now()):
        async with db.transaction() as session:
            await outbox.give_up(session, message, why=why, now=utc_now())


async def listed(installed: Installation, *options: str) -> Sequence[str]:
    typed = await installed.types("outbox", "list", *options)
    assert typed.code == 0
    return typed.words.splitlines()


async def test_what_has_not_arrived_is_listed_without_a_secret(
    installed: Installation, store: Database
) -> None:
    await owed(store, "reply:1")
    await failed(store, "expired_url")
    await owed(store, "reply:2")
    await store.dispose()

    lines = await listed(installed)

    assert lines == [
        f"reply:1  refusal  {BOB}  failed  1 attempt  3h  expired_url",
        f"reply:2  refusal  {BOB}  pending  0 attempts  3h",
        "2 pending or failed. The oldest has waited 3h.",
    ]
    assert (await listed(installed, "--state", "failed"))[-1] == "1 failed."
    assert "; the 1 oldest are above." in (await listed(installed, "--limit", "1"))[-1]


async def test_lanes_that_rest_are_shown_and_set_free(
    installed: Installation, store: Database
) -> None:
    await owed(store, "reply:1")
    soon = utc_now() + timedelta(minutes=5, seconds=30)
    async with store.transaction() as session:
        await rate_limits.pause_lanes(session, {"post:UBOB": soon, "post:UCAROL": soon})
        await rate_limits.pause_method(
            session, Method.EDIT, timedelta(seconds=1), until=soon, now=utc_now()
        )
    lines = await listed(installed)
    assert sorted(lines[1:4]) == [
        "edit:*  rests for 5m", "post:UBOB  rests for 5m", "post:UCAROL  rests for 5m",
    ]  # fmt: skip
    assert lines[-1] == "1 pending or failed. The oldest has waited 3h."

    one = await installed.types("outbox", "retry", "post:UBOB")
    assert one.words == "post:UBOB rests no longer.\n"
    assert len([line for line in await listed(installed) if "rests" in line]) == 2
    await installed.types("outbox", "retry", "--failed")
    assert not [line for line in await listed(installed) if "rests" in line]
    await store.dispose()


async def test_a_failed_message_is_sent_again(installed: Installation, store: Database) -> None:
    await owed(store, "reply:1", "reply:2", "reply:3")
    await failed(store, "expired_url")

    one = await installed.types("outbox", "retry", "reply:1")
    rest = await installed.types("outbox", "retry", "--failed")
    claimed = await claim.claim_due(store, owner="test", now=utc_now())
    await store.dispose()

    assert (one.words, rest.words) == ("1 will be sent again.\n", "2 will be sent again.\n")
    assert {message.key: message.attempts for message in claimed} == {
        "reply:1": 1, "reply:2": 1, "reply:3": 1,
    }  # fmt: skip


async def test_what_is_in_a_senders_hands_or_unknown_is_left_alone(
    installed: Installation, store: Database
) -> None:
    await owed(store, "reply:1")
    await claim.claim_due(store, owner="test", now=utc_now())
    await store.dispose()

    for words in (("retry", "reply:1"), ("drop", "reply:1", "--yes"), ("retry", "reply:9")):
        typed = await installed.types("outbox", *words)
        assert typed.code == 1
        assert typed.words.startswith("No message reply:")
    assert (await installed.types("outbox", "retry")).code == 2


async def test_a_dropped_message_is_owed_no_more(
    installed: Installation, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owed(store, "reply:1")
    await store.dispose()

    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    asked = await installed.types("outbox", "drop", "reply:1")
    assert asked.code == 1
    assert "Nobody will get this message." in asked.words
    assert len(await listed(installed)) == 2
    assert (await installed.types("outbox", "drop", "reply:1", "--yes")).code == 0
    assert await listed(installed) == ["0 pending or failed."]


async def test_a_card_that_is_in_slack_is_kept_up_to_date_all_the_same(
    installed: Installation, store: Database
) -> None:
    await submit(store)
    await store.dispose()
    dropped = await installed.types("outbox", "drop", f"card:1:reviewer:{BOB}", "--yes")
    assert "is dropped. If this card is in Slack already, the next check" in dropped.words


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [({"seconds": 59}, "59s"), ({"minutes": 61}, "1h"), ({"hours": 47}, "1d"), ({}, "0s")],
)
def test_an_age_is_told_in_one_unit(elapsed: dict[str, float], said: str) -> None:
    assert age(timedelta(**elapsed)) == said
    assert re.fullmatch(r"\d+[smhd]", age(timedelta(days=400)))
