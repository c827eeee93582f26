"""What Previous and Next carry: the whole list query, so that a page needs no memory of ours.

The value comes back from outside and is read as such. It grants nothing: whose list it is and
what they may see is decided when it is read from the record.
"""

from store.domain.lists.cursor import decode_cursor, encode_cursor
from store.domain.lists.filter_text import WordsError, words
from store.domain.lists.filter_text import parse as parse_words
from store.domain.lists.query import Filter, ListQuery, Scope, default_sort
from store.domain.request import Status

VALUE_LIMIT = 2000
"""Slack: a button's value. A search and the people of a `by:` are limited to stay far below."""

_FIRST_PAGE = "-"


def opening(scope: Scope) -> ListQuery:
    """Where a list opens by a button: My Approvals at what waits, the others at the top.

    Oldest first, what was decided long ago would fill the first pages of My Approvals.
    """
    waiting = (Status.UNDER_REVIEW,) if scope is Scope.APPROVALS else ()
    return ListQuery(scope, Filter(statuses=waiting), default_sort(scope))


def encode(query: ListQuery) -> str:
    """A list at one of its pages, as a button's value: `approvals - status:under_review`."""
    page = encode_cursor(query.cursor) if query.cursor else _FIRST_PAGE
    return f"{query.scope.value} {page} {words(query)}"


def parse(value: str, asker: str) -> ListQuery | None:
    """The list and page a value stands for; None for anything we did not write.

    A place in an order that such a list has no more is its beginning.
    """
    if len(value) > VALUE_LIMIT:
        return None
    scope, _, rest = value.partition(" ")
    page, _, filters = rest.partition(" ")
    cursor = decode_cursor(page)
    if scope not in set(Scope) or (cursor is None and page != _FIRST_PAGE):
        return None
    try:
        query = parse_words(filters, Scope(scope), asker)
    except WordsError:
        return None
    return query.at(cursor if words(query) == filters else None)
