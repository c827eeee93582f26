"""People at their Slack, all at once: they submit, ask, answer, decide, or come too late.

Each uses only what is on their screen. What the bot acknowledged is written down as an
`AckedAct`, to be found in the store afterwards.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blocks import buttons
from bot.sandbox.actions.member import Answer
from bot.sandbox.actions.people import Person
from bot.sandbox.screen import text
from bot.sandbox.state.controls import controls
from bot.sandbox.state.conversations import Conversation, Message
from bot.sandbox.state.views import View
from store.domain.request import Category
from tests import form_filling
from tests.cast import sample_of
from tests.soak.workspace_and_bots import REVIEWERS, SUBMITTERS, Setup

Json = dict[str, Any]
_FEW, _MANY, _OFTEN = 5, 60, 0.25
"""Requests in an imported file, and how often it has many: more cards than Slack takes at once."""
_REASON = "The privacy text names no contact."
_DONE = {"approve": "This request is approved.", "reject": _REASON, "withdraw": "*Withdrawn*"}
_KINDS = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}


@dataclass(frozen=True)
class AckedAct:
    """What the bot said yes to.

    `kind` is the event it must have left: `submitted` for `program`, or a decision of `request_id`
    by `actor`. `closed` only says that the request is decided by now, perhaps by somebody faster;
    or that the actor was told beside the message, soon after `at`, that it may not count.

    `asked` and `answered` left a `text` that nobody else typed; `over` only says that the question
    with this `number` is open no more.
    """

    kind: str
    actor: str
    request_id: int = 0
    program: str = ""
    at: datetime | None = None
    text: str = ""
    number: int = 0


class Crowd:
    """Everybody, acting until told to stop; `enough` is set after `least` acknowledged acts."""

    def __init__(self, setup: Setup, *, pause: float, least: int) -> None:
        self.enough, self._least = asyncio.Event(), least
        self.setup, self._pause = setup, pause
        self.acknowledged: list[AckedAct] = []
        self.refused = 0
        self._asked = self._said = 0
        self._chance = setup.chance

    async def act(self, until: asyncio.Event) -> None:
        """All of them act until the event; what is under way is finished."""
        crowd = [self._person(person, until) for person in self.setup.people.values()]
        await asyncio.gather(*crowd, self._imports(until))

    async def _person(self, person: Person, until: asyncio.Event) -> None:
        while not until.is_set():
            act = self._chance.choice(self._acts(person))
            try:
                await act(person)
            except (LookupError, ValueError):
                self.setup.counts["nothing to act on"] += 1
            else:
                self.setup.counts["acts"] += 1
            self.setup.workspace.views.clear(person.id)
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))

    def _acts(self, person: Person) -> list[Callable[[Person], Awaitable[None]]]:
        looks: list[Callable[[Person], Awaitable[None]]] = [self._look]
        if person.handle in SUBMITTERS:
            says = [self._answer, self._reply]
            submits = [self._submit] * 3
            return [*submits, self._withdraw, self._type, *says, *says, *looks]
        decides = [self._approve, self._reject, self._type]
        asks = [self._ask, self._ask, self._close]
        in_details = [self._approve_in_details] * 2 if person.handle in REVIEWERS else []
        sends = [self._send_again] * 3 if person.handle == "ada" else []
        return [*decides, *decides, *asks, *asks, *in_details, *sends, *looks]

    async def _submit(self, person: Person) -> None:
        """The whole form, and Submit at its end."""
        request = self._request(person)
        answer = await person.command("/mp-requests new")
        for typed in (form_filling.first_step(request), form_filling.second_step(request), {}):
            answer = await form_filling.submit_step(person, _modal(answer), typed)
        if answer.acked and not answer.errors and answer.view is None:
            self._submitted(person, request)

    async def _approve(self, person: Person) -> None:
        """On a card, as it is or as it was a moment ago."""
        card, request_id = self._card(person, buttons.APPROVE)
        answer = await person.click(card, buttons.APPROVE)
        self._clicked(person, request_id, answer)

    async def _approve_in_details(self, person: Person) -> None:
        details, request_id = await self._details(person)
        clicked = await person.click(details, buttons.APPROVE)
        self._clicked(person, request_id, clicked)

    async def _send_again(self, person: Person) -> None:
        """What the platform did not accept; what comes of it the history has to explain."""
        message, _ = self._card(person, buttons.SEND_AGAIN)
        await person.click(message, buttons.SEND_AGAIN)

    async def _reject(self, person: Person) -> None:
        """By the button and its form."""
        card, request_id = self._card(person, buttons.REJECT)
        form = _form(await person.click(card, buttons.REJECT), request_id)
        answer = await person.submit(form, {"reason": _REASON})
        self._sent(AckedAct("rejected", person.id, request_id), answer)

    async def _withdraw(self, person: Person) -> None:
        card, request_id = self._card(person, buttons.WITHDRAW)
        if self._chance.random() < 0.5:
            raise LookupError("most people leave their requests alone")
        answer = await person.click(card, buttons.WITHDRAW)
        self._clicked(person, request_id, answer)

    async def _ask(self, person: Person) -> None:
        """By the button on a card or in the details of any request, and its form."""
        if self._chance.random() < 0.5:
            where, request_id = self._card(person, buttons.ASK)
        else:
            where, request_id = await self._details(person)
        form = _form(await person.click(where, buttons.ASK), request_id)
        text = self._words("Question")
        answer = await self._insisted(person, form, {"question": text})
        self._sent(AckedAct("asked", person.id, request_id, text=text), answer)

    async def _answer(self, person: Person) -> None:
        """By the button below the question, and its form."""
        asked, request_id, _ = self._question(person, buttons.ANSWER)
        form = _form(await person.click(asked, buttons.ANSWER), request_id)
        text = self._words("Answer")
        answer = await self._insisted(person, form, {"answer": text})
        self._sent(AckedAct("answered", person.id, request_id, text=text), answer)

    async def _reply(self, person: Person) -> None:
        """In the thread of a question, perhaps of one that was over."""
        asked, request_id, number = self._question(person)
        answer = await person.reply(self._words("Reply"), asked)
        if answer.acked:
            self._did(AckedAct("over", person.id, request_id, number=number))

    async def _close(self, person: Person) -> None:
        """In the details of a request of which their screen says that somebody asks."""
        _, request_id = self._card(person, buttons.ASK, saying="❓")
        details = _modal(await person.command(f"/mp-requests show MP-{request_id}"))
        offered = [c for c in controls(details.blocks) if c.action_id == buttons.CLOSE]
        if not offered:
            raise LookupError(f"{person.handle} may close no question")
        chosen = str(self._chance.choice(offered).element["value"])
        answer = await person.click(details, buttons.CLOSE, value=chosen)
        if answer.acked and not (answer.view and apologises(answer.view)):
            number, at = int(chosen.partition(" ")[2]), self.setup.clock()
            self._did(AckedAct("over", person.id, request_id, number=number, at=at))

    async def _details(self, person: Person) -> tuple[View, int]:
        """Of any request there may be: of many that come at once nobody has a card."""
        request_id = self._chance.randint(1, max(1, self._asked))
        return _modal(await person.command(f"/mp-requests show MP-{request_id}")), request_id

    async def _insisted(self, person: Person, form: View, values: Json) -> Answer:
        """The form sent, and once more where no answer came: it still stands there, filled in."""
        answer = await person.submit(form, values)
        return answer if answer.acked else await person.submit(form, values)

    def _question(self, person: Person, button: str = "") -> tuple[Message, int, int]:
        """A message that asks them, the request it is about, and which question of it."""
        seen = [(m, key) for m in person.sees() if (key := _key(m)).startswith("question:")]
        able = [(m, key) for m, key in seen if not button or _has(m, button)]
        if not able:
            raise LookupError(f"{person.handle} is asked nothing")
        message, key = self._chance.choice(able)
        _, request_id, number = key.split(":")
        return message, int(request_id), int(number)

    def _words(self, what: str) -> str:
        """Words that nobody else types."""
        self._said += 1
        return f"{what} {self._said} of this soak."

    def _sent(self, act: AckedAct, answer: Answer) -> None:
        """A form was sent: what it says was taken, unless it says otherwise."""
        if answer.acked and not answer.errors and answer.view is None:
            self._did(act)
        else:
            self.refused += answer.acked

    async def _type(self, person: Person) -> None:
        """A decision by command, of any request there may be."""
        verb = "withdraw" if person.handle in SUBMITTERS else self._chance.choice(list(_KINDS))
        request_id = self._chance.randint(1, max(1, self._asked))
        reason = f" {_REASON}" if verb == "reject" else ""
        answer = await person.command(f"/mp-requests {verb} MP-{request_id}{reason}")
        said = answer.message.plain() if answer.message else ""
        if _DONE[verb] in said and f"MP-{request_id}" in said:
            self._did(AckedAct(_KINDS[verb], person.id, request_id))
        else:
            self.refused += answer.acked

    async def _look(self, person: Person) -> None:
        """A list, or Home."""
        if self._chance.random() < 0.5:
            await person.open_home()
        else:
            await person.command("/mp-requests mine")

    async def _imports(self, until: asyncio.Event) -> None:
        """Files from the platform, one after the other."""
        while not until.is_set():
            count = _MANY if self._chance.random() < _OFTEN else _FEW
            submitters = [self._somebody() for _ in range(count)]
            requests = [self._request(person) for person in submitters]
            file = self.setup.folder / "import.jsonl"
            file.write_text("\n".join(map(json.dumps, requests)), encoding="utf-8")
            killed = self._chance.uniform(0.5, 3.0) if self._chance.random() < 0.3 else None
            if await self.setup.import_file(file, kill_after=killed):
                self.setup.counts["imports"] += 1
                for person, request in zip(submitters, requests, strict=True):
                    self._submitted(person, request)
            await asyncio.sleep(self._chance.uniform(1, 4))

    def _request(self, person: Person) -> Json:
        """A release of a mini program of its own, in the interchange format."""
        self._asked = number = self._asked + 1
        return release("Soak", number, person.email, self.setup.clock())

    def _card(self, person: Person, button: str, *, saying: str = "") -> tuple[Message, int]:
        """One of the cards on their screen with this button and word, perhaps as it was before."""
        places: list[Conversation | None] = [None, self.setup.reviews]
        seen = [card for place in places for card in person.sees(place) if _has(card, button)]
        seen = [card for card in seen if saying in text(card)]
        if not seen:
            raise LookupError(f"{person.handle} sees no {button}")
        card = self._chance.choice(seen)
        request_id = int(_key(card).split(":")[1])
        return (card.as_shown() if self._chance.random() < 0.3 else card), request_id

    def _clicked(self, person: Person, request_id: int, answer: Answer) -> None:
        """Acknowledged: it counts, or somebody was faster; mallory's counts never.

        What a modal says at once went wrong does not count either.
        """
        told = answer.view is not None and apologises(answer.view)
        if answer.acked and not told and person.handle != "mallory":
            self._did(AckedAct("closed", person.id, request_id, at=self.setup.clock()))

    def _submitted(self, person: Person, request: Json) -> None:
        self._did(AckedAct("submitted", person.id, program=request["mini_program"]["id"]))

    def _did(self, act: AckedAct) -> None:
        self.acknowledged.append(act)
        if len(self.acknowledged) >= self._least:
            self.enough.set()

    def _somebody(self) -> Person:
        return self.setup.people[self._chance.choice(SUBMITTERS)]


def release(name: str, number: int, submitter: str, at: datetime) -> Json:
    """A release of a mini program that nothing else is about, in the interchange format."""
    sample, called = sample_of(Category.RELEASE), f"{name} {number}"
    kept = {each: sample["details"][each] for each in ("type", "target_app", "language", "version")}
    return sample | {
        "external_id": f"{name.lower()}-{number}",
        "title": f"Release {called}",
        "mini_program": {"id": f"{len(name)}{number:06}", "name": called},
        "submitted_by": submitter,
        "created_at": at.isoformat(),
        "details": {"name": called, **kept},
    }


def _modal(answer: Answer) -> Any:
    if not answer.acked or answer.view is None or answer.errors:
        raise LookupError(f"no modal opened: {answer.warning}")
    return answer.view


def _form(answer: Answer, request_id: int) -> Any:
    """The form about that request. One that an earlier click opened late is read, and left."""
    form = _modal(answer)
    if not str(form.payload.get("private_metadata")).startswith(f"{request_id}:"):
        raise LookupError(f"another form than that about MP-{request_id}")
    return form


def apologises(shown: Message | View) -> bool:
    """Whether it tells its reader that what they did may not count."""
    said = text(shown).lower()
    return any(words in said for words in ("went wrong", "nothing was changed", "not sure yet"))


def _key(message: Message) -> str:
    """What it was sent for; empty for what people wrote."""
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))


def _has(message: Message, button: str) -> bool:
    return any(control.action_id == button for control in controls(message.blocks))
