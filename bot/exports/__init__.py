"""Lists as files: made in a process of its own, uploaded, told.

Rows are streamed, so that a million take the memory of a thousand. Open `loop.py` first.
"""
