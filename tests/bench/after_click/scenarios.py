"""What goes on while people click, and how a bot is clicked meanwhile."""

import asyncio
import tempfile
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

from bot.sandbox.actions.people import Person
from tests.bench.after_click.bots import Asked, Bot, Stage
from tests.bench.after_click.decisions import Copy, Decision, Run
from tests.bench.after_click.timed_slack import TimedSlack
from tests.bench.places import Place

IMPORTED_BY = 5
"""Submitters of what is imported: more of them would have to be asked for at Slack first."""
COPIES, COPIES_IMPORTED = 4, 3
"""Who did not submit it in Slack gets no receipt."""
FEWEST = 4
"""Decisions in a run, however soon an export is made."""
UPLOAD = "files.getUploadURLExternal"
"""With this call an export is made and goes on its way."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """So many decisions, one every so many seconds, among so many open requests of some programs.

    Every second one is a rejection by the form; before those that are timed come `warming_up` more.
    Of each request there are COPIES: two reviewers', the channel's and the submitter's. `imported`
    requests have their cards owed meanwhile; while `exporting`, clicks end with the
    file. `patience` is how many seconds the last copy is waited for after the last click.
    """

    decisions: int
    open: int
    programs: int = 20
    every: float = 2.0
    imported: int = 0
    exporting: bool = False
    replicas: int = 1
    patience: float = 120.0

    @property
    def warming_up(self) -> int:
        """An approval and a rejection in each process."""
        return 2 * self.replicas


async def run(bot: Bot, scenario: Scenario, place: Place) -> Run:
    """Set the stage, click, wait until everybody has seen every decision or patience ends."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(TimedSlack())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        stage = _stage(slack, place, folder)
        asked = _asked(slack, scenario.open, programs=scenario.programs)
        copies = await bot.prepare(stage, asked)
        assert {len(each) for each in copies.values()} == {COPIES if bot.tells else 1}
        addresses = await stack.enter_async_context(bot.running(stage, scenario.replicas))
        slack.request_url = f"{addresses[0]}/slack/events"
        slack.take_time()
        if scenario.imported:
            more = _asked(
                slack, scenario.imported, programs=scenario.programs, submitters=IMPORTED_BY
            )
            await stack.enter_async_context(bot.importing(stage, more))
        if scenario.exporting:
            assert (await stage.ada.command(bot.export)).acked
        decisions: list[Decision] = []
        begun = monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(scenario.warming_up + scenario.decisions):
                await asyncio.sleep(begun + number * scenario.every - monotonic())
                if scenario.exporting and number >= FEWEST and slack.traffic.calls[UPLOAD]:
                    break
                slack.request_url = f"{addresses[number % len(addresses)]}/slack/events"
                reader, decision = _decision(bot, stage, asked[number], copies, number)
                decisions.append(decision)
                slack.watch(decision)
                group.create_task(_decide(bot, stage, reader, decision))
        with suppress(TimeoutError):
            await slack.until(
                lambda: all(each.is_complete for each in decisions), timeout=scenario.patience
            )
        seen = Run(decisions, slack.traffic, monotonic(), scenario.warming_up)
    await bot.clear(place)
    return seen


def _stage(slack: TimedSlack, place: Place, folder: Path) -> Stage:
    bob, carol, ada = (
        slack.add_person(handle, real_name=handle.title()) for handle in ("bob", "carol", "ada")
    )
    reviews = slack.add_channel("reviews", members=[bob, carol, ada])
    return Stage(slack, place, bob, carol, ada, reviews, folder)


def _asked(
    slack: TimedSlack, count: int, *, programs: int, submitters: int | None = None
) -> list[Asked]:
    """So many requests for new programs, each by somebody else unless told otherwise."""
    batch = uuid4().int % 10**8
    people = [
        slack.add_person(f"submitter-{batch}-{number}", real_name=f"Submitter {number}")
        for number in range(submitters or count)
    ]
    return [
        Asked(
            program=f"31{batch:08d}{number % programs:06d}",
            version=f"{number // 100 + 1}.{number // 10 % 10}.{number % 10}",
            submitter=people[number % len(people)],
        )
        for number in range(count)
    ]


def _decision(
    bot: Bot, stage: Stage, asked: Asked, copies: dict[Asked, tuple[Copy, ...]], number: int
) -> tuple[Person, Decision]:
    """Who decides what: approvals and rejections by turns, on a reviewer's own copy."""
    reviewers = {person.dm.id: person for person in (stage.bob, stage.carol)}
    own = [copy for copy in copies[asked] if copy[0] in reviewers]
    clicked = own[number // 2 % len(own)]
    decision = Decision(
        word="rejected" if number % 2 else "approved",
        clicked=clicked,
        copies=copies[asked],
        asks=bot.asks,
        submitter=asked.submitter.dm.id if bot.tells else None,
    )
    return reviewers[clicked[0]], decision


async def _decide(bot: Bot, stage: Stage, reader: Person, decision: Decision) -> None:
    """Click Approve, or click Reject, fill in the form and send it: the time runs from there."""
    card = stage.slack.message_at(decision.clicked)
    if decision.word == "approved":
        decision.clicked_at = monotonic()
        answer = await reader.click(card, bot.approve)
    else:
        before = set(reader.views)
        await reader.click(card, bot.reject)
        form = await stage.slack.until(lambda: set(reader.views) - before)
        decision.clicked_at = monotonic()
        answer = await reader.submit(form.pop(), bot.form)
    assert not answer.errors, answer
    if answer.acked:  # else Slack has told them that the app did not respond
        decision.acked_at = monotonic()
