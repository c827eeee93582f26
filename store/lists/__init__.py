"""Lists, searches and counts: what a person may see of them, a page at a time.

A page costs the same at any size: it is read from an index by a cursor. Open `listing.py` first.
"""
