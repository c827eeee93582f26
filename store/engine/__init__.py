"""The machinery under the rows: connections, transactions, batches, migrations, backups.

SQLModel's `select`, `exec` and table classes are used everywhere; SQLAlchemy Core only in the named
hot statements, each with its measured reason beside it. Open `database.py` first.
"""
