"""What comes in from Slack: parse, one store call, answer. One file a feature."""

from slack_bolt.async_app import AsyncApp

from handlers import (
    commands,
    decide,
    details,
    exports,
    home,
    lists,
    submit,
    submit_features,
    withdraw,
)

FEATURES = (commands, submit, submit_features, decide, withdraw, details, lists, exports, home)


def register(app: AsyncApp) -> None:
    """Every listener there is. They take what they need from the context, by name."""
    for feature in FEATURES:
        feature.register(app)
