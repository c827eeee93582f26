"""What the app calls: Web API methods, response URLs, uploads, and the pictures of people.

Must stay true: a call is refused where Slack documents that it refuses, with Slack's error code.
Open `methods.py` first: the table of methods and the order of checks.
"""
