"""`/mp-requests`: the table of subcommands. Each answers in the ack, only to who typed it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import buttons, decision_form, notices
from blocks.message import Message
from blocks.text import line
from handlers import (
    absences,
    clicks,
    command_text,
    emergency,
    exports,
    hand_over,
    hide,
    lists,
    notes,
    questions,
    release_stage,
    replies,
    request_form,
    several,
    views,
    watching,
    why,
)
from handlers.deps import Deps
from handlers.places import BesideMessage, NewModal, place_of, show_view
from store import people
from store.domain import request_number
from store.domain.access import Refused, Role
from store.domain.lifecycle import Act
from store.domain.lists.query import Scope
from store.domain.questions import TEXT_LIMIT
from store.domain.typed_text import folded, seen
from store.messages import outbox, slots
from store.messages.outbox import Kind, Owed
from store.requests import read
from store.requests.decide import Decision

COMMAND = "/mp-requests"
_TOO_LATE = "Slack did not open the window in time. Nothing was changed; please try again."


class NotUnderstoodError(Exception):
    """What was typed after a subcommand is not all understood, so nothing is done.

    The text is the sentence for who typed it, in finished mrkdwn.
    """


@dataclass(frozen=True, slots=True)
class Call:
    """One command: who typed it, the subcommand, and what came after it as Slack delivers it."""

    user: str
    subcommand: "Subcommand"
    text: str
    trigger_id: str
    client: AsyncWebClient
    deps: Deps

    def requests(self, *, before_reason: bool = False) -> tuple[tuple[int, ...], str]:
        """The requests that the text begins with, and the rest as it was typed.

        `before_reason`: a bare number after the first belongs to the rest.
        Raises NotUnderstoodError where there is none, and where there are too many.
        """
        numbers, rest = request_number.several(seen(self.text), only_named=before_reason)
        if not numbers:
            example = f"`{COMMAND} {self.subcommand.example}`"
            raise NotUnderstoodError(f"Which request? Write its number: {example}")
        if len(numbers) > several.MOST:
            raise NotUnderstoodError(
                f"This names {len(numbers)} requests; at most {several.MOST} go at once. "
                "Nothing was changed."
            )
        return numbers, rest

    def only_requests(self) -> tuple[int, ...]:
        """The requests that are all of the text. Raises NotUnderstoodError."""
        numbers, rest = self.requests()
        self._nothing_more(rest, after=", ".join(f"MP-{number}" for number in numbers))
        return numbers

    def one_request(self, *, before_reason: bool = False) -> tuple[int, str]:
        """The one request that the text begins with, and the rest. Raises NotUnderstoodError."""
        (number, *others), rest = self.requests(before_reason=before_reason)
        if others:
            raise NotUnderstoodError(
                f"`{self.subcommand.name}` takes one request at a time. Nothing was changed."
            )
        return number, rest

    def only_request(self) -> int:
        """The one request that is all of the text. Raises NotUnderstoodError."""
        number, rest = self.one_request()
        self._nothing_more(rest, after=f"MP-{number}")
        return number

    def nothing(self) -> None:
        """Raises NotUnderstoodError where anything was typed after the subcommand."""
        self._nothing_more(command_text.said(self.text))

    def _nothing_more(self, rest: str, *, after: str = "") -> None:
        if rest:
            name = self.subcommand.name
            alone = f"{COMMAND} {name} {after.replace(',', '')}".rstrip()
            raise NotUnderstoodError(
                f"I don't know what {_echo(rest)} means after `{name}{f' {after}' * bool(after)}`, "
                f"so nothing was changed. Without it: `{alone}`"
            )


Answer = Message | str | None
"""A message, a sentence of finished mrkdwn, or nothing where a modal is the answer."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A word after the command. `arguments` is an example, `meaning` finished mrkdwn for help.

    `in_hint`: whether Slack names it while somebody types the command. `helps`: the roles whose
    short help names it.
    """

    name: str
    arguments: str
    meaning: str
    run: Callable[[Call], Awaitable[Answer]]
    in_hint: bool = False
    helps: tuple[Role, ...] = ()

    @property
    def example(self) -> str:
        """As one types it after the command."""
        return f"{self.name} {self.arguments}".rstrip()


def register(app: AsyncApp) -> None:
    """Listen to the command."""
    app.command(COMMAND)(run)
    app.action(buttons.HELP)(explain_all)
    app.event("message")(answer_message)


async def run(ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Find the subcommand, run it, answer only to the person who typed it."""
    text = command.get("text") or ""
    word, rest = command_text.split(text)
    subcommand = _BY_NAME.get(word or "help")
    if subcommand is None and request_number.leading(seen(text)):
        subcommand, rest = _BY_NAME["show"], text
    answer: Answer
    if subcommand is None:
        answer = _unknown(word)
    else:
        call = Call(command["user_id"], subcommand, rest, command["trigger_id"], client, deps)
        try:
            answer = await subcommand.run(call)
        except NotUnderstoodError as sentence:
            answer = str(sentence)
    if answer is None:
        await ack()
    else:
        message = notices.plain(answer) if isinstance(answer, str) else answer
        await ack(response_type="ephemeral", **message.payload())


