"""A list says how much there is, shows the nine columns, and pages without a memory."""

from dataclasses import replace
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks import paging, request_list
from bot.sandbox.limits import message_problems
from bot.sandbox.limits.whole import objects
from store.domain.lists.cursor import encode_cursor
from store.domain.lists.filter_text import parse
from store.domain.lists.query import Cursor, Filter, ListQuery, Page, Scope, Sort
from store.domain.request import Category, Environment, Status
from store.domain.workspace import Posted, Workspace
from tests.cast import ALICE, BOB, NOW, PEOPLE, request
from tests.harness_blocks import HOSTILE, ended, hostile, words

ONE = Page((request(),), total=1, under_review=1)
NOBODY = Page((), total=0, under_review=0)


def drawn(query: ListQuery, page: Page) -> str:
    return words(request_list.build(query, page, PEOPLE, now=NOW))


def test_a_row_leads_to_its_readers_own_card_and_without_one_has_its_button_alone() -> None:
    posted, gathered = request(id=1), request(id=2)
    page = Page((posted, gathered), 2, 2, cards={1: Posted("D0BOB", "1764555555.000200")})
    shown = request_list.build(
        ListQuery(Scope.ALL), page, {}, now=NOW, workspace=Workspace("https://acme.slack.com/")
    ).payload()["blocks"]
    title = "Release Bills Pay 3.2.4"
    place = "https://acme.slack.com/archives/D0BOB/p1764555555000200"
    heads = [block["text"]["text"] for block in shown if "accessory" in block]
    assert [head.partition(" · ")[0] for head in heads] == [f"*<{place}|{title}>*", f"*{title}*"]
    elsewhere = request_list.build(ListQuery(Scope.ALL), page, {}, now=NOW).payload()
    assert "archives" not in str(elsewhere)  # Slack has not said yet where we are


def test_a_row_shows_the_nine_columns() -> None:
    page = Page((request(), ended(Status.REJECTED, id=127)), total=37, under_review=4)
    assert drawn(ListQuery(), page) == "\n".join(
        (
            "My Requests · 37 requests, 4 Under Review",
            "Release Bills Pay 3.2.4 · 🟠 Production",
            "[ View ]",
            "MP-128 · ⏳ Under Review · Mini Program Release · created Today at 10:14 AM",
            "Release Bills Pay 3.2.4 · 🟠 Production",
            "[ View ]",
            "MP-127 · ⛔ Rejected · Mini Program Release · created Today at 10:14 AM"
            " · completed Today at 10:00 AM",
            "[ New request ]",
            "[ ... ]",
            "1 to 2 · as of Today at 11:00 AM",
        )
    )


def test_what_the_heading_or_the_title_says_is_not_said_again() -> None:
    rejected = ListQuery(Scope.ALL, Filter(statuses=(Status.REJECTED,)))
    page = Page((ended(Status.REJECTED, title="Weekly", version="9"),), total=1, under_review=0)
    said = drawn(rejected, page).splitlines()
    assert said[0] == "All requests · 1 Rejected"
    assert said[3].startswith("MP-128 · Mini Program Release · Bills Pay · 9 · by Alice · created")
    waiting = drawn(paging.opening(Scope.APPROVALS), ONE).splitlines()
    assert waiting[0] == "My Approvals · 1 is waiting for you"
    assert "/mp-requests" not in waiting[-1]


def test_the_command_of_a_filtered_list_stands_below_it() -> None:
    wanted = Filter(statuses=(Status.APPROVED,), submitters=(ALICE, "UNEW"), words="bills & <x>")
    said = drawn(ListQuery(filter=wanted, sort=Sort.OLDEST), ONE)
    assert "/mp-requests mine bills & <x> status:approved by:@Alice,@UNEW sort:created" in said


def test_the_command_can_be_typed_again() -> None:
    wanted = Filter(statuses=(Status.APPROVED, Status.REJECTED), words="*bills* _pay_: <x> &amp;")
    query = ListQuery(Scope.ALL, wanted, Sort.COMPLETED_FIRST)
    typed = drawn(query, ONE).split("/mp-requests list ")[1]
    delivered = escape(typed, quote=False)
    assert parse(delivered, Scope.ALL, ALICE) == query


def test_what_is_left_out_can_be_shown_again() -> None:
    filtered = ListQuery(Scope.ALL, Filter(statuses=(Status.APPROVED,)))
    sent = request_list.build(filtered, ONE, PEOPLE, now=NOW).payload()
    menu = next(o for o in objects(sent) if o.get("action_id") == "list.menu")
    carried = dict(o["value"].partition(" ")[::2] for o in menu["options"])
    assert paging.parse(carried["all"], ALICE) == ListQuery(Scope.ALL)
    assert paging.parse(carried["filter"], ALICE) == filtered
    whole = request_list.build(ListQuery(Scope.ALL), ONE, PEOPLE, now=NOW).payload()
    assert "Show all" not in str(whole)


