"""The way out: claims owed messages, draws them from the current state, sends and settles them.

A message is never lost: what Slack did not clearly take stays owed. Open `dispatcher.py` (the loop)
and `sender.py` (one message) first.
"""
