"""Words from people are shown as typed, and cuts harm nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.text import age, clip, date, escape, line, names, packed, pieces, plural, quote, who
from bot.sandbox import screen
from store.domain.request import Person

PEOPLE = {"UBOB": Person("UBOB", "Bob"), "UCAROL": Person("UCAROL", "Carol *Lead*")}


def shown(mrkdwn: str) -> str:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}}
    return screen.text({"blocks": [block]})


@pytest.mark.parametrize(
    "typed",
    ["<!channel>", "<@U1>", "<https://evil.example|click>", "a & b &lt; c", "snake_case_id"],
)
def test_what_a_person_types_is_shown_as_typed(typed: str) -> None:
    assert shown(escape(typed)) == typed


@pytest.mark.parametrize("typed", ["*bold*", "_italic_", "~gone~", "`code`", "```block```"])
def test_marks_from_people_format_nothing(typed: str) -> None:
    left = escape(typed)
    assert not set(left) & set("*_~`")
    assert len(shown(left)) == len(typed)


def test_a_quote_mark_from_people_starts_no_quotation() -> None:
    assert escape("> not a quote\n>> nor this\na > b") == "› not a quote\n› nor this\na &gt; b"


def test_direction_overrides_and_controls_are_removed() -> None:
    assert escape("pay\u202egpj.exe\x00\x07\ud800") == "paygpj.exe"


def test_right_to_left_words_are_fenced_off_from_the_facts_around_them() -> None:
    assert line("مرحبا", 100) == "\u2068مرحبا\u2069"
    assert line("Bills Pay", 100) == "Bills Pay"


def test_a_title_of_several_lines_becomes_one() -> None:
    assert line(" Release\n\n Bills\tPay ", 100) == "Release Bills Pay"


@given(st.text(alphabet="a&<>é👍🏽👨‍👩‍👧🇵🇭 \n"), st.integers(2, 40))
def test_a_clipped_text_keeps_its_limit_and_its_entities(typed: str, limit: int) -> None:
    left = clip(escape(typed), limit)
    assert len(left) <= limit
    assert left.count("&") == left.count("&amp;") + left.count("&lt;") + left.count("&gt;")


def test_a_cut_does_not_split_what_is_drawn_as_one() -> None:
    family = "👨‍👩‍👧"
    assert clip(f"ab{family}cd", 5) == "ab…"
    assert clip("e\u0301e\u0301e\u0301", 4) == "e\u0301…"
    assert clip("🇵🇭🇵🇭", 3) == "🇵🇭…"


def test_a_thousand_accents_on_one_letter_hang_nothing() -> None:
    stacked = escape("&" + "\u0301" * 1000)
    assert clip(stacked, 50) == "…"
    assert all(len(part) <= 50 for part in pieces(stacked, 50))


@given(st.text(alphabet="ab&<é👍🏽\n"), st.integers(12, 30))
def test_pieces_lose_nothing(typed: str, limit: int) -> None:
    parts = list(pieces(escape(typed), limit))
    assert "".join(parts) == escape(typed)
    assert all(len(part) <= limit for part in parts)


def test_short_paragraphs_share_a_part() -> None:
    assert list(packed(["one", "two", "x" * 20], 20)) == ["one\n\ntwo", "x" * 20]


def test_a_quotation_marks_each_line_and_keeps_its_limit() -> None:
    assert quote("No contact.\n\n> Add one.") == "> No contact.\n> \n> › Add one."
    assert len(quote("&" * 5000)) <= 2900


def test_people_are_named_without_a_ping() -> None:
    assert who("UBOB", PEOPLE) == "Bob"
    assert who("UCAROL", PEOPLE) == "Carol ∗Lead∗"
    assert who("UNEW", PEOPLE) == "<@UNEW>"


def test_several_people_read_as_a_choice() -> None:
    four = ("UBOB", "UBOB", "UBOB", "UBOB")
    assert [names(four[:count], PEOPLE) for count in range(1, 5)] == [
        "Bob",
        "Bob or Bob",
        "Bob, Bob or Bob",
        "Bob, Bob or 2 others",
    ]
    assert names(("UBOB", "UBOB"), PEOPLE, last="and") == "Bob and Bob"
    assert names((), PEOPLE) == ""


def test_a_date_is_drawn_by_the_reader_and_has_a_fallback() -> None:
    moment = datetime(2026, 11, 20, 10, 14, tzinfo=UTC)
    assert date(moment) == (
        f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {{time}}|2026-11-20 10:14 UTC>"
    )


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_an_age_is_the_largest_whole_unit(waited: timedelta, said: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert age(now - waited, now) == said


def test_counts_are_spelled_with_their_noun() -> None:
    assert [plural(1, "request"), plural(1204, "request")] == ["1 request", "1,204 requests"]
