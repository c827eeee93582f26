"""The running process: reads the settings, builds the parts, keeps them alive.

Python would look for garbage some hundred times while all of it is imported, and find none.
"""

import gc

gc.set_threshold(50_000, 20, 50)
