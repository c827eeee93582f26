"""The clock's part: ticks that look for what has become due.

APScheduler only wakes us; what is due stands in the store, so any number of replicas may tick and a
missed tick loses nothing. Open `jobs.py` first.
"""
