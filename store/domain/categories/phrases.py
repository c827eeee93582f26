"""The phrases that more than one category says on a card: one line each, clipped."""

from store.domain.categories.stored import Stored, counted, features_in, value_of

PHRASE_LIMIT = 120
"""Characters of one text in a card's phrase."""
FEATURES_NAMED = 5
"""How many features a card's phrase names before it counts the rest."""


def labelled(label: str, key: str, details: Stored) -> str:
    """ "language fil"; empty where there is no value."""
    value = value_of(key, details)
    return f"{label} {clip(value)}" if value else ""


def named_features(details: Stored) -> str:
    """ "3 features: Location 1.8, Scan 1.8, Pay 2.0"; empty where there are none."""
    found = features_in(details)
    if not found:
        return ""
    rest = len(found) - FEATURES_NAMED
    named = ", ".join(clip(str(feature)) for feature in found[:FEATURES_NAMED])
    more = f" and {rest} more" if rest > 0 else ""
    return f"{counted(len(found), 'feature')}: {named}{more}"


def clip(text: str) -> str:
    """The text on one line, at most PHRASE_LIMIT characters."""
    line = " ".join(text.split())
    return line if len(line) <= PHRASE_LIMIT else line[: PHRASE_LIMIT - 1].rstrip() + "…"
