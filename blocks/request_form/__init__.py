"""The form in which a request is written, step by step.

The module that draws a form owns its ids and reads them back. Open `steps.py` first.
"""
