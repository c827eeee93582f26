"""The running process: reads the settings, builds the parts, keeps them alive.

It wires everything, nothing below imports it, and importing it does nothing. Open `app.py` first.
"""
