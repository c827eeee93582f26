"""The final check finds what the platform's part of a soak is there to find."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from store import webhooks
from store.domain.hook import HookEvent, message_id
from store.domain.lifecycle import Act
from store.domain.request import PlatformAnswer
from store.engine.database import Database
from store.messages.outbox import Kind
from store.requests import platform_answer
from store.requests.decide import Decision, OnPlatform, decide
from store.requests.platform_answer import Said, SendAgain, send_again
from store.tables import EventRow, RequestRow
from tests.cast import ADA, ALICE, BOB, NOW
from tests.harness_store import POLICY, accepted, submit, vote
from tests.soak.final_check import Findings, check_platform, read
from tests.soak.platform import Ended, HandedIn, Told, TooLate
from tests.soak.platform_check import Heard
from tests.soak.platform_hook import Arrived
from tests.soak.test_final_check import change

EXPIRED = "package expired"
HANDED_IN = HandedIn("apply-1", 1, ALICE, True, NOW, NOW + timedelta(seconds=1))
TOLD_OF = {f"{Kind.NOT_ACCEPTED}:1:3:{reader}" for reader in (ALICE, ADA)}
"""Messages that people have when an approval was not accepted."""


async def refused_once(db: Database) -> Heard:
    """A request that the platform handed in, bob approved, and the platform did not accept; as the
    platform knows of it.
    """
    async with db.transaction() as session:
        hook = ("https://platform.example/hook", HookEvent, "whsec_AAAA")
        await webhooks.add(session, *hook, allow_private=False, is_platform=True, now=NOW)
    request = await submit(db, external_id="apply-1")
    accepted(await vote(db, request, BOB))
    await say(db, EXPIRED)
    arrived = [came(1, "submitted"), came(2, "approved", EXPIRED)]
    return Heard(Told(handed_in=[HANDED_IN]), arrived)


async def say(db: Database, refused_for: str | None, *, revision: int = 2) -> None:
    """What the platform answers to the approval, or to its being sent again."""
    answer = PlatformAnswer.REFUSED if refused_for else PlatformAnswer.ACCEPTED
    async with db.transaction() as session:
        said = [Said(1, revision, 1, answer, refused_for)]
        await platform_answer.record_answers(session, said, POLICY, now=NOW)


def came(revision: int, kind: str, refused_for: str | None = None) -> Arrived:
    """A webhook of the request that the platform took."""
    return Arrived(message_id(1, revision), 1, revision, f"request.{kind}", refused_for)


async def checked(db: Database, heard: Heard, posted: Sequence[str] = (*TOLD_OF,)) -> Findings:
    """What is found; `posted` are messages that people have."""
    found = Findings()
    check_platform(found, heard, await read(db, POLICY), set(posted))
    return found


async def test_an_honest_platform_is_clean(db: Database) -> None:
    heard = await refused_once(db)
    found = await checked(db, heard)
    assert (found.losses, found.duplicates, found.faults) == ([], [], [])
    assert found.counts["platform: not accepted"] == 1


async def test_an_approval_that_was_sent_again_has_two_answers(db: Database) -> None:
    heard = await refused_once(db)
    accepted(await send_again(db, SendAgain(1, ADA, NOW), POLICY))
    await say(db, None, revision=4)
    both = replace(heard, arrived=[*heard.arrived, came(4, "approved")])
    assert (await checked(db, both, posted=[])).clean
    assert (await checked(db, heard)).losses == [
        "sent_again of MP-1 at 4 came to no platform",
    ]


async def test_a_webhook_that_never_came_is_a_loss(db: Database) -> None:
    heard = await refused_once(db)
    for forgotten, kind in ((0, "submitted"), (1, "approved")):
        arrived = [each for n, each in enumerate(heard.arrived) if n != forgotten]
        losses = (await checked(db, replace(heard, arrived=arrived))).losses
        assert losses == [f"{kind} of MP-1 at {forgotten + 1} came to no platform"]


async def test_a_request_that_was_taken_and_is_not_there_is_a_loss(db: Database) -> None:
    heard = await refused_once(db)
    heard.told.handed_in.append(replace(HANDED_IN, external_id="apply-2", number=2))
    assert (await checked(db, heard)).losses == ["apply-2 was taken and is not there"]


async def test_a_request_that_was_new_twice_or_has_two_numbers_is_named(db: Database) -> None:
    heard = await refused_once(db)
    heard.told.handed_in.append(replace(HANDED_IN, number=2))
    found = await checked(db, heard)
    assert found.duplicates == [
        "apply-1 is called [1, 2] and stored 1 times",
        "apply-1 was new 2 times",
    ]
    assert found.faults == ["apply-1 is MP-1 and was called MP-2"]


async def test_a_request_that_was_handed_in_at_another_time_is_wrong(db: Database) -> None:
    heard = await refused_once(db)
    for hours in (-1, 1):
        await change(db, EventRow, at=NOW + timedelta(hours=hours))
        assert "was handed in by" in " ".join((await checked(db, heard)).faults)


async def test_an_event_that_came_under_two_ids_is_named(db: Database) -> None:
    heard = await refused_once(db)
    other = replace(came(2, "approved", EXPIRED), id="msg_other")
    twice = replace(heard, arrived=[*heard.arrived, other])
    assert (await checked(db, twice)).duplicates == ["MP-1 at 2 came as ['msg_1_2', 'msg_other']"]
    same = replace(heard, arrived=[*heard.arrived, replace(came(2, "approved"), id="msg_1_1")])
    assert "msg_1_1 came of [(1, 1), (1, 2)]" in (await checked(db, same)).duplicates


async def test_what_comes_out_of_order_is_wrong_and_what_comes_again_is_not(db: Database) -> None:
    heard = await refused_once(db)
    turned = replace(heard, arrived=list(reversed(heard.arrived)))
    assert (await checked(db, turned)).faults == ["msg_1_1 came after 2 of MP-1"]
    again = replace(heard, arrived=[*heard.arrived, *heard.arrived])
    assert (await checked(db, again)).clean


async def test_a_webhook_of_what_did_not_happen_is_wrong(db: Database) -> None:
    heard = await refused_once(db)
    made_up = replace(heard, arrived=[*heard.arrived, came(3, "rejected")])
    said = "msg_1_3 is request.rejected, which MP-1 has not at that revision"
    assert (await checked(db, made_up)).faults == [said]


async def test_an_answer_that_is_not_on_record_or_is_another_is_wrong(db: Database) -> None:
    heard = await refused_once(db)
    for refused_for in (None, "no room"):
        arrived = [came(1, "submitted"), came(2, "approved", refused_for)]
        assert "in its row" in " ".join((await checked(db, replace(heard, arrived=arrived))).faults)
    await change(db, RequestRow, platform_answer=None, platform_reason=None)
    assert "None, None in its row" in " ".join((await checked(db, heard)).faults)


async def test_an_answer_that_is_on_record_twice_or_not_at_all_is_wrong(db: Database) -> None:
    heard = await refused_once(db)
    await change(db, EventRow, kind="not_accepted")
    assert "on record, and by the platform" in " ".join((await checked(db, heard)).faults)


async def test_who_is_not_told_that_it_was_not_accepted_is_named(db: Database) -> None:
    heard = await refused_once(db)
    missed = [f"{key} is on no screen: pending, 0 attempts, None" for key in sorted(TOLD_OF)]
    assert sorted((await checked(db, heard, posted=[])).losses) == missed


async def test_what_was_decided_there_has_no_answer_and_one_end(db: Database) -> None:
    await submit(db, external_id="apply-1")
    there = OnPlatform("Operator 1", NOW)
    decision = Decision(1, Act.APPROVE, "key:1", NOW, on_platform=there)
    accepted(await decide(db, decision, POLICY))
    arrived = [came(1, "submitted"), came(2, "approved", EXPIRED)]
    late = [TooLate(1, "reject"), TooLate(1, "withdraw")]
    told = Told(ended=[Ended(1, "approved", "Operator 1")], too_late=late)
    owed = f"{Kind.CONTRADICTION}:1:reject:{ADA}"
    assert (await checked(db, Heard(told, arrived), posted=[owed])).clean
    assert (await checked(db, Heard(told, arrived), posted=[])).losses == [
        f"{owed} is on no screen: not owed"
    ]

    other = Told(ended=[Ended(1, "rejected", "Operator 2")], too_late=[TooLate(1, "approve")])
    found = await checked(
        db, Heard(other, arrived), posted=[f"{Kind.CONTRADICTION}:1:approve:{ADA}"]
    )
    assert found.losses == ["MP-1 was answered to be rejected and is not"]
    assert found.faults == [
        "MP-1 is Operator 1's, the answer said Operator 2's",
        "approve of MP-1 was answered to contradict its end",
    ]


async def test_what_the_platform_found_wrong_itself_is_named(db: Database) -> None:
    heard = await refused_once(db)
    heard.told.wrong.append("answered 500")
    found = await checked(db, replace(heard, wrong=["a wrong signature"]))
    assert found.faults == ["answered 500", "a wrong signature"]
