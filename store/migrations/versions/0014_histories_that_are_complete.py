"""Histories that are complete

An event now seals everything it changed, and what people wrote by a salted hash. What older
versions kept is checked, and sealed as it stands: the last event of each request says all that the
record has of it, the hash its history ended with before, and what was wrong with that.

The forms of both seals are written out here, as they were at this migration.
"""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GENESIS = "0" * 64
PORTION = 500
NAMED_BEFORE = 5
TEXTS = ("title", "mini_program_name", "details", "decision_reason")
FACTS = (
    *("external_id", "category", "mini_program_id", "environment", "version", "submitted_by"),
    *("created_at", "status", "completed_on", "stage", "decided_by", "rejection_class"),
    *("remind_at", "resubmission_of", "attempt", "release_stage", "moved_at"),
)
MOMENTS = {"created_at", "completed_on", "remind_at", "moved_at", "at"}


def columns(*names: str) -> list[sa.ColumnClause[Any]]:
    kinds = dict.fromkeys(MOMENTS, UTCDateTime()) | {"details": DOCUMENT, "data": DOCUMENT}
    return [sa.column(name, kinds.get(name)) for name in names]


REQUEST = sa.table("request", *columns("id", "revision", *FACTS, *TEXTS))
EVENT = sa.table(
    "event",
    *columns("request_id", "revision", "at", "actor", "kind", "data", "previous", "hash"),
)
ASSIGNMENT = sa.table("assignment", *columns("request_id", "stage", "reviewer"))
VOTE_COLUMNS = ("stage", "reviewer", "verdict", "rejection_class", "at")
VOTE = sa.table("vote", *columns("request_id", *VOTE_COLUMNS, "reason"))
SALT = sa.table("salt", *columns("request_id", "revision", "name", "salt"))


def upgrade() -> None:
    op.create_table(
        "salt",
        sa.Column("request_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_salt_request_id")),
        sa.PrimaryKeyConstraint("request_id", "revision", "name", name=op.f("pk_salt")),
    )
    connection, last, now = op.get_bind(), 0, datetime.now(UTC)
    newest: list[int] = []
    while rows := connection.execute(
        sa.select(REQUEST).where(REQUEST.c.id > last).order_by(REQUEST.c.id).limit(PORTION)
    ).fetchall():
        ids = [row.id for row in rows]
        events = _of(connection, EVENT, ids, EVENT.c.revision)
        assigned = _of(connection, ASSIGNMENT, ids, ASSIGNMENT.c.stage, ASSIGNMENT.c.reviewer)
        votes = _of(connection, VOTE, ids, VOTE.c.at)
        changed, salts = [], []
        for row in rows:
            if kept := events.get(row.id):
                everything, its_salts = _everything(row, kept, assigned, votes, newest, now)
                changed += _sealed(kept, everything)
                salts += its_salts
            newest = [row.id, *newest][:NAMED_BEFORE]
        if changed:
            connection.execute(_REWRITE, changed)
        if salts:
            connection.execute(sa.insert(SALT), salts)
        last = ids[-1]


_REWRITE = (
    sa.update(EVENT)
    .where(EVENT.c.request_id == sa.bindparam("its_request"))
    .where(EVENT.c.revision == sa.bindparam("its_revision"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("data", "previous", "hash")})
)


def _of(
    connection: sa.Connection, table: sa.TableClause, ids: list[int], *order: sa.ColumnClause[Any]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    rows = connection.execute(sa.select(table).where(table.c.request_id.in_(ids)).order_by(*order))
    for row in rows.fetchall():
        found.setdefault(row.request_id, []).append(row)
    return found


def _everything(
    row: Any,
    events: list[Any],
    assigned: dict[int, list[Any]],
    votes: dict[int, list[Any]],
    before: list[int],
    now: datetime,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the record has of a request, as the data of its last event; and the salts of it."""
    texts = {name: getattr(row, name) for name in TEXTS if getattr(row, name) is not None}
    empty = {name: None for name in TEXTS if name not in texts}
    cast = [
        {name: _value(getattr(v, name)) for name in VOTE_COLUMNS} for v in votes.get(row.id, [])
    ]
    for vote, kept in zip(cast, votes.get(row.id, []), strict=True):
        if kept.reason is None:
            vote["reason"] = None
        else:
            texts["vote_reason"] = kept.reason
    salts = {name: secrets.token_hex(16) for name in texts}
    data = {
        "set": {name: _value(getattr(row, name)) for name in FACTS} | empty,
        "texts": {name: _salted(texts[name], salt) for name, salt in salts.items()},
        "assigned": [[each.stage, each.reviewer] for each in assigned.get(row.id, [])],
        "after": list(before),
        "before": {
            "head": events[-1].hash,
            "finding": _finding(row, events),
            "at": now.isoformat(),
        },
    } | ({"votes": cast} if cast else {})
    place = {"request_id": row.id, "revision": events[-1].revision}
    return data, [place | {"name": name, "salt": salt} for name, salt in salts.items()]


def _sealed(events: list[Any], everything: dict[str, Any]) -> list[dict[str, Any]]:
    """These events in the new form, without what people wrote; the last one says everything."""
    changed, previous = [], GENESIS
    for event in events:
        said = event.data if isinstance(event.data, dict) else {}
        data = {name: said[name] for name in said if name not in {"title", "reason"}}
        if event is events[-1]:
            data |= everything
        facts = [event.request_id, event.revision, _value(event.at), event.actor, event.kind]
        new = hashlib.sha256(_canonical([*facts, data, previous]).encode()).hexdigest()
        changed.append(
            {
                "its_request": event.request_id,
                "its_revision": event.revision,
                "new_data": data,
                "new_previous": previous,
                "new_hash": new,
            }
        )
        previous = new
    return changed


def _finding(row: Any, events: list[Any]) -> str | None:
    """What was wrong with a history of the old form; None where it held."""
    previous = GENESIS
    for number in range(1, row.revision + 1):
        event = events[number - 1] if number <= len(events) else None
        if event is None or event.revision != number:
            return f"revision {number} was missing"
        if event.previous != previous or event.hash != _old_hash(event):
            return f"revision {number} did not hold"
        previous = event.hash
    if len(events) > row.revision:
        return "its history had more revisions than the record"
    said = [event for event in events if isinstance(event.data, dict) and event.kind != "moved"]
    stood = (row.title, row.status, row.rejection_class, row.decision_reason)
    wanted = ("title", "status", "rejection_class", "reason")
    if said and stood != tuple(said[-1].data.get(name) for name in wanted):
        return "the record was not what its history ended with"
    if row.decided_by not in {None, said[-1].actor if said else None}:
        return "the record named somebody else than its history"
    return None


def _old_hash(event: Any) -> str:
    facts = [event.request_id, event.revision, _value(event.at), event.actor, event.kind]
    text = json.dumps(
        [*facts, event.data, event.previous],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _salted(value: Any, salt: str) -> str:
    return hmac.new(salt.encode(), _canonical(value).encode(), hashlib.sha256).hexdigest()


def _canonical(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in {"-0", ""} else text
    if isinstance(value, dict):
        pairs = (f"{_canonical(key)}:{_canonical(value[key])}" for key in sorted(value))
        return f"{{{','.join(pairs)}}}"
    return f"[{','.join(map(_canonical, value))}]"
