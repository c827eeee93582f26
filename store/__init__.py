"""The record: what is true, what may change, and what is owed for it.

What must stay true: rows never leave this package, and nothing here knows Slack. Open
`requests/decide.py` first: the way of one act from the rule to the UPDATE.
"""
