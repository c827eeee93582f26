"""The filters of a list as a form. It asks for what the words of the command say, no more.

What must stay true: `build` and `parse` are inverses, so that the form opens with what the list
shows and the list then shows the command that the form came to.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from slack_sdk.models.blocks import (
    DatePickerElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticMultiSelectElement,
    StaticSelectElement,
    UserMultiSelectElement,
)
from slack_sdk.models.views import View

from blocks import paging
from blocks.text import words
from store.domain.json_values import holdable
from store.domain.lists import days, filter_text
from store.domain.lists.filter_names import of_what_is_open
from store.domain.lists.query import Days, Due, Filter, ListQuery, Sort, Waits, default_sort
from store.domain.request import Category, Environment, Status

CALLBACK_ID = "list.filter"
SEARCH = "search"
"""The ids of the block of the search text and of its input."""
_STATUS, _ENVIRONMENT, _CATEGORY = "status", "environment", "category"
_SUBMITTERS, _DUE, _WAITS, _SORT = "submitted_by", "due", "waits", "sort"
_CREATED, _COMPLETED = "created", "completed"
_FIRST, _LAST = ".first", ".last"
_BACKWARDS = "The last day is before the first."
_Choice = TypeVar("_Choice", Status, Environment, Category, Due, Waits)


@dataclass(frozen=True, slots=True)
class Origin:
    """The list the form was opened from: a message, by its response URL, or Home without one.

    Slack: a response URL serves for 30 minutes, so `opened` is kept, in whole seconds.
    """

    query: ListQuery
    opened: datetime
    url: str | None = None

    def encode(self) -> str:
        """As private metadata. Slack: at most 3000 characters."""
        at = int(self.opened.timestamp())
        kept = {"query": paging.encode(self.query), "at": at, "url": self.url}
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str, asker: str) -> Self | None:
        """Read it back; None for anything we did not write."""
        try:
            kept = holdable(json.loads(text))
            query = paging.parse(kept["query"], asker)
            opened = datetime.fromtimestamp(kept["at"], UTC)
            url = kept["url"]
        except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
            return None
        return cls(query, opened, url) if query and isinstance(url, str | None) else None


def build(origin: Origin) -> View:
    """The form, filled in with the list it was opened from."""
    query, wanted = origin.query, origin.query.filter
    return View(
        type="modal",
        callback_id=CALLBACK_ID,
        title=words(f"Filter {query.scope.label}"),
        submit=words("Show"),
        close=words("Cancel"),
        private_metadata=origin.encode(),
        blocks=[
            _input(SEARCH, "Mini program name or ID", _search(wanted.words)),
            _input(_STATUS, "Status", _several(_STATUS, Status, wanted.statuses)),
            _input(
                _ENVIRONMENT,
                "Environment",
                _several(_ENVIRONMENT, Environment, wanted.environments),
            ),
            _input(_CATEGORY, "Category", _several(_CATEGORY, Category, wanted.categories)),
            _input(_SUBMITTERS, "Submitted By", _people(wanted.submitters)),
            *_period(_CREATED, "Created At", wanted.created),
            *_period(_COMPLETED, "Completed On", wanted.completed),
            _input(_DUE, "Due", _several(_DUE, Due, wanted.due)),
            _input(_WAITS, "Waiting for", _several(_WAITS, Waits, wanted.waits)),
            _input(_SORT, "Sort", _order(query.sort), optional=False),
        ],
    )


def parse(origin: Origin, values: Mapping[str, Any], asker: str) -> ListQuery | dict[str, str]:
    """The list the form asks for, or a sentence for an input, by block id. Any choice may be left.

    Read once more from its words, so that form and command cannot mean different things.
    """
    created, completed = _days(values, _CREATED), _days(values, _COMPLETED)
    if created is None or completed is None:
        return {f"{_CREATED if created is None else _COMPLETED}{_LAST}": _BACKWARDS}
    wanted = Filter(
        statuses=_chosen(values, _STATUS, Status),
        environments=_chosen(values, _ENVIRONMENT, Environment),
        categories=_chosen(values, _CATEGORY, Category),
        sent=origin.query.filter.sent,  # typed alone, and kept
        submitters=tuple(_state(values, _SUBMITTERS).get("selected_users") or ()),
        stages=origin.query.filter.stages,
        created=created,
        completed=completed,
        due=_chosen(values, _DUE, Due),
        waits=_chosen(values, _WAITS, Waits),
        words=_state(values, SEARCH).get("value") or "",
    )
    option = _state(values, _SORT).get("selected_option") or {}
    scope = origin.query.scope
    sort = next((sort for sort in Sort if sort == option.get("value")), default_sort(scope))
    try:
        of_what_is_open(wanted, sort)
    except filter_text.WordsError as error:
        return {_STATUS: error.sentence}
    try:
        return filter_text.parse(filter_text.words(ListQuery(scope, wanted, sort)), scope, asker)
    except filter_text.WordsError as error:
        return {SEARCH: error.sentence}


def _state(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    state: Mapping[str, Any] = values.get(name, {}).get(name) or {}
    return state


def _chosen(values: Mapping[str, Any], name: str, known: type[_Choice]) -> tuple[_Choice, ...]:
    picked = {option["value"] for option in _state(values, name).get("selected_options") or ()}
    return tuple(member for member in known if member.value in picked)


def _days(values: Mapping[str, Any], name: str) -> Days | None:
    """From the first to the last that was picked; None where they are the wrong way round."""
    first, last = (
        _state(values, f"{name}{end}").get("selected_date") or "" for end in (_FIRST, _LAST)
    )
    try:
        return days.parse(f"{first}..{last}") if first or last else Days()
    except filter_text.WordsError:
        return None


def _input(
    name: str, label: str, element: InputInteractiveElement, *, optional: bool = True
) -> InputBlock:
    return InputBlock(block_id=name, label=words(label), optional=optional, element=element)


def _period(name: str, label: str, chosen: Days) -> Iterable[InputBlock]:
    """Its first day and its last."""
    for end, said, day in ((_FIRST, "from", chosen.first), (_LAST, "to", chosen.last)):
        picker = DatePickerElement(
            action_id=f"{name}{end}",
            placeholder=words("Any day"),
            initial_date=day.isoformat() if day else None,
        )
        yield _input(f"{name}{end}", f"{label}, {said}", picker)


def _search(text: str) -> PlainTextInputElement:
    return PlainTextInputElement(
        action_id=SEARCH,
        placeholder=words("Bills Pay, 2171020092715498 or MP-12"),
        max_length=filter_text.FREE_WORDS_LIMIT,
        initial_value=text or None,
    )


def _several(
    name: str, known: type[_Choice], chosen: Iterable[_Choice]
) -> StaticMultiSelectElement:
    return StaticMultiSelectElement(
        action_id=name,
        placeholder=words("All"),
        options=[_option(member.value, member.label) for member in known],
        initial_options=[_option(member.value, member.label) for member in chosen] or None,
    )


def _people(chosen: Iterable[str]) -> UserMultiSelectElement:
    return UserMultiSelectElement(
        action_id=_SUBMITTERS,
        placeholder=words("Everybody"),
        initial_users=list(chosen) or None,
        max_selected_items=filter_text.SUBMITTER_LIMIT,
    )


def _order(chosen: Sort) -> StaticSelectElement:
    return StaticSelectElement(
        action_id=_SORT,
        options=[_option(sort.value, sort.label) for sort in Sort],
        initial_option=_option(chosen.value, chosen.label),
    )


def _option(value: str, label: str) -> Option:
    return Option(value=value, text=words(label))
