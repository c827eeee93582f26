"""A plain approvals bot to be measured beside: Bolt and SQLModel as their documentation has them.

    python -m tests.bench.plain_bot                      answers Slack, and prints where it listens
    python -m tests.bench.plain_bot import FILE SECONDS  stores requests and posts their cards

It is what a careful author writes in a day. A decision is an UPDATE guarded by the status, then
comes the commit, then `ack()`, then a `chat.update` for each copy of the card, the clicked one
first, and a word to the submitter. The Slack client waits where Slack answers 429. What it leaves
out, in return for being plain: what it has yet to send is gone when the process ends.

It imports nothing of the product, and was committed before the first figure was taken.
"""

import asyncio
import csv
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

REVIEWERS = os.environ["REVIEWERS"].split(",")
CHANNEL = os.environ["CHANNEL"]
UNDER_REVIEW, APPROVED, REJECTED = "under_review", "approved", "rejected"
RETRIES = 100
"""How often a call is tried again that Slack puts off: no copy is lost for want of patience."""


class Request(SQLModel, table=True):
    """What somebody asks for, and what became of it."""

    __tablename__ = "plain_request"

    id: int | None = Field(default=None, primary_key=True)
    title: str
    program_id: str = Field(index=True)
    program_name: str
    environment: str
    version: str
    submitted_by: str
    created_at: str
    status: str = UNDER_REVIEW
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str | None = None


class Card(SQLModel, table=True):
    """A copy of a request in Slack."""

    __tablename__ = "plain_card"

    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="plain_request.id", index=True)
    channel: str
    ts: str


engine = create_async_engine(os.environ["DATABASE_URL"])
slack = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
slack.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=RETRIES))
app = AsyncApp(client=slack, signing_secret=os.environ["SLACK_SIGNING_SECRET"])


@app.action("approve")
async def approve(
    ack: AsyncAck,
    body: dict[str, Any],
    action: dict[str, Any],
    client: AsyncWebClient,
    respond: AsyncRespond,
) -> None:
    """Record it, acknowledge, then show it."""
    request = await decide(int(action["value"]), by=body["user"]["id"], status=APPROVED)
    await ack()
    if request is None:
        await respond("Only reviewers decide, and only once.", replace_original=False)
    else:
        await show(client, request, clicked=body["container"]["message_ts"])


@app.action("reject")
async def ask_why(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], client: AsyncWebClient
) -> None:
    """Open the form; it remembers which request, and which card was clicked."""
    await ack()
    about = {"request": action["value"], "card": body["container"]["message_ts"]}
    await client.views_open(
        trigger_id=body["trigger_id"],
        view={
            "type": "modal",
            "callback_id": "reject",
            "private_metadata": json.dumps(about),
            "title": {"type": "plain_text", "text": "Reject"},
            "submit": {"type": "plain_text", "text": "Reject"},
            "blocks": [
                {
                    "type": "input",
                    "block_id": "reason",
                    "label": {"type": "plain_text", "text": "Reason"},
                    "element": {"type": "plain_text_input", "action_id": "reason"},
                }
            ],
        },
    )


@app.view("reject")
async def reject(
    ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
) -> None:
    """Record it with its reason, acknowledge, then show it."""
    about = json.loads(view["private_metadata"])
    reason = view["state"]["values"]["reason"]["reason"]["value"]
    user = body["user"]["id"]
    request = await decide(int(about["request"]), by=user, status=REJECTED, reason=reason)
    if request is None:
        await ack(
            response_action="errors",
            errors={"reason": "Only reviewers decide, and only once."},
        )
    else:
        await ack()
        await show(client, request, clicked=about["card"])


@app.command("/plain-export")
async def export(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
    """All requests as a CSV file, by direct message."""
    await ack("Your file is being made.")
    with tempfile.NamedTemporaryFile("w", newline="", suffix=".csv") as file:
        writer = csv.writer(file)
        async with AsyncSession(engine) as session:
            newest = select(Request).order_by(col(Request.id).desc())
            rows = await session.stream_scalars(newest.execution_options(yield_per=1000))
            async for request in rows:
                writer.writerow(request.model_dump().values())
        file.flush()
        opened = await client.conversations_open(users=body["user_id"])
        await client.files_upload_v2(
            channel=opened["channel"]["id"], file=file.name, filename="requests.csv"
        )


async def decide(
    request_id: int, *, by: str, status: str, reason: str | None = None
) -> Request | None:
    """End the review; None where they may not, or somebody else was first."""
    if by not in REVIEWERS:
        return None
    decision = (
        update(Request)
        .where(col(Request.id) == request_id, col(Request.status) == UNDER_REVIEW)
        .values(status=status, decided_by=by, decided_at=datetime.now(UTC).isoformat())
        .values(reason=reason)
    )
    async with AsyncSession(engine, expire_on_commit=False) as session:
        changed = await session.exec(decision)
        request = await session.get(Request, request_id)
        await session.commit()
    return request if changed.rowcount else None


async def show(client: AsyncWebClient, request: Request, *, clicked: str) -> None:
    """Bring every copy up to date, the clicked one first, and tell the submitter."""
    async with AsyncSession(engine) as session:
        copies = (await session.exec(select(Card).where(Card.request_id == request.id))).all()
    for card in sorted(copies, key=lambda card: card.ts != clicked):
        await client.chat_update(channel=card.channel, ts=card.ts, **draw(request))
    outcome = f"Your request {request.title} was {request.status} by <@{request.decided_by}>."
    await client.chat_postMessage(channel=request.submitted_by, text=outcome)


def draw(request: Request) -> dict[str, Any]:
    """The card as it is now: buttons while it waits, then who decided."""
    facts = (
        f"*{request.title}*\n{request.program_name} ({request.program_id}) {request.version}, "
        f"{request.environment}\nSubmitted by <@{request.submitted_by}>"
    )
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": facts}},
    ]
    if request.status == UNDER_REVIEW:
        blocks.append(
            {
                "type": "actions",
                "elements": [
                    button("approve", "Approve", "primary", request),
                    button("reject", "Reject", "danger", request),
                ],
            }
        )
    else:
        said = f"{request.status.capitalize()} by <@{request.decided_by}>"
        said += f": {request.reason}" if request.reason else ""
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": said}})
    return {"text": request.title, "blocks": blocks}


def button(action: str, text: str, style: str, request: Request) -> dict[str, Any]:
    """One of the two."""
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        "style": style,
        "value": str(request.id),
    }


async def import_lines(lines: list[str], pause: float) -> None:
    """Store each request and post its card to the reviewers, the channel and the submitter.

    `pause` is the seconds between two requests: Slack takes one message a second and conversation.
    """
    await create_tables()
    for line in lines:
        request = Request(**json.loads(line))
        async with AsyncSession(engine, expire_on_commit=False) as session:
            session.add(request)
            await session.commit()
            for reader in (*REVIEWERS, CHANNEL, request.submitted_by):
                posted = await slack.chat_postMessage(channel=reader, **draw(request))
                assert request.id, "it was just stored"
                session.add(Card(request_id=request.id, channel=posted["channel"], ts=posted["ts"]))
            await session.commit()
        await asyncio.sleep(pause)


async def create_tables() -> None:
    """Unless they are there."""
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


async def serve() -> None:
    """Until the process is ended."""
    await create_tables()
    runner = web.AppRunner(app.web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        requests = Path(sys.argv[2]).read_text("utf-8").splitlines()
        asyncio.run(import_lines(requests, pause=float(sys.argv[3])))
    else:
        asyncio.run(serve())
