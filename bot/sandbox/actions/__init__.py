"""What people do at their Slack: commands, clicks, choices, forms.

Must stay true: a person can use only what is on their screen, everything else is a LookupError or
ValueError. Open `people.py` first.
"""
