"""Home is the Approvals page: tabs, counts, tools, and the list as everywhere else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from blocks import home, paging
from blocks.home import Shown
from bot.sandbox.limits import view_problems
from bot.sandbox.limits.whole import objects
from store.domain.absences import Absence
from store.domain.lists.query import Cursor, Filter, ListQuery, Page, Scope, Sort
from store.domain.request import Category, Status
from tests.cast import ALICE, BOB, NOW, PEOPLE, request
from tests.harness_blocks import HOSTILE, hostile, in_status, of_category, words

COUNTS = {Status.UNDER_REVIEW: 4, Status.APPROVED: 1001, Status.REJECTED: 9}
PAGE = Page((request(),), total=37, under_review=4, next=Cursor(NOW, 128, first=11))
MINE = Shown(ListQuery(), PAGE, PEOPLE, (Scope.APPROVALS, Scope.MINE), COUNTS)
EMPTY = replace(MINE, page=Page((), 0, 0), counts={})


def drawn(shown: Shown) -> str:
    return words(home.build(shown, now=NOW))


def values(shown: Shown) -> dict[str, str]:
    """What each button carries."""
    sent = home.build(shown, now=NOW).to_dict()
    found = [o for o in objects(sent) if o.get("type") == "button"]
    return {o["action_id"]: o.get("value", "") for o in found}


def test_home_is_read_from_top_to_bottom() -> None:
    assert drawn(MINE).splitlines() == [
        "Home",
        *("[ My Approvals ]", "▸[ My Requests ]"),
        "⏳ 4 Under Review  ·  ✅ 1,000+ Approved  ·  ⛔ 9 Rejected  ·  ↩️ 0 Withdrawn",
        *("[ New request ]", "[ ... ]"),
        "Release Bills Pay 3.2.4 · 🟠 Production",
        "[ View ]",
        "MP-128 · ⏳ Under Review · Mini Program Release · created Today at 10:14 AM",
        "[ Next ]",
        "1 to 1 · as of Today at 11:00 AM",
    ]


LIST_MENU = ["Download", "Filter…", "Help", "I'm away…"]


def offered(shown: Shown) -> list[str]:
    """The entries of the menu of the list."""
    sent = home.build(shown, now=NOW).to_dict()
    menu = next(o for o in objects(sent) if o.get("action_id") == "list.menu")
    return sorted(option["text"]["text"] for option in menu["options"])


def test_every_act_but_two_is_in_the_menu() -> None:
    assert offered(MINE) == LIST_MENU
    away = Absence(ALICE, NOW, NOW + timedelta(days=3))
    assert offered(replace(MINE, absence=away)) == LIST_MENU[:-1]


def test_every_tab_leads_to_its_beginning() -> None:
    carried = values(replace(MINE, tabs=tuple(Scope)))
    for scope in Scope:
        assert paging.parse(carried[f"home.tab.{scope.value}"], BOB) == paging.opening(scope)


def test_my_approvals_begins_with_what_waits() -> None:
    waiting = paging.opening(Scope.APPROVALS)
    said = drawn(replace(EMPTY, query=waiting))
    assert "Nothing is waiting for you. Show all, in the menu, lists what was decided." in said
    assert offered(replace(EMPTY, query=waiting)) == [*LIST_MENU, "Show all"]


def test_a_new_submitter_is_told_how_to_begin() -> None:
    said = drawn(EMPTY)
    assert "[ New request ]" in said
    assert "You have not submitted a request yet." in said
    assert "0 Under Review" in said


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("category", Category)
def test_rows_of_every_kind_fit(category: Category, status: Status) -> None:
    row = in_status(status, **of_category(category))
    view = home.build(replace(MINE, page=replace(PAGE, requests=(row,) * 10)), now=NOW)
    assert view_problems(view.to_dict()) == []


@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_hostile_rows_fit(kind: str) -> None:
    shown = request(**hostile(Category.RELEASE, HOSTILE[kind]))
    query = ListQuery(filter=Filter(words=HOSTILE[kind][:100], submitters=(BOB, ALICE) * 10))
    back, on = Cursor(NOW, 1, backwards=True), Cursor(NOW, 2)
    page = Page((shown,) * 10, total=1001, under_review=10, previous=back, next=on)
    view = home.build(replace(MINE, query=replace(query, sort=Sort.OLDEST), page=page), now=NOW)
    assert view_problems(view.to_dict()) == []
