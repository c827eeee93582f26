"""What a workspace holds: people, places, messages, views, files, keys, planned faults.

Must stay true: what Slack would refuse raises `Refusal`, whoever asks; nothing here talks to the
app. Open `workspace_state.py` first: it is all of it in one value.
"""
