"""What people see after a click: ours, a plain bot and a bare Bolt app before the same Slack.

Every call to Slack takes 100 ms and its limits hold; people click through signed HTTP, and the
Slack notes when each message shows the decision. What must stay true: all three are clicked in the
same way, and nothing is read from inside a bot. Begin with `scenarios.py`.
"""
