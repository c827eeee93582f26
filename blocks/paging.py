"""What Previous and Next carry: the whole list query, so that a page needs no memory of ours.

The value comes back from outside and is read as such. It grants nothing: whose list it is and
what they may see is decided when it is read from the record.
"""

from store.domain.query_words import WordsError, decode_cursor, encode_cursor, words
from store.domain.query_words import parse as parse_words

from store.domain.query import Cursor, ListQuery, Scope

VALUE_LIMIT = 2000
"""Slack: a button's value."""


def encode(query: ListQuery, cursor: Cursor) -> str | None:
    """The button's value for another page; None when the words are too long for a button."""
    value = f"{query.scope.value} {encode_cursor(cursor)} {words(query)}"
    return value if len(value) <= VALUE_LIMIT else None


def parse(value: str, asker: str) -> ListQuery | None:
    """The list and page a button stands for; None for anything we did not write."""
    scope, _, rest = value[:VALUE_LIMIT].partition(" ")
    place, _, filters = rest.partition(" ")
    cursor = decode_cursor(place)
    if cursor is None or scope not in set(Scope):
        return None
    try:
        return parse_words(filters, Scope(scope), asker).at(cursor)
    except WordsError:
        return None
