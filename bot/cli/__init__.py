"""The command line: `mp-approvals run`, `doctor`, `import`, `outbox`, `demo`, `sandbox` and more.

Each command reads its arguments, makes one call and ends in a sentence and an exit code; no stack
trace reaches an operator. Open `main.py` first.
"""
