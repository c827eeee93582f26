"""The outbox: messages owed to Slack, named by a key, claimed, sent once, settled.

A row is written in the transaction of the act it is about, and names its message, never its words.
Open `outbox.py` first.
"""
