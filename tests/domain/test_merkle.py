"""The tree is the one of RFC 6962, told once more as its definition has it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain.merkle import (
    EMPTY,
    Growing,
    consistency_path,
    continues,
    hash_of,
    includes,
    inclusion_path,
)

LEAVES = [bytes([number]) * 3 for number in range(40)]
NODES = {}
_tree = Growing()
ROOTS = [_tree.root]
for _leaf in LEAVES:
    NODES.update(dict(_tree.add(_leaf)))
    ROOTS.append(_tree.root)


def defined(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word by word."""
    if len(leaves) <= 1:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    both = defined(leaves[:split]) + defined(leaves[split:])
    return hashlib.sha256(b"\1" + both).digest()


def test_every_root_is_as_defined() -> None:
    assert ROOTS[0] == EMPTY
    assert [defined(LEAVES[:size]) for size in range(41)] == ROOTS


def test_the_known_tree_of_the_rfcs_authors() -> None:
    """Of certificate-transparency's own tests: eight leaves."""
    leaves = ["", "00", "10", "2021", "3031", "40414243",
              "5051525354555657", "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    tree = Growing()
    for leaf in leaves:
        list(tree.add(bytes.fromhex(leaf)))
    known = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree.root.hex() == known


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 21, 40])
def test_each_leaf_is_proved_and_no_other(size: int) -> None:
    for place, leaf in enumerate(LEAVES[:size]):
        path = [hash_of(run, NODES.__getitem__) for run in inclusion_path(place, size)]
        assert includes(leaf, place, size, path, ROOTS[size])
        assert not includes(b"another", place, size, path, ROOTS[size])
        assert not includes(leaf, place, size, path, ROOTS[size - 1])
        assert not includes(leaf, size, size, path, ROOTS[size])
        assert not includes(leaf, place, size, [*path, leaf], ROOTS[size])


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_tree_is_proved_to_have_begun_with_an_earlier_one(first: int, second: int) -> None:
    earlier, size = sorted((first, second))
    path = [hash_of(run, NODES.__getitem__) for run in consistency_path(earlier, size)]
    assert continues(earlier, ROOTS[earlier], size, path, ROOTS[size])
    if earlier < size:
        assert not continues(earlier, ROOTS[earlier - 1], size, path, ROOTS[size])
        assert not continues(earlier, ROOTS[earlier], size, path, ROOTS[size - 1])
        assert not continues(earlier, ROOTS[earlier], size, path[:-1], ROOTS[size])


def test_a_tree_goes_on_from_what_is_kept_of_it() -> None:
    kept = [NODES[2, 0], NODES[1, 2], NODES[0, 6]]
    tree = Growing(7, kept)
    assert tree.root == ROOTS[7]
    list(tree.add(LEAVES[7]))
    assert tree.root == ROOTS[8]
