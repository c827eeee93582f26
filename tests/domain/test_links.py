"""Which addresses in what people wrote lead somewhere."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.links import LINK_LIMIT, Hosts, Link, allows, found, link_to

WORDS = st.sampled_from(
    [
        *("https://", "HTTPS://", "https://jira.example.com", "https://a.example/x", "http://"),
        *("javascript:", "x", "报告", "аpple", "münchen", "example", "jira.example.com", ".com"),
        *(".", "/", "?", "#", ":", ":8443", "@", "&", "=", "%2F", "-", "_", "1", "\u202e"),
        *(" ", "\n", "(", ")", "[", "]", "<", ">", "|", "\\", '"', "'", "*", "。", "，"),
    ]
)
TEXTS = st.lists(WORDS, max_size=14).map("".join)
HOSTS = st.sampled_from([None, (), ("example.com",), ("com",), ("a.example", "xn--mnchen-3ya.com")])


def naive(text: str, hosts: Hosts) -> list[str]:
    """Where the links lead, read character by character."""
    links, at = [], 0
    while at < len(text):
        before, start = text[at - 1 : at] if at else "", at + 8
        is_within = before.isascii() and (before.isalnum() or before in "+.-") and before
        if text[at:start].lower() != "https://" or is_within:
            at += 1
            continue
        end = start
        while end < len(text) and not text[end].isspace() and text[end] not in "/?#":
            end += 1
        host = re.split(r"[^\w.-]", text[start:end])[0]
        if not host or "@" in text[start:end]:
            at = end if host else start
            continue
        port = re.match(r":[0-9]{1,5}", text[start + len(host) : end])
        end = start + len(host) + (port.end() if port else 0)
        if text[end : end + 1] in {"/", "?", "#"}:
            while end < len(text) and "!" <= text[end] <= "~" and text[end] not in "\"'<>\\^`{|}":
                end += 1
        passed, last = end, host.split(".")[-1]
        if last[:1].isascii() and not last.isascii():
            host = host[: len(host) - len(re.sub(r"^[ -~]+", "", last))]
            end = start + len(host)
        while end > start:
            path, mark = text[start + len(host) : end], text[end - 1]
            opened = {")": "(", "]": "["}.get(mark, "")
            is_open = bool(opened) and path.count(mark) > path.count(opened)
            if not (mark in ".,;:!?*_~" or is_open or (not path and mark == "-")):
                break
            end -= 1
        leads = _leads(text[at:end], hosts)
        links += [leads] if leads else []
        at = end if leads else max(passed, start)
    return links


def _leads(written: str, hosts: Hosts) -> str | None:
    host = re.split(r"[/?#:]", written[8:])[0]
    try:
        name = host.lower().encode("idna").decode()
    except UnicodeError:
        return None
    *above, last = labels = name.split(".")
    fine = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", each) for each in labels)
    is_named = bool(above) and last[:1].isalpha() and len(last) > 1
    is_ours = hosts is None or any(f".{name}".endswith(f".{each}") for each in hosts)
    return f"https://{name}{written[8 + len(host) :]}" if fine and is_named and is_ours else None


@given(text=TEXTS, hosts=HOSTS)
def test_links_are_what_a_reader_would_take_for_them(text: str, hosts: Hosts) -> None:
    parts = list(found(text, hosts))
    links = [part for part in parts if isinstance(part, Link)]
    assert [link.url for link in links] == naive(text, hosts)
    for link in links:
        assert link.url.isascii()
        assert urlsplit(link.url).hostname == link.host
        assert allows(hosts, link.host)
        assert link_to(link.url, hosts) == link
    # What stands between is as it was written, and in its order.
    rest = text
    for part in parts:
        if isinstance(part, str):
            assert part in rest
            rest = rest[rest.index(part) + len(part) :]
    assert hosts != () or not links


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://jira.example.com/browse/MP-1.", ["https://jira.example.com/browse/MP-1"]),
        ("请看https://jira.example.com上的报告。", ["https://jira.example.com"]),
        ("请看https://jira.example.com/x，谢谢", ["https://jira.example.com/x"]),
        ("(https://a.example/wiki/X_(y))", ["https://a.example/wiki/X_(y)"]),
        ("[Report](https://a.example/r)", ["https://a.example/r"]),
        ("https://a.example, https://b.example:8443/?q=1&r=2", ["https://a.example", "https://b.example:8443/?q=1&r=2"]),
        ("https://münchen.example/ https://аpple.com", ["https://xn--mnchen-3ya.example/", "https://xn--pple-43d.com"]),
        ("http://a.example javascript:alert(1) <@U0BOB> ftp://a.example", []),
        ("https://bank.example@evil.example/ https://a:b@evil.example", []),
        ("https://bank.example\\@evil.example", []),
        ("https://localhost/ https://10.0.0.1/ https:// https://-a.example", []),
        (f"https://a.example/{'x' * LINK_LIMIT}", []),
    ],
)  # fmt: skip
def test_what_is_a_link_and_what_stays_text(text: str, urls: list[str]) -> None:
    assert [part.url for part in found(text, None) if isinstance(part, Link)] == urls
