"""What people see: messages, modals and Home, as pure functions of a snapshot.

Text from a person reaches mrkdwn only through `text`; a button carries an id, never a fact.
Open `request_card.py` first.
"""
