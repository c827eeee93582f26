"""Who may do what in PostgreSQL: the owner of the tables, the bot, and an auditor who only reads.

What must stay true: the bot has no UPDATE and no DELETE where the record is append-only, so that
whoever takes over the bot can add to a history, and rewrite none.
"""

from collections.abc import Iterator

from store.tables import metadata

OWNER, BOT, AUDITOR = "approvals_owner", "approvals_bot", "approvals_auditor"
_EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"
_APPEND_ONLY = "SELECT, INSERT"
_OF_THE_BOT = {
    "event": _APPEND_ONLY,
    "leaf": _APPEND_ONLY,
    "node": _APPEND_ONLY,
    "checkpoint": "SELECT, INSERT, UPDATE (webhook_at)",
    "request": "SELECT, INSERT, UPDATE",
    "vote": "SELECT, INSERT, UPDATE (verdict, rejection_class, reason, at, cast_for, note)",
    "question": "SELECT, INSERT, UPDATE",
    "note": "SELECT, INSERT, UPDATE (note)",
    "salt": "SELECT, INSERT, DELETE",
    "hidden": "SELECT, INSERT, DELETE",
}
"""Where it is not everything."""
_OF_THE_AUDITOR = (
    *("request", "assignment", "vote", "question", "note", "event", "salt", "hidden"),
    *("card", "leaf", "node", "checkpoint", "person", "alembic_version"),
)
"""What `audit verify`, `prove` and `export` read."""


def statements() -> Iterator[str]:
    """The SQL for a superuser, who may run it again after each migration."""
    for role in (OWNER, BOT, AUDITOR):
        yield (
            f"DO $$ BEGIN CREATE ROLE {role} LOGIN; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        )
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};"
    yield f"GRANT USAGE ON SCHEMA public TO {BOT}, {AUDITOR};"
    tables = [*sorted(metadata.tables), "alembic_version"]
    for table in tables:
        yield f"ALTER TABLE {table} OWNER TO {OWNER};"
        yield f"REVOKE ALL ON {table} FROM {BOT}, {AUDITOR};"
    for table in tables:
        allowed = "SELECT" if table == "alembic_version" else _OF_THE_BOT.get(table, _EVERYTHING)
        yield f"GRANT {allowed} ON {table} TO {BOT};"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {BOT};"
    yield f"GRANT SELECT ON {', '.join(_OF_THE_AUDITOR)} TO {AUDITOR};"
