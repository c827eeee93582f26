"""The Merkle tree of RFC 6962 over an append-only list, and proofs from it.

A leaf is a text of bytes. `node(level, place)` is the hash over the 2^level leaves from
`place * 2^level` on: such whole subtrees never change once they are full, so they can be kept. The
hash over any other run of leaves is made of a few of them.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

Run = tuple[int, int]
"""Leaves from the first number up to, not including, the second."""
Node = tuple[int, int]
"""Level and place of a whole subtree."""
EMPTY = hashlib.sha256().digest()
"""The root over no leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf; marked, so that no inner node can be taken for one."""
    return hashlib.sha256(b"\0" + leaf).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def whole_parts(run: Run) -> list[Node]:
    """The whole subtrees that this run is made of, the largest first; it begins where one may."""
    start, end = run
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append((level, start >> level))
        start += 1 << level
    return parts


def folded(hashes: Sequence[bytes]) -> bytes:
    """The hash over a run, of the hashes of its `whole_parts`."""
    if not hashes:
        return EMPTY
    *before, found = hashes
    for left in reversed(before):
        found = parent(left, found)
    return found


class Growing:
    """A tree that leaves are added to; it keeps no more than what its root is made of."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """`hashes` are those of `whole_parts((0, size))`."""
        self.size = size
        self._parts = [
            (level, hash_) for (level, _), hash_ in zip(whole_parts((0, size)), hashes, strict=True)
        ]

    def add(self, leaf: bytes) -> Iterator[tuple[Node, bytes]]:
        """Add a leaf: it and the subtrees that are whole by it, each with its hash."""
        level, found = 0, leaf_hash(leaf)
        yield (0, self.size), found
        while self._parts and self._parts[-1][0] == level:
            found = parent(self._parts.pop()[1], found)
            level += 1
            yield (level, self.size >> level), found
        self._parts.append((level, found))
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root over all leaves so far."""
        return folded([hash_ for _, hash_ in self._parts])


def inclusion_path(position: int, size: int) -> list[Run]:
    """The runs whose hashes prove that a leaf is in the tree of this size, from below."""
    path: list[Run] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if position < split:
            path.append((split, end))
            end = split
        else:
            path.append((start, split))
            start = split
    return path[::-1]


def consistency_path(earlier: int, size: int) -> list[Run]:
    """The runs whose hashes prove that a tree began with the one that had `earlier` leaves."""
    if not 0 < earlier < size:
        return []
    path: list[Run] = []
    start, end, is_whole = 0, size, True
    while end != earlier:
        split = start + _largest_power_below(end - start)
        if earlier <= split:
            path.append((split, end))
            end = split
        else:
            path.append((start, split))
            start, is_whole = split, False
    return [*([] if is_whole else [(start, end)]), *path[::-1]]


def includes(leaf: bytes, position: int, size: int, path: Iterable[bytes], root: bytes) -> bool:
    """Whether this path (RFC 9162, 2.1.3.2) leads from the leaf to the root."""
    place, last, found = position, size - 1, leaf_hash(leaf)
    if not 0 <= position < size:
        return False
    for hash_ in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = parent(hash_, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = parent(found, hash_)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def continues(
    earlier: int, earlier_root: bytes, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether this path (RFC 9162, 2.1.4.2) shows that the tree began with the earlier one."""
    if earlier == size:
        return not path and earlier_root == root
    if not 0 < earlier < size:
        return earlier == 0 and not path
    rest = list(path)
    if earlier & (earlier - 1) == 0:
        rest.insert(0, earlier_root)
    if not rest:
        return False
    place, last = earlier - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = rest[0]
    for hash_ in rest[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = parent(hash_, before), parent(hash_, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = parent(after, hash_)
        place, last = place >> 1, last >> 1
    return last == 0 and before == earlier_root and after == root


def hash_of(run: Run, node: Callable[[Node], bytes]) -> bytes:
    """The hash over a run, of the hashes of whole subtrees."""
    return folded([node(part) for part in whole_parts(run)])


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
