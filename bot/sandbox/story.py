"""A story played at a sandbox workspace: people act, and what they then see is printed.

Nothing is prepared: every picture is read back from the workspace, and a step that does not come
true ends the story with StoryError.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.sandbox import screen
from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.platform import Mood, Platform
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.views import View
from bot.sandbox.workspace import Workspace

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds a step may take: a busy machine is slow, a broken bot never gets there."""


class StoryError(Exception):
    """A step of the story did not come true; the text says which."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: alice and erin submit, bob and carol review, ada administers, mallory must get
    nowhere.
    """

    alice: Person
    erin: Person
    bob: Person
    carol: Person
    ada: Person
    mallory: Person
    reviews: Conversation


@dataclass
class Stage:
    """The workspace, what the world does to it, and where the story is printed."""

    workspace: Workspace
    cast: Cast
    import_requests: Callable[[], Awaitable[int]]
    move_to: Callable[[datetime], Awaitable[None]]
    platform: Platform
    say: Callable[[str], None]
    color: bool = False

    def scene(self, heading: str) -> None:
        """Begin the next part."""
        self.say(f"\n── {heading} " + "─" * max(2, 74 - len(heading)) + "\n")

    def show(self, person: Person, message: Message) -> None:
        """What the person sees."""
        picture = screen.message(
            {"blocks": message.blocks, "text": message.text},
            names=self.name,
            reader_tz=person.tz,
            now=self.workspace.now(),
            color=self.color,
            title=f"{person.handle} sees",
            ephemeral=message.ephemeral_to is not None,
        )
        self.say(picture)

    async def seen(
        self, person: Person, words: str, *also: str, where: Conversation | None = None
    ) -> Message:
        """Wait until this person sees a message with all these words."""

        def found() -> Message | None:
            for message in reversed(person.sees(where)):
                if all(part in message.plain() for part in (words, *also)):
                    return message
            return None

        return await self.until(found, f"{person.handle} should see: {', '.join((words, *also))}")

    async def until(self, predicate: Callable[[], T | None], otherwise: str) -> T:
        """Wait for something to come true. Raises StoryError where it does not."""
        try:
            result = await self.workspace.until(predicate, timeout=PATIENCE)
        except TimeoutError as error:
            raise StoryError(f"{otherwise}\n{error}") from None
        assert result is not None
        return result

    def check(self, holds: object, otherwise: str) -> None:
        """Raises StoryError where something is not so."""
        if not holds:
            raise StoryError(otherwise)

    def name(self, slack_id: str) -> str:
        """How Slack shows an id."""
        people = self.workspace.people
        return people[slack_id].real_name if slack_id in people else slack_id


async def tell(stage: Stage) -> None:
    """Play every scene. Raises StoryError at the first thing that does not happen."""
    for scene in (
        _requests_arrive,
        _bob_approves_and_carol_is_late,
        _bob_rejects,
        _mallory_is_refused,
        _alice_withdraws,
        _lists,
        _the_platform_hands_in_and_refuses,
        _ada_sends_it_again,
        _digest,
        _queue,
        _nudge,
    ):
        await scene(stage)


async def _requests_arrive(stage: Stage) -> None:
    stage.scene("Five requests come, then 55 at once; bob gets five cards and one message")
    count = await stage.import_requests()
    stage.say(f"{count} requests imported.\n")
    stage.check(count > 0, "the import stored nothing")
    card = await stage.seen(stage.cast.bob, _heads("MP-2"), "Approve")
    stage.show(stage.cast.bob, card)
    stage.show(stage.cast.bob, await stage.seen(stage.cast.bob, "55 new requests for you"))


