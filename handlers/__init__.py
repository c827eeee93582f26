"""What comes in from Slack: parse, one store call, answer. One file a feature.

What must stay true: commit comes before the ack, and no handler decides who may. Open `decide.py`
first for buttons and forms, `commands.py` for what is typed.
"""

from slack_bolt.async_app import AsyncApp

from handlers import (
    absences,
    commands,
    decide,
    details,
    emergency,
    exports,
    find_request,
    groups,
    hand_over,
    hide,
    home,
    list_menu,
    lists,
    notes,
    questions,
    queue,
    release_stage,
    request_form,
    request_form_features,
    row_menu,
    send_again,
    withdraw,
)

FEATURES = (
    decide,
    withdraw,
    queue,
    details,
    row_menu,
    questions,
    lists,
    list_menu,
    commands,
    request_form,
    request_form_features,
    exports,
    home,
    release_stage,
    absences,
    hand_over,
    emergency,
    groups,
    send_again,
    find_request,
    notes,
    hide,
)
"""What is clicked most stands first: Bolt asks each listener in turn."""


def register(app: AsyncApp) -> None:
    """Every listener there is. They take what they need from the context, by name."""
    for feature in FEATURES:
        feature.register(app)
