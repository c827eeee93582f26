"""The soak: real bots, real databases and a Slack that misbehaves, for minutes; then a check.

Bots are processes of their own and are killed; people act on what their screens show. What must
stay true at the end is checked in `final_check`, by looking at the store and at every screen.
"""
