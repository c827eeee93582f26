"""Payloads on their way to the app: their shapes, signed HTTP or Socket Mode, repeated events.

Must stay true: what reaches the app is what Slack would send, and an answer that comes too late
counts as none. Open `installed_workspace.py` first.
"""
