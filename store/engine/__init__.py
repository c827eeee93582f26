"""The machinery under the rows: connections, transactions, batches, migrations, backups.

One rule for every statement of the store. SQLModel's table classes, `select` and `session.exec`
are the way; what SQLModel exports is imported from it. SQLAlchemy Core, which is `execute` of
`database.py`, runs hot statements only: those of every click, list page, claim and sent message.
A hot statement is made once, in a constant or a cached function, and `# Hot:` beside it says where
it runs. Measured on SQLite, `execute` takes a fifth of the time of the same SELECT by
`session.exec`, a third for an UPDATE, and a twelfth for an INSERT of four rows as objects.

What is read together or needs no answer is asked by `ask`, which sends it with the rest; what that
saves stands in `asking.py`, and `tests/store/test_round_trips.py` holds how often an act waits.

SQLAlchemy itself is imported for what SQLModel has no word for: types, dialects (ON CONFLICT),
events and errors. Open `database.py` first.
"""
