"""The filters of a list, as people and phones type them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.lists.filter_text import WordsError, parse, words
from store.domain.lists.query import (
    Days,
    Due,
    Filter,
    ListQuery,
    Scope,
    Sort,
    Waits,
    default_sort,
    is_about_open,
    sort_of,
)
from store.domain.request import Category, Environment, PlatformAnswer, Status
from store.domain.typed_text import folded
from tests.cast import ALICE, BOB, CAROL


def asked(text: str, scope: Scope = Scope.MINE) -> ListQuery:
    return parse(text, scope, asker=ALICE)


def refusal(text: str) -> str:
    with pytest.raises(WordsError) as refused:
        asked(text)
    return refused.value.sentence


DAYS_ARE = (
    "Write a day (`2026-10-05`), a month (`2026-10`), what is after or before one"
    " (`>2026-11-01`, `<2026-11-01`), or the first and the last (`2026-10-01..2026-10-31`)."
)
OCTOBER = Days(date(2026, 10, 1), date(2026, 10, 31))
REVIEW, APPROVED, REJECTED = Status.UNDER_REVIEW, Status.APPROVED, Status.REJECTED


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("status:approved", (APPROVED,)),
        ("Status:APPROVED", (APPROVED,)),
        ("status: approved, rejected", (APPROVED, REJECTED)),
        ("status :rejected ,approved,", (APPROVED, REJECTED)),
        ("status:approved status:rejected", (APPROVED, REJECTED)),
        ("status:approved,approved", (APPROVED,)),
        ('status:"under review"', (REVIEW,)),
        ("status:“Under Review”,rejected", (REVIEW, REJECTED)),
        ("status:under review", (REVIEW,)),
        ("status:under-review", (REVIEW,)),
        ("status:under–review", (REVIEW,)),  # a dash for the hyphen, as phones write it
        ("status:under_review", (REVIEW,)),
        ("status:review", (REVIEW,)),
        ("status：approved，rejected", (APPROVED, REJECTED)),  # a Chinese keyboard
        ("\u200bstatus:\u00a0approved\u2003", (APPROVED,)),  # pasted with invisible marks
        ("sta\x00tus:approved", (APPROVED,)),  # PostgreSQL holds no NUL
    ],
)
def test_statuses_are_understood(text: str, statuses: tuple[Status, ...]) -> None:
    assert asked(text) == ListQuery(filter=Filter(statuses=statuses))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Filter()),
        ("sent:refused", Filter(sent=(PlatformAnswer.REFUSED,))),
        ("due:overdue", Filter(statuses=(REVIEW,), due=(Due.OVERDUE,))),
        ("waits:submitter", Filter(statuses=(REVIEW,), waits=(Waits.SUBMITTER,))),
        ("waits: reviewer", Filter(statuses=(REVIEW,), waits=(Waits.REVIEWERS,))),
        ("DUE: late status:review", Filter(statuses=(REVIEW,), due=(Due.OVERDUE,))),
        ("Sent: refused, accepted", Filter(sent=tuple(PlatformAnswer))),
        ("env:sandbox", Filter(environments=(Environment.SANDBOX,))),
        ("environment: prod", Filter(environments=(Environment.PRODUCTION,))),
        ("category:release", Filter(categories=(Category.RELEASE,))),
        ("category: Optimization", Filter(categories=(Category.OPTIMIZATION,))),
        (
            "category:mini_program_features,Mini Program Launch, optimization modify",
            Filter(categories=(Category.LAUNCH, Category.FEATURES, Category.OPTIMIZATION)),
        ),
        ("by:<@UBOB|bob>", Filter(submitters=(BOB,))),
        ("by: <@UCAROL|Carol, the 2nd>, me, <@UCAROL>", Filter(submitters=(CAROL, ALICE))),
        ("by:Me", Filter(submitters=(ALICE,))),
        ("2171020092715498", Filter(words="2171020092715498")),
        ("  Bills   Pay ", Filter(words="Bills Pay")),
        ("bills status:approved pay", Filter(statuses=(APPROVED,), words="bills pay")),
        ("status:approved bills", Filter(statuses=(APPROVED,), words="bills")),
        ("Food &amp; Drinks", Filter(words="Food & Drinks")),
        ("&amp;lt; a &lt;b&gt;", Filter(words="&lt; a <b>")),  # unescaped once, not twice
        ("Erin’s “Kape Rewards”", Filter(words="Erin's Kape Rewards")),
        ('"status:approved"', Filter(words="status:approved")),
        ("12:30", Filter(words="12:30")),  # no key begins with a digit
        ("https://example.com/a", Filter(words="https://example.com/a")),  # no key ends before //
        ("<https://example.com|example.com>", Filter(words="example.com")),
        ("Note : pay", Filter(words="Note : pay")),
        ("Stat : pay", Filter(words="Stat : pay")),  # prose: only a word at its colon is a slip
        ("pay:later", Filter(words="pay:later")),  # a colon in a word that is no key is text
        ("State：Bank", Filter(words="State：Bank")),  # and so it is in full width
        ("pay:later status:approved", Filter(statuses=(APPROVED,), words="pay:later")),
        ("env：ｓａｎｄｂｏｘ", Filter(environments=(Environment.SANDBOX,))),
        ('unclosed "quote', Filter(words="unclosed quote")),
        ("支付宝 账单", Filter(words="支付宝 账单")),
    ],
)
def test_filters_and_free_words_are_understood(text: str, wanted: Filter) -> None:
    assert asked(text) == ListQuery(filter=wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-10", OCTOBER),
        ("2026-10-05", Days(date(2026, 10, 5), date(2026, 10, 5))),
        ("2026", Days(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-10-01..2026-10-31", OCTOBER),
        ("2026–10–01…2026–10–31", OCTOBER),  # as a phone writes it
        ("2026-09..2026-10", Days(date(2026, 9, 1), date(2026, 10, 31))),
        ("&gt;2026-11-01", Days(date(2026, 11, 2))),  # as Slack delivers it
        (">2026-11-01", Days(date(2026, 11, 2))),
        ("&gt;=2026-11-01", Days(date(2026, 11, 1))),
        ("＞2026-10", Days(date(2026, 11, 1))),
        ("&lt;2026-11-01", Days(None, date(2026, 10, 31))),
        ("&lt;=2026-11", Days(None, date(2026, 11, 30))),
        ("2026-11-02..", Days(date(2026, 11, 2))),
        ("..2026-10", Days(None, date(2026, 10, 31))),
        ("&gt;=0001-01-01", Days()),
        ("&lt;=9999-12-31", Days()),
    ],
)
def test_days_are_understood(text: str, wanted: Days) -> None:
    assert asked(f"created:{text}") == ListQuery(filter=Filter(created=wanted))
    assert asked(f"bills completed: {text}").filter == Filter(words="bills", completed=wanted)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("2026-10-01..2026-10-31", "2026-10"),
        ("2026-10-05..2026-10-05", "2026-10-05"),
        ("2026-01..2026-12", "2026"),
        ("&gt;=2026-11-02", ">2026-11-01"),
        ("..2026-10-31", "&lt;2026-11-01"),
        ("2026-10-02..2026-11-05", "2026-10-02..2026-11-05"),
    ],
)
def test_days_have_one_canonical_form(typed: str, canonical: str) -> None:
    assert words(asked(f"created:{typed}")) == f"created:{canonical}"


def test_days_begin_at_midnight_where_the_asker_is() -> None:
    manila, new_york = ZoneInfo("Asia/Manila"), ZoneInfo("America/New_York")
    assert OCTOBER.bounds(manila) == (
        datetime(2026, 9, 30, 16, tzinfo=UTC),
        datetime(2026, 10, 31, 16, tzinfo=UTC),
    )
    longer = Days(date(2026, 11, 1), date(2026, 11, 1)).bounds(new_york)  # the clocks go back
    assert longer == (
        datetime(2026, 11, 1, 4, tzinfo=UTC),
        datetime(2026, 11, 2, 5, tzinfo=UTC),
    )
    assert Days().bounds(manila) == (None, None)


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("sort:created", Sort.OLDEST),
        ("sort:-created", Sort.NEWEST),
        ("sort:–created", Sort.NEWEST),  # a dash for the minus
        ("sort: —Completed", Sort.COMPLETED_LAST),
        ("sort:completed sort:completed", Sort.COMPLETED_FIRST),
    ],
)
def test_sorts_are_understood(text: str, sort: Sort) -> None:
    assert asked(text) == ListQuery(sort=sort)


@pytest.mark.parametrize(
    ("text", "sort"), [("sort:due", Sort.DUE_FIRST), ("status:review sort:-due", Sort.DUE_LAST)]
)
def test_what_is_due_is_under_review(text: str, sort: Sort) -> None:
    assert asked(text) == ListQuery(filter=Filter(statuses=(REVIEW,)), sort=sort)


@pytest.mark.parametrize(
    "text", ["sort:due status:approved", "due:overdue status:rejected,under_review"]
)
def test_what_has_ended_is_due_no_more(text: str) -> None:
    assert refusal(text) == (
        "Only what is Under Review can be due. Choose Under Review alone, or no status."
    )


def test_approvals_begin_with_the_oldest_and_keep_every_status() -> None:
    assert asked("", Scope.APPROVALS) == ListQuery(Scope.APPROVALS, Filter(), Sort.OLDEST)
    assert {default_sort(scope) for scope in (Scope.MINE, Scope.ALL)} == {Sort.NEWEST}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "statsu:approved",
            "I don't know `statsu:`. Did you mean `status:`?"
            " You can filter by status, env, category, by, sent, stage, created, completed, due and"
            " waits, and sort."
            " To search for the word itself, put it in quotes.",
        ),
        (
            "status:aproved",
            "I don't know the status `aproved`. Did you mean `approved`?"
            " Use `under_review`, `approved`, `rejected` or `withdrawn`.",
        ),
        (
            "env:staging",
            "I don't know the environment `staging`. Use `production` or `sandbox`.",
        ),
        (
            "status:&lt;b&gt;`x`",
            "I don't know the status `<b>x`."
            " Use `under_review`, `approved`, `rejected` or `withdrawn`.",
        ),
        (
            "by:erin",
            "I don't know who `erin` is. After `by:` type @ and pick the person; `me` is you.",
        ),
        (
            "by:<mailto:erin@example.com|erin@example.com>",
            "I don't know who `erin@example.com` is."
            " After `by:` type @ and pick the person; `me` is you.",
        ),
        ("<@UBOB|bob>", "To filter by a person, write `by:` before the name."),
        ("status:", "`status:` needs a value, for example `status:approved`."),
        ("by: , env:sandbox", "`by:` needs a value, for example `by:me`."),
        ("status: env:sandbox", "`status:` needs a value, for example `status:approved`."),
        ("sort:created,completed", "`sort:` takes one order, for example `sort:-created`."),
        ("created:", "`created:` needs a value, for example `created:2026-10`."),
        (
            "completed:2026-10,2026-11",
            "`completed:` takes one period, for example `completed:2026-10-01..2026-10-31`.",
        ),
        ("created:2026-02-30", f"I don't know the day `2026-02-30`. {DAYS_ARE}"),
        ("created:last week", f"I don't know the day `last`. {DAYS_ARE}"),
        ("created:&gt;", f"I don't know the day `>`. {DAYS_ARE}"),
        ("created:..", f"I don't know the day `..`. {DAYS_ARE}"),
        ("created:&gt;9999-12-31", f"I don't know the day `>9999-12-31`. {DAYS_ARE}"),
        ("created:&lt;0001-01-01", f"I don't know the day `<0001-01-01`. {DAYS_ARE}"),
        (
            "created:2026-10-31..2026-10-01",
            f"`2026-10-31..2026-10-01` ends before it begins. {DAYS_ARE}",
        ),
        (
            "due:tomorrow",
            "I don't know the due date `tomorrow`. Use `overdue`.",
        ),
        ("x" * 101, "A search has at most 100 characters, and this has 101."),
        (
            "by:" + ",".join(f"<@U{n}>" for n in range(21)),
            "`by:` takes at most 20 people.",
        ),
    ],
)
def test_what_is_not_understood_is_said_kindly(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize("key", ["cat", "Env1", "enviroment", "sorted", "state"])
def test_a_key_that_is_nearly_right_is_suggested(key: str) -> None:
    assert "Did you mean" in refusal(f"{key}:x")


def test_a_long_wrong_word_is_not_repeated_whole() -> None:
    assert len(refusal("status:" + "x" * 3_000)) < 160


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        ("sort:-created", ""),  # the default
        ("sort:created", "sort:created"),
        (
            "ENV: sandbox status:rejected, review pay  bills by:me category:mini_program_release",
            "pay bills status:under_review,rejected env:sandbox category:release by:<@UALICE>",
        ),
        ('"env:x"', '"env:x"'),  # unquoted it would be a filter
        ("a, b", '"a, b"'),
        ('"env：x"', '"env：x"'),
        ("stage:compliance", "stage:compliance"),
        ("due:overdue sort:due", "status:under_review due:overdue sort:due"),
        ('stage:"legal and risk"', 'stage:"legal and risk"'),
    ],
)
def test_a_list_has_one_canonical_form(text: str, canonical: str) -> None:
    assert words(asked(text)) == canonical


def some(members: type[Status] | type[Environment] | type[Category]) -> st.SearchStrategy:
    return st.sets(st.sampled_from(members)).map(
        lambda found: tuple(m for m in members if m in found)
    )


people = st.lists(st.sampled_from([ALICE, BOB, CAROL]), unique=True).map(tuple)
free_words = st.text(
    st.sampled_from("ab12 :,<>&;|@#!-_'ltgmpé支🙂") | st.characters(categories=("L", "N", "S")),
    max_size=20,
).map(lambda text: " ".join(text.split()))
stages = st.lists(st.text("abé支 &<>-:,1", min_size=1, max_size=9), max_size=3).map(
    lambda names: tuple(dict.fromkeys(name for name in map(folded, names) if name))
)
spans = st.builds(
    lambda one, other: Days(*sorted((one, other))),
    *(2 * (st.dates(date(2, 1, 1), date(9998, 12, 31)),)),
)
days = (
    st.just(Days())
    | spans
    | st.builds(lambda span: Days(span.first), spans)
    | st.builds(lambda span: Days(None, span.last), spans)
)
filters = st.builds(
    Filter,
    *(some(Status), some(Environment), some(Category)),
    *(people, free_words, some(PlatformAnswer), stages, days, days, some(Due), some(Waits)),
)
pieces = st.sampled_from(
    [
        *("status:", "env", "by:", "sort:", ":", ",", " ", '"', "“", "under review", "-created"),
        *("approved", "prod", "<@UBOB|b:,b>", "<", ">", "|", "&amp;", "&", "lt;", "me", "12:30"),
        *("created:", "completed:", "2026-10", "2026-10-31", "..", "&gt;", "&lt;", "0001-01-01"),
        *("https://x", "x", "é", "\x00", "\u00a0", "\ud800", "’", "：", "category:", "release"),
    ]
)


def possible(query: ListQuery) -> ListQuery:
    """The list, or that of what is open where it is about what is due or waits."""
    if not is_about_open(query.filter, query.sort):
        return query
    return replace(query, filter=replace(query.filter, statuses=(REVIEW,)))


def in_order(query: ListQuery) -> ListQuery:
    """What was completed on some days is in the order of those."""
    return replace(query, sort=sort_of(query.filter, query.sort))


lists = st.builds(ListQuery, st.sampled_from(Scope), filters, st.sampled_from(Sort))


@pytest.mark.parametrize(
    ("text", "scope", "sort"),
    [
        ("", Scope.ALL, Sort.COMPLETED_LAST),
        ("", Scope.APPROVALS, Sort.COMPLETED_FIRST),
        ("sort:created", Scope.ALL, Sort.COMPLETED_FIRST),
        ("sort:completed", Scope.MINE, Sort.COMPLETED_FIRST),
    ],
)
def test_days_of_completion_are_in_the_order_of_completion(
    text: str, scope: Scope, sort: Sort
) -> None:
    assert asked(f"completed:2026-10 {text}", scope).sort is sort


@given(lists.map(in_order).map(possible))
@example(ListQuery(filter=Filter(words="&amp;lt;")))
@example(ListQuery(filter=Filter(words="<@UBOB>")))
@example(ListQuery(filter=Filter(statuses=(REVIEW,), words="status")))
def test_the_canonical_words_read_back_as_the_same_list(query: ListQuery) -> None:
    assert parse(words(query), query.scope, ALICE) == query


@given(st.lists(pieces | st.text(max_size=3), max_size=12).map("".join))
def test_whatever_is_typed_is_a_list_or_a_sentence(text: str) -> None:
    try:
        query = asked(text)
    except WordsError:
        return
    assert asked(words(query)) == query
