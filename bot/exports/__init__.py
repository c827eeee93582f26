"""Exports: lists as files, made in a process of their own, uploaded, announced.

Rows are streamed, so that a million take the memory of a thousand. Open `loop.py` first.
"""
