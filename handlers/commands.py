"""`/mp-requests`: the table of subcommands. Each answers in the ack, only to who typed it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from blocks import decision_form, notices, request_text
from blocks.message import Message
from blocks.text import field, quote
from handlers import (
    clicks,
    command_text,
    exports,
    lists,
    release_stage,
    request_form,
    views,
    why,
)
from handlers.deps import Deps
from store.domain.access import Refused
from store.domain.lifecycle import Act
from store.domain.lists.query import Scope
from store.requests import read
from store.requests.decide import Decision, decide, examine

COMMAND = "/mp-requests"
_TOO_LATE = "Slack did not open the window in time. Nothing was changed; please try again."


class NoRequestNamedError(Exception):
    """A subcommand about one request was typed without the number of any."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command: who typed it, and what came after the subcommand."""

    user: str
    text: str
    trigger_id: str
    client: AsyncWebClient
    deps: Deps

    def request(self) -> tuple[int, str]:
        """The id of the request the text begins with, and the rest.

        Raises NoRequestNamedError; `run` answers it with the subcommand's example.
        """
        found = command_text.ref(self.text)
        if found is None:
            raise NoRequestNamedError
        return found


Answer = Message | str | None
"""A message, a sentence of finished mrkdwn, or nothing where a modal is the answer."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A word after the command. `arguments` is an example, `meaning` finished mrkdwn for help.

    `in_hint`: whether Slack names it while somebody types the command.
    """

    name: str
    arguments: str
    meaning: str
    run: Callable[[Call], Awaitable[Answer]]
    in_hint: bool = False

    @property
    def example(self) -> str:
        """As one types it after the command."""
        return f"{self.name} {self.arguments}".rstrip()


def register(app: AsyncApp) -> None:
    """Listen to the command."""
    app.command(COMMAND)(run)


async def run(ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Find the subcommand, run it, answer only to the person who typed it."""
    word, rest = command_text.split(command.get("text") or "")
    subcommand = _BY_NAME.get(word or "help")
    if subcommand is None and command_text.ref(word):
        subcommand, rest = _BY_NAME["show"], word
    call = Call(command["user_id"], rest, command["trigger_id"], client, deps)
    answer: Answer
    if subcommand is None:
        answer = _unknown(word)
    else:
        try:
            answer = await subcommand.run(call)
        except NoRequestNamedError:
            answer = f"Which request? Write its number: `{COMMAND} {subcommand.example}`"
    if answer is None:
        await ack()
    else:
        message = notices.plain(answer) if isinstance(answer, str) else answer
        await ack(response_type="ephemeral", **message.payload())


async def explain(_call: Call) -> Answer:
    """All of it, with one line each."""
    return notices.help([(each.example, each.meaning) for each in SUBCOMMANDS])


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
    return await _open(call, await request_form.begin_draft(call.user, call.deps))


async def show(call: Call) -> Answer:
    """Open the details of one request."""
    request_id, _ = call.request()
    deps = call.deps
    seen = await read.look(
        deps.db, request_id, viewer=call.user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(seen, Refused):
        return await clicks.worded(seen, call.user, call.deps)
    opening = partial(call.client.views_open, trigger_id=call.trigger_id)
    return None if await views.show_details(opening, seen) else _TOO_LATE


async def approve(call: Call) -> Answer:
    """Approve by name."""
    request_id, _ = call.request()
    return await _decide(call, Decision(request_id, Act.APPROVE, call.user, call.deps.clock()))


async def reject(call: Call) -> Answer:
    """Reject by name with the reason that follows; without one, ask for it in the form."""
    request_id, rest = call.request()
    reason = command_text.said(rest)
    if len(reason) > decision_form.REASON_LIMIT:
        return (
            f"A reason has at most {decision_form.REASON_LIMIT:,} characters; "
            f"this has {len(reason):,}. Nothing was changed."
        )
    decision = Decision(request_id, Act.REJECT, call.user, call.deps.clock(), reason=reason)
    return await _decide(call, decision) if reason else await _ask_why(call, decision)


async def withdraw(call: Call) -> Answer:
    """Take one's own request back."""
    request_id, _ = call.request()
    return await _decide(call, Decision(request_id, Act.WITHDRAW, call.user, call.deps.clock()))


async def move(call: Call) -> Answer:
    """Say where an approved release stands."""
    request_id, rest = call.request()
    return await release_stage.move(request_id, rest, call.user, call.deps)


async def explain_why(call: Call) -> Answer:
    """Who may decide a request, who was told, what comes next."""
    request_id, _ = call.request()
    return await why.explain(request_id, call.user, call.deps)


SUBCOMMANDS = (
    Subcommand("new", "", "submit a request", new, in_hint=True),
    Subcommand("mine", "", "My Requests: what you submitted", mine, in_hint=True),
    Subcommand("approvals", "", "My Approvals: what is assigned to you", approvals, in_hint=True),
    Subcommand("list", "", "every request you can see", everything, in_hint=True),
    Subcommand(
        "export",
        "",
        "download a list: filters as below, and `csv`, `xlsx` or `json`",
        export,
        in_hint=True,
    ),
    Subcommand("show", "MP-12", "one request in full", show, in_hint=True),
    Subcommand("approve", "MP-12", "approve it", approve),
    Subcommand("reject", "MP-12 reason", "reject it and say why", reject),
    Subcommand("withdraw", "MP-12", "take back your own request", withdraw),
    Subcommand(
        "stage",
        "MP-12 pilot",
        f"say where your approved release stands: {release_stage.WORDS}",
        move,
    ),
    Subcommand(
        "why", "MP-12", "who may decide it, who was told when, what happens next", explain_why
    ),
    Subcommand("help", "", "this overview", explain, in_hint=True),
)
"""In the order of help, of the hint Slack shows while one types, and of the README."""
_BY_NAME = {each.name: each for each in SUBCOMMANDS}


async def _ask_why(call: Call, decision: Decision) -> Answer:
    """Open the reject form for who may reject; the others hear at once why not."""
    answer = await examine(call.deps.db, decision, call.deps.policy)
    if isinstance(answer, Refused):
        return await clicks.worded(answer, call.user, call.deps)
    return await _open(call, decision_form.build(answer))


async def _decide(call: Call, decision: Decision) -> Answer:
    """What was done, from the state it led to, never from what was asked for."""
    answer = await decide(call.deps.db, decision, call.deps.policy)
    if isinstance(answer, Refused):
        return await clicks.worded(answer, call.user, call.deps)
    reason = f"\n{quote(answer.decision_reason)}" if answer.decision_reason else ""
    return f"{request_text.verdict(answer)}\n{request_text.named(answer)} · {answer.ref}{reason}"


async def _open(call: Call, view: View) -> Answer:
    opened = await views.shown(call.client.views_open(trigger_id=call.trigger_id, view=view))
    return None if opened else _TOO_LATE


def _unknown(word: str) -> str:
    near = get_close_matches(word, _BY_NAME, n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    shown = field(command_text.said(word).replace("`", ""), 60)
    return f"I don't know `{shown}`. {hint}`{COMMAND} help` lists what I can do."
