"""How many requests a key or an address may make: each has a bucket that fills with time.

Kept by each process for itself: with several replicas the limit is so many times as high.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

MOST = 10_000
"""Buckets kept; the one that was asked for longest ago goes, by then full again or nearly."""


class Buckets:
    """`rate` a second, and after a pause `burst` at once."""

    def __init__(
        self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, cost: float = 1.0) -> float:
        """Take this much, if anything is left; else the seconds until something is. 0 is a yes."""
        left, now = self._now(name)
        if left < 1:
            return (1 - left) / self._rate
        self._keep(name, left - cost, now)
        return 0.0

    def charge(self, name: str, cost: float) -> None:
        """Take this much though nothing may be left, for what should not have been asked."""
        left, now = self._now(name)
        self._keep(name, max(left - cost, -self._burst), now)

    def _now(self, name: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(name, (self._burst, now))
        return min(self._burst, left + (now - at) * self._rate), now

    def _keep(self, name: str, left: float, now: float) -> None:
        self._left[name] = (left, now)
        self._left.move_to_end(name)
        if len(self._left) > MOST:
            self._left.popitem(last=False)


def neighbourhood(address: str) -> str:
    """What one client has for itself: an IPv4 address, of IPv6 the /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
