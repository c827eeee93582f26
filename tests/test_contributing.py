"""CONTRIBUTING.md names files, packages and make targets that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`((?:bot|handlers|blocks|store|tests)/[\w/]+\.(?:py|md))`", TEXT)))
HOUSE = TEXT.split("## The house")[1].split("Imports point")[0]


def test_it_names_files() -> None:
    assert len(FILES) > 10


@pytest.mark.parametrize("path", FILES)
def test_a_file_it_names_is_there(path: str) -> None:
    names = ("NAME", "release")  # a file a category, for example
    assert (ROOT / path.replace(*names)).is_file()


def test_the_packages_of_the_house_are_all_there_are() -> None:
    drawn, parents = set(), [ROOT]
    for indent, name in re.findall(r"^( {4,})(\w+)/ ", HOUSE, re.MULTILINE):
        depth = len(indent) // 2 - 2
        parents = [*parents[: depth + 1], parents[depth] / name]
        drawn.add(parents[-1].relative_to(ROOT).as_posix())
    there = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("bot", "handlers", "blocks", "store", "tests")
        for path in (ROOT / top).rglob("__init__.py")
    }
    inner = {name for name in there if name.startswith(("bot/sandbox/", "tests/"))}
    assert drawn == there - inner


def test_its_make_targets_exist() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", TEXT)) <= targets
