"""What a list is asked for: scope, filters, order, place; and how people type it.

Pure. Open `query.py` first.
"""