async def _bob_approves_and_carol_is_late(stage: Stage) -> None:
    bob, carol = stage.cast.bob, stage.cast.carol
    stage.scene("bob presses Approve and confirms; carol's screen is a moment old")
    card = await stage.seen(bob, _heads("MP-2"), "Approve")
    carols = (await stage.seen(carol, _heads("MP-2"), "Approve")).as_shown()
    _acknowledged(stage, await bob.click(card, "request.approve"))
    _acknowledged(stage, await carol.click(carols, "request.approve"))
    stage.show(bob, await stage.seen(bob, "MP-2", "This request is approved."))
    refusal = await stage.seen(carol, "MP-2 was approved by Bob Reyes")
    stage.check(refusal.ephemeral_to == carol.id, "only carol should read that she was late")
    stage.show(carol, refusal)
    stage.show(stage.cast.erin, await stage.seen(stage.cast.erin, "MP-2", "Release Preparation"))


async def _bob_rejects(stage: Stage) -> None:
    bob, alice = stage.cast.bob, stage.cast.alice
    stage.scene("bob rejects another and says why")
    card = await stage.seen(bob, _heads("MP-4"), "Approve")
    _acknowledged(stage, await bob.click(card, "request.reject"))
    form = await stage.until(lambda: bob.views[-1] if bob.views else None, "a form should open")
    stage.say(_drawn(stage, bob, form))
    reason = "The privacy text names no contact. Add one, then submit again."
    filled = {"rejection_class": "Personal data and privacy violations", "reason": reason}
    _acknowledged(stage, await bob.submit(form, filled))
    stage.show(bob, await stage.seen(bob, "MP-4", "Rejected", "names no contact"))
    stage.show(
        alice, await stage.seen(alice, "MP-4", "Rejected", "names no contact", "Submit again")
    )


async def _mallory_is_refused(stage: Stage) -> None:
    mallory, reviews = stage.cast.mallory, stage.cast.reviews
    stage.scene("mallory, who is in the channel but no reviewer, presses Approve")
    card = await stage.seen(mallory, _heads("MP-1"), "Approve", where=reviews)
    _acknowledged(stage, await mallory.click(card, "request.approve"))
    refusal = await stage.seen(mallory, "Only Bob Reyes", "MP-1", where=reviews)
    stage.check(refusal.ephemeral_to == mallory.id, "only mallory should read the refusal")
    stage.check("approved" not in card.plain(), "mallory must not decide")
    stage.show(mallory, refusal)


async def _alice_withdraws(stage: Stage) -> None:
    alice, bob = stage.cast.alice, stage.cast.bob
    stage.scene("alice takes one back: /mp-requests withdraw MP-5")
    await stage.seen(bob, _heads("MP-5"), "Approve")
    stage.show(alice, await _answered(stage, alice, "withdraw MP-5", "Withdrawn"))
    await stage.seen(bob, "MP-5", "Nothing is left for you to do")
    stage.show(bob, await stage.seen(bob, "MP-5", "*Withdrawn* by Alice Santos"))


async def _lists(stage: Stage) -> None:
    alice, bob = stage.cast.alice, stage.cast.bob
    stage.scene("alice: /mp-requests mine")
    stage.show(alice, await _answered(stage, alice, "mine", "My Requests", "22 requests"))
    words = "list status:approved,rejected env:production sort:-completed"
    stage.scene(f"bob: /mp-requests {words}")
    stage.show(bob, await _answered(stage, bob, words, "2 requests", "MP-2", "MP-4"))


async def _the_platform_hands_in_and_refuses(stage: Stage) -> None:
    platform, erin, bob = stage.platform, stage.cast.erin, stage.cast.bob
    stage.scene("the platform hands one in by the API; bob approves, the platform does not accept")
    platform.mood = Mood.REFUSES
    status, said = await platform.hand_in(platform.next_request())
    stage.check(status == 201, f"the API should take the request: {status} {said}")
    ref = said["review"]["request"]
    stage.say(f"POST /api/v1/requests: {status}, {ref}\n")
    asked = (await bob.command(f"/mp-requests approve {ref}")).view
    assert asked is not None
    _acknowledged(stage, await bob.submit(asked))
    await _told(stage, "request.approved", 1)
    refused = await stage.seen(erin, ref, "not accepted by the platform", platform.reason)
    stage.show(erin, refused)


