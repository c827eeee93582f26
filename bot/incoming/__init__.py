"""The ways in from Slack: signed HTTP and Socket Mode, both ending in one Bolt app.

Nothing of a payload is used before its signature holds, and payloads of other workspaces are
refused. Open `bolt_app.py` first.
"""