def test_a_list_whose_filter_is_too_long_for_a_menu_has_buttons() -> None:
    long = ListQuery(
        Scope.ALL, Filter(words="x" * 100, submitters=tuple(f"U{n:010}" for n in range(9)))
    )
    sent = request_list.build(long, ONE, PEOPLE, now=NOW).payload()
    carried = {o["action_id"]: o.get("value") for o in objects(sent) if o.get("type") == "button"}
    assert paging.parse(carried["list.filter"], ALICE) == long
    assert paging.parse(carried["list.download"], ALICE) == long
    assert paging.parse(carried["list.all"], ALICE) == ListQuery(Scope.ALL)


def test_what_has_one_status_says_it_once() -> None:
    two = Page((request(id=1), request(id=2)), total=12, under_review=12)
    over = Page((ended(Status.APPROVED, id=1), ended(Status.APPROVED, id=2)), 2, 0)
    mixed = Page((request(id=1), ended(Status.APPROVED, id=2)), 2, 1)
    decided = Page((ended(Status.APPROVED, id=1), ended(Status.REJECTED, id=2)), 2, 0)
    for page, head, rows in (
        (two, "12 Under Review", 0),
        (over, "2 Approved", 0),
        (mixed, "2 requests, 1 Under Review", 1),
        (decided, "2 requests", 0),
        (replace(two, total=1001, under_review=1001), "1,000+ requests, 1,000+ Under Review", 2),
    ):
        first, *rest = drawn(ListQuery(Scope.ALL), page).splitlines()
        assert first == f"All requests · {head}"
        assert sum("Under Review" in each for each in rest) == rows


def test_counts_stop_at_a_thousand() -> None:
    page = replace(ONE, total=1001, under_review=1001, first=991)
    said = drawn(ListQuery(scope=Scope.ALL), page)
    assert "All requests · 1,000+ requests, 1,000+ Under Review" in said
    assert "991 to 991" in said


def test_a_middle_page_leads_both_ways() -> None:
    wanted = ListQuery(filter=Filter(environments=(Environment.SANDBOX,)))
    back, on = Cursor(NOW, 11, backwards=True, first=1), Cursor(NOW, 20, first=21)
    page = replace(ONE, first=11, total=37, previous=back, next=on)
    sent = request_list.build(wanted, page, PEOPLE, now=NOW).payload()
    buttons = {
        o["action_id"]: o["value"] for o in objects(sent) if "list.page" in o.get("action_id", "")
    }
    assert paging.parse(buttons["list.page.previous"], ALICE) == wanted.at(back)
    assert paging.parse(buttons["list.page.next"], ALICE) == wanted.at(on)


@pytest.mark.parametrize("scope", Scope)
def test_an_empty_list_says_what_to_do_next(scope: Scope) -> None:
    unfiltered = drawn(ListQuery(scope=scope), NOBODY)
    filtered = drawn(ListQuery(scope=scope, filter=Filter(words="zzz")), NOBODY)
    assert "no requests" in unfiltered
    assert "No request matches." in filtered
    assert f"/mp-requests {scope.value}" in filtered


def test_a_page_that_emptied_meanwhile_leads_back_to_the_top() -> None:
    said = drawn(ListQuery(cursor=Cursor(NOW, 5, first=11)), replace(NOBODY, total=3))
    assert "Nothing is left on this page. /mp-requests mine starts again" in said


@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_hostile_rows_fit(kind: str) -> None:
    shown = request(**hostile(Category.RELEASE, HOSTILE[kind]))
    page = Page((shown,) * 10, total=1001, under_review=10, next=Cursor(NOW, 1))
    query = ListQuery(filter=Filter(words=HOSTILE[kind][:100], submitters=(BOB,) * 20))
    sent = request_list.build(query, page, PEOPLE, now=NOW).payload()
    assert message_problems(sent) == []


@pytest.mark.parametrize(
    "value",
    ["", "mine", "mine ", "all -", "mine 1.2", "mine - env:x", "mine - " + "x" * 2000],
)
def test_a_tampered_page_is_no_page(value: str) -> None:
    assert paging.parse(value, ALICE) is None


def test_a_place_among_other_dates_than_a_list_is_by_now_is_its_beginning() -> None:
    before = f"list {encode_cursor(Cursor(NOW, 5, first=11))} completed:2026-10"
    query = paging.parse(before, ALICE)
    assert query is not None
    assert (query.sort, query.cursor) == (Sort.COMPLETED_LAST, None)
    assert drawn(query, ONE).startswith(
        "All requests · 1 Under Review · Completed On, newest first\n"
    )


@given(
    scope=st.sampled_from(Scope),
    at=st.none() | st.datetimes(datetime(2020, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - naive by contract
    number=st.integers(1, 10**9 - 1),
    statuses=st.sets(st.sampled_from(Status)),
)
def test_a_page_comes_back_as_it_was_sent(
    scope: Scope, at: datetime | None, number: int, statuses: set[Status]
) -> None:
    wanted = Filter(statuses=tuple(s for s in Status if s in statuses), submitters=(ALICE,))
    query = ListQuery(scope, wanted, Sort.COMPLETED_LAST, Cursor(at, number, first=number))
    assert paging.parse(paging.encode(query), BOB) == query
    assert paging.parse(paging.encode(query.at(None)), BOB) == query.at(None)