async def explain(call: Call) -> Answer:
    """What somebody of their role uses, and the way to the rest."""
    async with call.deps.db.snapshot() as session:
        roster = await people.roster(session, call.deps.policy, only={call.user})
    return help_for(roster.role_of(call.user))


async def explain_all(ack: AsyncAck, body: dict[str, Any], deps: Deps) -> None:
    """All of it, in place of the few lines."""
    place = place_of(body)
    if isinstance(place, BesideMessage):
        data = {"url": place.response_url}
        await outbox.owe_reply(deps.db, Kind.HELP, body["user"]["id"], data=data, now=deps.clock())
    await ack()


async def explain_beside(
    ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, deps: Deps
) -> None:
    """All of it, beside the list whose menu it was chosen from."""
    match place_of(body):
        case BesideMessage(url):
            data = {"url": url, "replace": False}
            user, now = body["user"]["id"], deps.clock()
            await outbox.owe_reply(deps.db, Kind.HELP, user, data=data, now=now)
        case NewModal() as home:
            await show_view(client, home, notices.as_view("Help", help_for(None)))
    await ack()


async def answer_message(event: dict[str, Any], deps: Deps) -> None:
    """Somebody wrote to the bot: in the thread of a question that is an answer to it; anywhere else
    help comes in the same place. Not to bots, edits and deletions.

    Slack delivers an event again whose answer it has missed: help to one message comes once.
    """
    if await replies.take(event, deps):
        return
    if event.get("channel_type") != "im" or event.get("subtype") or event.get("bot_id"):
        return
    user, ts = event.get("user"), event.get("ts")
    if isinstance(user, str) and isinstance(ts, str):
        async with deps.db.transaction() as session:
            owed = Owed.post(Kind.HELP, user, user, ts)
            await slots.owe_once(session, [owed], now=deps.clock())


def help_for(role: Role | None) -> Message:
    """The lines of help for somebody of this role; for None all of them."""
    rows = [
        (each.example, each.meaning) for each in SUBCOMMANDS if role is None or role in each.helps
    ]
    return notices.help(rows, role)


async def mine(call: Call) -> Answer:
    """My Requests."""
    return await lists.first_page(call.text, Scope.MINE, call.user, call.deps)


async def approvals(call: Call) -> Answer:
    """My Approvals: what is assigned to the asker."""
    return await lists.first_page(call.text, Scope.APPROVALS, call.user, call.deps)


async def everything(call: Call) -> Answer:
    """Every request the asker may see."""
    return await lists.first_page(call.text, Scope.ALL, call.user, call.deps)


async def export(call: Call) -> Answer:
    """A list as a file."""
    return await exports.ask(call.text, call.user, call.deps)


async def new(call: Call) -> Answer:
    """Open the form."""
    call.nothing()
    return await _open(call, await request_form.begin_draft(call.user, call.deps))