async def _ada_sends_it_again(stage: Stage) -> None:
    platform, ada, erin = stage.platform, stage.cast.ada, stage.cast.erin
    stage.scene("the platform has mended it; ada presses Send again")
    platform.mood = Mood.ACCEPTS
    notice = await stage.seen(ada, "not accepted by the platform", "Send again")
    stage.show(ada, notice)
    _acknowledged(stage, await ada.click(notice, "request.send"))
    await _told(stage, "request.approved", 2)
    signed = [each.is_signed for each in platform.received]
    stage.check(signed and all(signed), "every webhook should be signed")
    ref = platform.received[-1].request
    stage.show(erin, await _soon_answered(stage, erin, f"why {ref}", "sent to the platform"))


async def _told(stage: Stage, event: str, times: int) -> None:
    """Wait until the platform has had so many webhooks of this type."""

    def heard() -> bool:
        return sum(each.type == event for each in stage.platform.received) >= times

    await stage.until(heard, f"the platform should hear {event} {times} times")


async def _digest(stage: Stage) -> None:
    bob = stage.cast.bob
    stage.scene("the next morning in Manila: the digest")
    await stage.move_to(_at(stage, bob, hour=9) + timedelta(days=1))
    digest = await stage.seen(bob, "Good morning, Bob.")
    stage.show(bob, digest)
    again = [m for m in bob.sees() if "Good morning" in m.plain()]
    stage.check(len(again) == 1, "one digest a day")


async def _queue(stage: Stage) -> None:
    bob = stage.cast.bob
    stage.scene("bob presses Start reviewing: one modal, one request after the other")
    digest = await stage.seen(bob, "Good morning, Bob.")
    _acknowledged(stage, await bob.click(digest, "queue.start"))
    for action, told in (("queue.approve", "This request is approved."), ("queue.skip", " of ")):
        shown = await stage.until(lambda: bob.views[-1] if bob.views else None, "it should open")
        _acknowledged(stage, await bob.click(shown, action))
        stage.say(_drawn(stage, bob, shown))
        stage.check(told in _drawn(stage, bob, shown), f"after {action} the next should be shown")
    await bob.close(bob.views[-1])


async def _nudge(stage: Stage) -> None:
    erin = stage.cast.erin
    stage.scene("a week later: what was approved and has not gone live")
    await stage.move_to(_at(stage, erin, hour=10) + timedelta(days=8))
    stage.show(
        erin, await stage.seen(erin, "MP-2", "was approved", "its stage has not been updated")
    )


def _drawn(stage: Stage, person: Person, shown: View) -> str:
    return screen.view(
        shown.payload,
        names=stage.name,
        reader_tz=person.tz,
        now=stage.workspace.now(),
        color=stage.color,
    )


async def _answered(stage: Stage, person: Person, words: str, *expected: str) -> Message:
    answer = await person.command(f"/mp-requests {words}")
    _acknowledged(stage, answer)
    message = answer.message
    stage.check(message, f"/mp-requests {words} should be answered")
    assert message is not None
    missing = [part for part in expected if part not in message.plain()]
    stage.check(not missing, f"/mp-requests {words} should say {missing}: {message.plain()}")
    return message


async def _soon_answered(stage: Stage, person: Person, words: str, expected: str) -> Message:
    """The answer to a command that is typed until it says so: nobody is told of this one."""
    until = asyncio.get_running_loop().time() + PATIENCE
    message = await _answered(stage, person, words)
    while expected not in message.plain() and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(PATIENCE / 100)
        message = await _answered(stage, person, words)
    stage.check(expected in message.plain(), f"/mp-requests {words} should say {expected!r}")
    return message


def _heads(ref: str) -> str:
    """Begins the last line of a request's own card; other cards may mention the request too."""
    return f"\n{ref} · "


def _acknowledged(stage: Stage, answer: Answer) -> None:
    stage.check(answer.acked, f"the bot should answer within 3 seconds: {answer.warning}")
    stage.check(not answer.errors, f"the form should be accepted: {answer.errors}")


def _at(stage: Stage, person: Person, *, hour: int) -> datetime:
    """That hour of today where this person is."""
    here = stage.workspace.now().astimezone(ZoneInfo(person.tz))
    return here.replace(hour=hour, minute=0, second=0)
