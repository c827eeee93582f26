"""The write path: submit, decide, withdraw, move a release; and the history they leave.

One transaction holds the rule, the guarded UPDATE, the event and the messages it owes. Open
`decide.py` for votes, `note.py` for any other act.
"""
