"""Addresses in what people wrote: which of them lead somewhere, and what their reader sees. Pure.

Only an https address of a named host does, written without a name or password in it; anything else
stays text. A host in other letters than ASCII is shown as it is looked up (`xn--…`), so that none
passes for another.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

LINK_LIMIT = 2000
"""Characters of an address, as they are sent. Ours: a section of Slack takes 3,000."""

Hosts = Collection[str] | None
"""The hosts that may be linked, with what is below them; None for every one."""

_ADDRESS = re.compile(
    r"(?<![0-9a-z+.-])https://"
    r"(?P<host>[\w.-]+)(?P<port>:[0-9]{1,5})?(?P<path>[/?#][!#-&(-;=?-\[\]_a-z~]*)?",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"[^\s/?#]*")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_ASCII = re.compile(r"[ -~]+")
_ENDS = ".,;:!?*_~"
"""What ends a sentence, or a word that is marked, and so belongs to no address."""
_CLOSED_BY = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Link:
    """An address that leads somewhere: all of it is ASCII. `path` has what follows the host."""

    host: str
    path: str = ""

    @property
    def url(self) -> str:
        """The whole address."""
        return f"https://{self.host}{self.path}"


def found(text: str, hosts: Hosts) -> Iterator[str | Link]:
    """The text in order: addresses that lead to one of these hosts, and what stands between."""
    told = at = 0
    while address := _ADDRESS.search(text, at):
        at = address.end()
        authority = _AUTHORITY.match(text, address.start("host"))
        if authority and "@" in authority[0]:
            at = max(at, authority.end())
            continue
        host, path = address["host"], (address["port"] or "") + (address["path"] or "")
        read = _without_words(host)
        if read != host or not path:
            host, path = read.rstrip(".-_"), ""
        path = _without_ends(path)
        link = _link(host, path)
        if link and allows(hosts, link.host):
            if address.start() > told:
                yield text[told : address.start()]
            yield link
            told = at = address.start("host") + len(host) + len(path)
    if told < len(text):
        yield text[told:]


def link_to(address: str, hosts: Hosts = None) -> Link | None:
    """The link, where this is an address that leads to one of these hosts and nothing else."""
    parts = list(found(address, hosts))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Link) else None


def allows(hosts: Hosts, host: str) -> bool:
    """Whether this is one of the hosts, or below one."""
    return hosts is None or any(host == each or host.endswith(f".{each}") for each in hosts)


def looked_up(host: str) -> str | None:
    """The host in ASCII, as it is looked up; None for what is no name of a host."""
    try:
        name = host.lower() if host.isascii() else host[:253].encode("idna").decode().lower()
    except UnicodeError:
        return None
    return name if len(name) <= 253 and _HOST.fullmatch(name) else None


def _link(host: str, path: str) -> Link | None:
    name = looked_up(host)
    if name is None:
        return None
    link = Link(name, path)
    sent = link.url.replace("&", "&amp;")
    return link if len(sent) <= LINK_LIMIT else None


def _without_words(host: str) -> str:
    """The host without what is written right behind it, as in Chinese: no name ends in both."""
    before, dot, last = host.rpartition(".")
    begins = _ASCII.match(last)
    return f"{before}{dot}{begins[0]}" if begins else host


def _without_ends(path: str) -> str:
    while path and (path[-1] in _ENDS or _is_unopened(path)):
        path = path[:-1]
    return path


def _is_unopened(path: str) -> bool:
    opening = _CLOSED_BY.get(path[-1])
    return opening is not None and path.count(path[-1]) > path.count(opening)
