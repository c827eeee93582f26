"""What the page makes of Slack's markup: HTML in which nobody's words are ever code."""

from datetime import UTC, datetime

import pytest

from bot.sandbox.page.markup import HtmlWriter
from bot.sandbox.screen.reader import Reader

NAMES = {"U1": "Bob Reyes", "S1": "reviewers", "C1": "reviews"}
HTML = HtmlWriter(
    Reader(
        lambda name: NAMES.get(name, name), "Asia/Manila", datetime(2026, 11, 20, 4, tzinfo=UTC)
    ),
    frozenset({"U1"}),
)


def test_words_are_escaped_and_entities_read_once() -> None:
    assert HTML.mrkdwn("a &lt;b&gt; & <script>") == "a &lt;b&gt; &amp; script"
    assert HTML.mrkdwn("&amp;lt;") == "&amp;lt;"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("*bold* and _slanted_", "<b>bold</b> and <i>slanted</i>"),
        ("~gone~ `x < y`", "<s>gone</s> <code>x &lt; y</code>"),
        ("one\ntwo", "one<br>two"),
        ("> a\n> b\nc", "<blockquote>a<br>b</blockquote>c"),
        ("see:\n```\n*x*\n```\nthen", "see:<pre>*x*</pre>then"),
        ("<!date^1795140840^{date_short_pretty} {time}|then>", "Today 10:14 AM"),
    ],
)
def test_markup_becomes_html(said: str, shown: str) -> None:
    assert HTML.mrkdwn(said) == shown


def test_a_mention_of_the_reader_stands_out() -> None:
    assert HTML.mrkdwn("<@U1>") == '<span class="mention own">@Bob Reyes</span>'
    assert HTML.mrkdwn("<!subteam^S1>") == '<span class="mention">@reviewers</span>'
    assert HTML.mrkdwn("<!here>") == '<span class="mention own">@here</span>'


def test_an_escaped_mention_is_words() -> None:
    assert HTML.mrkdwn("&lt;@U1&gt;") == "&lt;@U1&gt;"


def test_only_links_that_a_browser_does_not_run_are_links() -> None:
    assert '<a href="https://example.com/?a=1&amp;b=2"' in HTML.mrkdwn(
        "<https://example.com/?a=1&amp;b=2>"
    )
    assert HTML.mrkdwn("<javascript:alert(1)|press>") == "press"
    assert 'href="&#34;' not in HTML.mrkdwn('<https://example.com/"onclick="x|press>')


def test_rich_text_has_lists_links_and_styles() -> None:
    bold = {"type": "text", "text": "<now>", "style": {"bold": True}}
    section = {"type": "rich_text_section", "elements": [bold, {"type": "user", "user_id": "U1"}]}
    listed = {"type": "rich_text_list", "style": "ordered", "elements": [section]}
    shown = HTML.rich({"type": "rich_text", "elements": [listed]})
    assert shown.startswith('<ol class="indent-0"><li><div><b>&lt;now&gt;</b>')
    assert "@Bob Reyes" in shown
