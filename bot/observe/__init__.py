"""What an operator sees of the running bot: a line of the log for each thing that happens, and
figures for Prometheus.

What must stay true: no text of a person, no token, no response URL is in either; labels have few
values, and name nobody. Open `observer.py` first.
"""
