"""What is owed to Slack: messages named by a key, claimed, sent once, settled.

A row is written in the transaction of the act it tells of, and names its message, never its words.
Open `outbox.py` first.
"""
