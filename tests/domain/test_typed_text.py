"""Text as it comes out of phones, chats, sheets and Slack."""

import pytest

from store.domain.request_number import Leading, exactly, leading, several
from store.domain.typed_text import as_code, folded, seen, tidy

INVISIBLE = [
    "\u200b",
    "\u3164",
    "\u202e",
    "\u2800\ufe0f",
    " \u00ad\n",
    "\ufeff\u2060",
    "\U000e0020",
]


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_of_which_nothing_can_be_seen_is_empty(text: str) -> None:
    assert tidy(text) == ""


def test_what_joins_visible_characters_stays() -> None:
    for text in ("👩‍👩‍👧‍👦", "❤️", "می‌خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"):
        assert tidy(f" {text}\x00\ud800") == text


ALIKE = [
    ("Erin’s Kape", "ERIN'S kape"),
    ("Erin´s Kape", "erin`s ｋａｐｅ"),
    ("“Kape” – Rewards", '"kape" - rewards'),
    ("Name：Sub", "name:sub"),
    ("Ka\u200bpe\u00a0 Rewards\u200f", "kape rewards"),
    ("Straße", "STRASSE"),
    ("Cafe\u0301", "CAFÉ"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_texts_that_look_alike_are_the_same_to_a_comparison(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_an_address_or_version_is_read_without_what_came_along() -> None:
    assert as_code("\u200b３.2.4\u2060 ") == "3.2.4"


SEEN = [
    ("Ask <@U1|bob> or <@U2>", "Ask @bob or @U2"),
    ("<!subteam^S1|@reviewers> first", "@reviewers first"),
    ("<!subteam^S1>", "@S1"),
    ("<!here|here> <!here> <!channel>", "@here @here @channel"),
    ("see <#C1|general> and <#C2>", "see #general and #C2"),
    ("<mailto:erin@example.com|erin@example.com>", "erin@example.com"),
    ("<tel:+63|+63>", "+63"),
    ("<http://example.com|example.com>", "example.com"),
    ("<https://example.com/a?b&amp;c>", "https://example.com/a?b&c"),
    ("<https://example.com/x|here>", "here (https://example.com/x)"),
    ("until <!date^1392734382^{date_short}|18 Feb 2014>", "until 18 Feb 2014"),
    ("R&amp;D &lt;3 &amp;lt; &amp;copy;", "R&D <3 &lt; &copy;"),
]


@pytest.mark.parametrize(("delivered", "words"), SEEN)
def test_marks_of_slack_become_the_words_a_person_saw(delivered: str, words: str) -> None:
    assert seen(delivered) == words


PLAIN = (
    "MP-12",
    "mp12",
    "#12",
    "12",
    "mp–12",
    "Mp 0012",
    "mp - 12",
    "ＭＰ－１２",
    "＃１２",
    "MP-١٢",
)
AROUND = (
    "“{}”",
    "`{}`",
    "*{}*",
    "_{}_",
    "~{}~",
    "[{}]",
    "({})",
    "<{}>",
    "【{}】",
    "（{}）",
    "*[{}]*",
)
PASTED = (
    "\u200f{}\u200f",
    "\u2068{}\u2069",
    "\u202b{}\u202c",
    "\ufeff{}",
    "\u00a0{}\u3000",
    "{}. ",
)


@pytest.mark.parametrize("around", ["{}", *AROUND, *PASTED])
def test_a_number_is_read_however_it_was_copied(around: str) -> None:
    for number in PLAIN:
        read = exactly(around.format(number))
        assert read is not None, number
        assert read.number == 12, number


def test_a_number_with_a_mark_inside_is_read() -> None:
    assert exactly("M\u200bP-1\u20602") == Leading(12, True, "")


@pytest.mark.parametrize(
    "text",
    ["", "-", "MP-", "MP-0", "3.2.4", "1x", "1st", "MP-1-2", "1/2", "MP-3-MP-4", "9" * 19, "me"],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert leading(text) is None


RESTS = [
    ("MP-1 no contact", "no contact"),
    ("MP-1: no contact", "no contact"),
    ("*MP-1*, no contact", "no contact"),
    ("MP-1 – no contact", "no contact"),
    ("“MP-1 no contact”", "no contact"),
    ("MP-1 “Pay” lacks “contact”", "“Pay” lacks “contact”"),
    ("MP-1\n\n> quoted", "> quoted"),
    ("[MP-1] (no contact)", "(no contact)"),
    ("MP-1 \u200b", ""),
]


@pytest.mark.parametrize(("text", "rest"), RESTS)
def test_what_follows_a_number_stays_as_it_was_typed(text: str, rest: str) -> None:
    assert leading(text) == Leading(1, True, rest)


SEVERAL = [
    ("MP-3 MP-4", (3, 4), ""),
    ("MP-3, 4 and #5", (3, 4, 5), ""),
    ("MP-3、MP-4 & MP-5", (3, 4, 5), ""),
    ("MP-3 mp3", (3,), ""),
    ("MP-3 and legal", (3,), "and legal"),
    ("MP-10 but only after MP-11", (10,), "but only after MP-11"),
    ("none", (), "none"),
]


@pytest.mark.parametrize(("text", "numbers", "rest"), SEVERAL)
def test_several_numbers_are_read_with_what_is_left(
    text: str, numbers: tuple[int, ...], rest: str
) -> None:
    assert several(text) == (numbers, rest)


def test_before_a_reason_only_a_number_with_mp_is_another_request() -> None:
    assert several("3 MP-4 12 domains", only_named=True) == ((3, 4), "12 domains")
