"""The filter form and the words of the command are one thing."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocks import filter_form
from blocks.filter_form import Origin
from bot.sandbox.limits import view_problems
from bot.sandbox.state.fields import state_of
from store.domain.lists.filter_text import parse, words
from store.domain.lists.query import (
    Days,
    Due,
    Filter,
    ListQuery,
    Scope,
    Sort,
    is_about_due,
    sort_of,
)
from store.domain.request import Category, Environment, Status
from tests.cast import ALICE, BOB, CAROL, NOW
from tests.harness_blocks import HOSTILE
from tests.harness_blocks import words as seen

OPEN = (Status.UNDER_REVIEW,)
EVERYTHING = Filter(
    statuses=(Status.APPROVED, Status.REJECTED),
    environments=(Environment.SANDBOX,),
    categories=(Category.RELEASE, Category.OPTIMIZATION),
    submitters=(ALICE, CAROL),
    words="bills pay",
    created=Days(date(2026, 10, 1), date(2026, 10, 31)),
    completed=Days(last=date(2026, 11, 5)),
)


def origin(query: ListQuery, url: str | None = None) -> Origin:
    return Origin(query, NOW, url)


def untouched(query: ListQuery) -> dict[str, Any]:
    """What Slack sends when the form is submitted as it opened."""
    return state_of(filter_form.build(origin(query)).to_dict()["blocks"])


def searched(text: str) -> ListQuery | dict[str, str]:
    """The list asked for by this text in the search field alone."""
    values = untouched(ListQuery())
    values["search"]["search"]["value"] = text
    return filter_form.parse(origin(ListQuery()), values, BOB)


def test_the_form_asks_what_the_platform_filters_by() -> None:
    query = ListQuery(Scope.APPROVALS, EVERYTHING, Sort.COMPLETED_LAST)
    assert seen(filter_form.build(origin(query))).splitlines() == [
        "Filter My Approvals",
        *("Mini program name or ID (optional)", "bills pay"),
        *("Status (optional)", "[ Approved, Rejected v ]"),
        *("Environment (optional)", "[ Sandbox v ]"),
        *("Category (optional)", "[ Mini Program Release, Optimization Modify v ]"),
        *("Submitted By (optional)", "[ @Alice, @Carol v ]"),
        *("Created At, from (optional)", "[ 2026-10-01 v ]"),
        *("Created At, to (optional)", "[ 2026-10-31 v ]"),
        *("Completed On, from (optional)", "[ Any day v ]"),
        *("Completed On, to (optional)", "[ 2026-11-05 v ]"),
        *("Due (optional)", "[ All v ]"),
        *("Waiting for (optional)", "[ All v ]"),
        *("Sort", "[ Completed On, newest first v ]"),
        *("[ Cancel ]", "▸[ Show ]"),
    ]


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("sort", Sort)
def test_submitted_as_it_opened_it_gives_the_same_list(scope: Scope, sort: Sort) -> None:
    wanted = replace(EVERYTHING, statuses=OPEN) if is_about_due(EVERYTHING, sort) else EVERYTHING
    query = ListQuery(scope, wanted, sort_of(wanted, sort))
    assert filter_form.parse(origin(query), untouched(query), BOB) == query


def test_overdue_is_asked_of_what_is_open() -> None:
    query = ListQuery(Scope.ALL, Filter(statuses=OPEN, due=(Due.OVERDUE,)), Sort.DUE_FIRST)
    values = untouched(query)
    assert filter_form.parse(origin(query), values, BOB) == query
    values["status"]["status"]["selected_options"] = []
    assert filter_form.parse(origin(query), values, BOB) == query
    values["status"]["status"]["selected_options"] = [{"value": "approved"}]
    refused = filter_form.parse(origin(query), values, BOB)
    assert isinstance(refused, dict)
    assert "Only what is Under Review can be due." in refused["status"]


def test_an_empty_form_gives_the_plain_list() -> None:
    query = ListQuery(Scope.APPROVALS, sort=Sort.OLDEST)
    assert filter_form.parse(origin(query), {}, BOB) == query


@given(st.text(max_size=100))
@example("«A:")  # a smart quote must not end the quoted words
@example("env：sandbox")  # a wide colon is a colon
def test_whatever_is_searched_for_the_command_says_the_same(text: str) -> None:
    query = searched(text)
    assert isinstance(query, ListQuery)
    assert query.filter == Filter(words=query.filter.words)
    assert parse(words(query), query.scope, ALICE) == query


def test_a_filters_word_in_the_search_field_is_searched_for() -> None:
    assert searched("status:approved") == ListQuery(filter=Filter(words="status:approved"))


def test_a_search_too_long_says_so_under_its_field() -> None:
    assert searched("x" * 101) == {
        "search": "A search has at most 100 characters, and this has 101."
    }


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_words_fit(kind: str) -> None:
    query = ListQuery(filter=Filter(words=HOSTILE[kind][:100], submitters=("U" * 11,) * 20))
    view = filter_form.build(origin(query, "https://hooks.slack.com/actions/" + "x" * 200))
    assert view_problems(view.to_dict()) == []


def test_where_it_came_from_comes_back() -> None:
    query = ListQuery(Scope.ALL, EVERYTHING, Sort.COMPLETED_LAST)
    sent = origin(query, "https://hooks.example/1")
    assert Origin.parse(sent.encode(), BOB) == sent
    later = Origin(sent.query, NOW + timedelta(hours=1))
    assert Origin.parse(later.encode(), BOB) == later


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "[" * 100_000,
        '{"query":1,"at":1,"url":null}',
        '{"query":"x","at":1,"url":null}',
    ]
    + [
        f'{{"query":"mine - ","at":{at},"url":{url}}}' for at, url in (("1e99", "null"), ("1", "5"))
    ],
)
def test_a_tampered_origin_is_none(text: str) -> None:
    assert Origin.parse(text, BOB) is None
