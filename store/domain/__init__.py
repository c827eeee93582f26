"""The rules, pure: no database, no clock of their own, no Slack.

What must stay true: a refusal is a value, and each rule is asked in one place. Open `request.py`
first, then `access.py`: who may.
"""
