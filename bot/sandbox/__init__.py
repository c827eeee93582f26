"""A Slack of one's own: a workspace in this process that speaks Slack's HTTP and WebSocket.

Must stay true: never kinder than Slack, and nothing in here knows the app that talks to it.
Open `workspace.py` first; `people.py` is what somebody at their Slack can do.
"""

from pathlib import Path

SAMPLE = Path(__file__).parent / "sample.jsonl"
"""Sixty requests, one a line, as the import takes them: what demo and sandbox begin with."""
