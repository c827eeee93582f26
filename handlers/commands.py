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


@dataclass(frozen=True, slots=True)
class Call:
    """One command: who typed it, and what came after the subcommand."""

    user: str
    text: str
    trigger_id: str
    client: AsyncWebClient
    deps: Deps


Answer = Message | str | None
"""A message, a sentence of finished mrkdwn, or nothing where a modal is the answer."""


def register(app: AsyncApp) -> None:
    """Listen to the command."""
    app.command(COMMAND)(run)


async def run(ack: AsyncAck, command: dict[str, Any], client: AsyncWebClient, deps: Deps) -> None:
    """Find the subcommand, run it, answer only to the person who typed it."""
    word, rest = command_text.split(command.get("text") or "")
    call = Call(command["user_id"], rest, command["trigger_id"], client, deps)
    if word in SUBCOMMANDS:
        answer = await SUBCOMMANDS[word](call)
    elif command_text.ref(word):
        answer = await show(Call(call.user, word, call.trigger_id, client, deps))
    else:
        answer = _unknown(word)
    if answer is None:
        await ack()
    else:
        message = notices.plain(answer) if isinstance(answer, str) else answer
        await ack(response_type="ephemeral", **message.payload())


async def explain(_call: Call) -> Answer:
    """All of it, with one line each."""
    return notices.help()


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
    return await _open(call, await request_form.begun(call.user, call.deps))


async def show(call: Call) -> Answer:
    """Open the details of one request."""
    found = command_text.ref(call.text)
    if not found:
        return _which("show")
    deps = call.deps
    seen = await read.look(
        deps.db, found[0], viewer=call.user, policy=deps.policy, now=deps.clock()
    )
    if isinstance(seen, Refused):
        return await clicks.worded(seen, call.user, call.deps)
    opening = partial(call.client.views_open, trigger_id=call.trigger_id)
    return None if await views.show_details(opening, seen) else _TOO_LATE


async def approve(call: Call) -> Answer:
    """Approve by name."""
    found = command_text.ref(call.text)
    if not found:
        return _which("approve")
    return await _decide(call, Decision(found[0], Act.APPROVE, call.user, call.deps.clock()))


async def reject(call: Call) -> Answer:
    """Reject by name with the reason that follows; without one, ask for it in the form."""
    found = command_text.ref(call.text)
    if not found:
        return _which("reject", " reason")
    request_id, reason = found[0], command_text.said(found[1])
    if len(reason) > decision_form.REASON_LIMIT:
        return (
            f"A reason has at most {decision_form.REASON_LIMIT:,} characters; "
            f"this has {len(reason):,}. Nothing was changed."
        )
    decision = Decision(request_id, Act.REJECT, call.user, call.deps.clock(), reason=reason)
    return await _decide(call, decision) if reason else await _ask_why(call, decision)


async def withdraw(call: Call) -> Answer:
    """Take one's own request back."""
    found = command_text.ref(call.text)
    if not found:
        return _which("withdraw")
    return await _decide(call, Decision(found[0], Act.WITHDRAW, call.user, call.deps.clock()))


async def move(call: Call) -> Answer:
    """Say where an approved release stands."""
    found = command_text.ref(call.text)
    if not found:
        return _which("stage", " pilot")
    return await release_stage.move(found[0], found[1], call.user, call.deps)


async def explain_why(call: Call) -> Answer:
    """Who may decide a request, who was told, what comes next."""
    found = command_text.ref(call.text)
    if not found:
        return _which("why")
    return await why.explain(found[0], call.user, call.deps)


SUBCOMMANDS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "": explain,
    "help": explain,
    "new": new,
    "mine": mine,
    "approvals": approvals,
    "list": everything,
    "export": export,
    "show": show,
    "approve": approve,
    "reject": reject,
    "withdraw": withdraw,
    "stage": move,
    "why": explain_why,
}


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


def _which(subcommand: str, more: str = "") -> str:
    return f"Which request? Write its number: `{COMMAND} {subcommand} MP-12{more}`"


def _unknown(word: str) -> str:
    near = get_close_matches(word, [name for name in SUBCOMMANDS if name], n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    shown = field(command_text.said(word).replace("`", ""), 60)
    return f"I don't know `{shown}`. {hint}`{COMMAND} help` lists what I can do."
