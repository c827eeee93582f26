"""What a list is asked for: whose requests, filters, order and page; and how people type it.

Pure. Every text `filter_text` and `cursor` write, they read back as the same list and page.
Open `query.py` first.
"""
