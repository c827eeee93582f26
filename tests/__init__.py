"""The tests, and which of three harnesses a new one takes:

- `harness_blocks`: what a builder or a pure rule gives for a snapshot. No database, no loop, no
  Slack; for tests/domain and tests/blocks, and the first choice wherever it is enough.
- `harness_store`: what the record keeps, on SQLite and on PostgreSQL. For tests/store.
- `harness_slack`: what people see and do, the whole bot at a sandbox Slack. For tests/stories,
  tests/handlers and tests/bot.

All tell of one `cast`, on a `clock` that they move. Beside them: bot/installation (`mp-approvals`
as a process), browser (the sandbox's page in Chromium), sandbox (the sandbox itself), soak (faults
for minutes), bench (figures). What starts processes or lasts seconds is marked slow in its file.
"""
