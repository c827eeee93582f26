"""The way out: claims owed messages, draws them from the state of now, sends and settles them.

A message is never lost: what Slack did not clearly take stays owed. Open `dispatcher.py` (when) and
`sender.py` (one message) first.
"""