async def show(call: Call) -> Answer:
    """Open the details of one request."""
    request_id = call.only_request()
    deps = call.deps
    seen = await read.look(
        deps.db, request_id, viewer=call.user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(seen, Refused):
        return await clicks.worded(seen, call.user, call.deps)
    opening = partial(call.client.views_open, trigger_id=call.trigger_id)
    return None if await views.show_details(opening, seen) else _TOO_LATE


async def approve(call: Call) -> Answer:
    """Ask once with each request in view; a `yes` behind them is the answer, where it may be."""
    numbers, rest = call.requests()
    is_sure = folded(command_text.said(rest)) == "yes"
    if not is_sure:
        numbers = call.only_requests()
    decisions = [Decision(n, Act.APPROVE, call.user, call.deps.clock()) for n in numbers]
    quick = await several.quick(decisions, call.deps) if is_sure else None
    if isinstance(quick, Refused):
        return await clicks.worded(quick, call.user, call.deps)
    return await several.decided(quick, call.deps) if quick else await _ask(call, decisions)


async def reject(call: Call) -> Answer:
    """Open the form with each request in view, filled in with the reason that follows them."""
    numbers, rest = call.requests(before_reason=True)
    reason = command_text.said(rest)
    if len(reason) > decision_form.REASON_LIMIT:
        return (
            f"A reason has at most {decision_form.REASON_LIMIT:,} characters; "
            f"this has {len(reason):,}. Nothing was changed."
        )
    if any(map(str.isdigit, reason)) and not any(map(str.isalpha, reason)):
        return (
            f"{_echo(reason)} does not read like a reason, so nothing was changed. Write the "
            "numbers first, each with MP, then say what to change: "
            f"`{COMMAND} reject MP-12 MP-13 reason`"
        )
    now = call.deps.clock()
    return await _ask(
        call, [Decision(n, Act.REJECT, call.user, now, reason=reason) for n in numbers]
    )


async def withdraw(call: Call) -> Answer:
    """Take one's own requests back."""
    numbers = call.only_requests()
    decisions = [Decision(n, Act.WITHDRAW, call.user, call.deps.clock()) for n in numbers]
    return await several.decided(decisions, call.deps)


async def move(call: Call) -> Answer:
    """Say where an approved release stands."""
    request_id, rest = call.one_request()
    return await release_stage.move(request_id, rest, call.user, call.deps)


async def take_note(call: Call) -> Answer:
    """Tell the other reviewers something; without words the form opens."""
    request_id, text = call.one_request(before_reason=True)
    if command_text.said(text):
        return await notes.typed(request_id, text, call.user, call.deps)
    return await _opened(call, await notes.form(request_id, call.user, call.deps))


async def ask_submitter(call: Call) -> Answer:
    """Open the form with the request in view, filled in with the question that follows it."""
    request_id, rest = call.one_request(before_reason=True)
    text = _of_length("A question", rest)
    return await _opened(
        call, await questions.asking_form(request_id, call.user, call.deps, text=text)
    )


async def answer_question(call: Call) -> Answer:
    """Open the form with the first open question in view, filled in with the answer."""
    request_id, rest = call.one_request(before_reason=True)
    text = _of_length("An answer", rest)
    return await _opened(
        call, await questions.answering_form(request_id, call.user, call.deps, text=text)
    )


async def watch(call: Call) -> Answer:
    """Hear how a request ends."""
    return await watching.begin(call.only_request(), call.user, call.deps)


async def unwatch(call: Call) -> Answer:
    """Not any more."""
    return await watching.end(call.only_request(), call.user, call.deps)


async def explain_why(call: Call) -> Answer:
    """Who may decide a request, who was told, what comes next."""
    request_id = call.only_request()
    return await why.explain(request_id, call.user, call.deps)


async def hand(call: Call) -> Answer:
    """Hand a request to somebody."""
    before, to = command_text.before_person(call.text)
    request_id = replace(call, text=before).only_request() if to else call.one_request()[0]
    if to is None:
        return (
            "To whom? Type @ after the number and pick the person: "
            f"`{COMMAND} {call.subcommand.example}`. Nothing was changed."
        )
    return await hand_over.hand(request_id, to, call.user, call.deps)


async def approve_alone(call: Call) -> Answer:
    """Open the form that approves in an emergency."""
    return await _opened(call, await emergency.form(call.only_request(), call.user, call.deps))


async def redact(call: Call) -> Answer:
    """Open the form that hides what somebody wrote; it is shown there once more."""
    request_id, rest = call.one_request(before_reason=True)
    form = await hide.form(request_id, rest, call.user, call.deps)
    return form if isinstance(form, str) else await _opened(call, form)


async def away(call: Call) -> Answer:
    """Be away, or set somebody else as away."""
    return await absences.go(call.text, call.user, call.deps)


async def back(call: Call) -> Answer:
    """Be back."""
    return await absences.come_back(call.text, call.user, call.deps)


_S, _R, _A = Role.SUBMITTER, Role.REVIEWER, Role.ADMIN
SUBCOMMANDS = (
    Subcommand("new", "", "submit a request", new, in_hint=True, helps=(_S,)),
    Subcommand("mine", "", "My Requests: what you submitted", mine, in_hint=True, helps=(_S,)),
    Subcommand(
        "approvals",
        "",
        "My Approvals: what is assigned to you",
        approvals,
        in_hint=True,
        helps=(_R, _A),
    ),
    Subcommand("list", "", "every request you can see", everything, in_hint=True, helps=(_A,)),
    Subcommand(
        "export",
        "",
        "download a list: filters as below, and `csv`, `xlsx` or `json`",
        export,
        in_hint=True,
        helps=(_A,),
    ),
    Subcommand("show", "MP-12", "one request in full", show, in_hint=True, helps=(_S, _R)),
    Subcommand("approve", "MP-12", "approve it", approve, helps=(_R,)),
    Subcommand("reject", "MP-12 reason", "reject it and say why", reject, helps=(_R,)),
    Subcommand("withdraw", "MP-12", "take back your own request", withdraw, helps=(_S,)),
    Subcommand(
        "stage",
        "MP-12 pilot",
        f"say where your approved release stands: {release_stage.WORDS}",
        move,
    ),
    Subcommand(
        "why",
        "MP-12",
        "who may decide it, who was told when, what happens next",
        explain_why,
        helps=(_A,),
    ),
    Subcommand(
        "ask",
        "MP-12 question",
        "ask its submitter before you decide: it is shown with your question first",
        ask_submitter,
    ),
    Subcommand(
        "answer",
        "MP-12 answer",
        "answer what you are asked: it is shown with your answer first",
        answer_question,
    ),
    Subcommand("watch", "MP-12", "hear how it ends; `unwatch MP-12` ends that", watch),
    Subcommand("unwatch", "MP-12", "stop watching it", unwatch),
    Subcommand("note", "MP-12 text", "tell the other reviewers; never its submitter", take_note),
    Subcommand(
        "hand",
        "MP-12 to @carol",
        "hand it over to another reviewer of its stage; an admin to anybody",
        hand,
    ),
    Subcommand(
        "emergency",
        "MP-12",
        "approve it alone, if the policy names you; it asks for a reason and the incident",
        approve_alone,
    ),
    Subcommand(
        "redact",
        "MP-12 question 2",
        "for admins: hide a question, an answer, a note or a reason; it is shown and asked about "
        "first",
        redact,
    ),
    Subcommand(
        "away",
        "until 3 Dec to @carol",
        "be away until that day; @carol stands in for you",
        away,
    ),
    Subcommand("back", "", "say that you are back", back),
    Subcommand("help", "", "this overview", explain, in_hint=True),
)
"""In the order of help, of the hint Slack shows while one types, and of the README."""
_BY_NAME = {each.name: each for each in SUBCOMMANDS}


async def _ask(call: Call, decisions: Sequence[Decision]) -> Answer:
    """Open the form that asks about those that this person may decide.

    Why they may not decide the others is said in it; at once, where they may decide none.
    """
    form = await several.form(decisions, call.deps)
    return form if isinstance(form, Message) else await _open(call, form)


async def _opened(call: Call, form: View | Refused) -> Answer:
    """The form, or why they may not."""
    if isinstance(form, Refused):
        return await clicks.worded(form, call.user, call.deps)
    return await _open(call, form)


async def _open(call: Call, view: View) -> Answer:
    opened = await views.shown(call.client.views_open(trigger_id=call.trigger_id, view=view))
    return None if opened else _TOO_LATE


def _of_length(what: str, typed: str) -> str:
    """What was said, where it is not too long for the form. Raises NotUnderstoodError."""
    text = command_text.said(typed)
    if len(text) > TEXT_LIMIT:
        raise NotUnderstoodError(
            f"{what} has at most {TEXT_LIMIT:,} characters; this has {len(text):,}. "
            "Nothing was changed."
        )
    return text


def _unknown(word: str) -> str:
    near = get_close_matches(word, _BY_NAME, n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    shown = _echo(command_text.said(word))
    return f"I don't know {shown}. {hint}`{COMMAND} help` lists what I can do."


def _echo(words: str) -> str:
    """What somebody typed, as a sentence of ours repeats it."""
    return f"`{line(words.replace('`', ''), 60)}`"
