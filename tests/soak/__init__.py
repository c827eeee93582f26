"""The soak: real bots, real databases and a Slack that misbehaves, for minutes; then the reckoning.

Bots are processes of their own and are killed; people act on what their screens show. What must
stay true at the end is checked in `reckoning`, by looking at the store and at every screen.
"""
