"""What is worth failing a build for: plain names, honest tests, imports that do nothing."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_files import PRODUCT, ROOT, files

FORBIDDEN = {"utils", "util", "helpers", "helper", "manager", "managers", "common"}


def called(path: Path) -> set[str]:
    """The dotted names of what a file calls or imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_there_is_something_to_measure() -> None:
    assert len(files(*PRODUCT)) > 50
    assert len(files("tests")) > 50


@pytest.mark.parametrize("folder", [*PRODUCT, "tests"])
def test_names_say_what_is_inside(folder: str) -> None:
    parts = {
        part for path in files(folder) for part in path.relative_to(ROOT).with_suffix("").parts
    }
    assert parts & FORBIDDEN == set()


def test_tests_neither_sleep_nor_pretend() -> None:
    unwanted = {"time.sleep", "asyncio.sleep", "sleep", "unittest.mock"}
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in files("tests")
        # What lasts real time waits: the soak among its faults, the bench for a ruler of its own.
        if not {"soak", "bench"} & set(path.parts)
        for name in called(path)
        if name in unwanted or name.startswith("unittest.mock")
    }
    assert found == set()


@pytest.mark.parametrize("folder", [*PRODUCT, "tests"])
def test_whoever_catches_everything_keeps_the_trace_or_says_why(folder: str) -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(folder)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
        if not ast.unparse(node.body[0]).startswith("log.exception(")
        if "# noqa: BLE001 - " not in path.read_text("utf-8").splitlines()[node.lineno - 1]
    ]
    assert silent == []


def catches_everything(node: ast.ExceptHandler) -> bool:
    return node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}


def test_importing_a_module_does_nothing() -> None:
    """In a fresh process: in this one all of it has been imported long ago."""
    command = [sys.executable, "-m", "tests.import_everything"]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert ended.stdout.splitlines() == []


def test_the_product_does_not_read_the_tests() -> None:
    """It has to run from a wheel, and the wheel has no tests."""
    path_or_import = re.compile(r"""["'/]tests["'/]|^\s*(from|import) tests\b""", re.MULTILINE)
    reading = [
        str(path.relative_to(ROOT))
        for path in files(*PRODUCT)
        if path_or_import.search(path.read_text("utf-8"))
    ]
    assert reading == []


def test_migrations_follow_one_another() -> None:
    """Two that were written at once may have one number, and git finds nothing wrong with that."""
    written = sorted((ROOT / "store/migrations/versions").glob("[0-9]*.py"))
    names = [path.name[:4] for path in written]
    said = re.compile(r'^(?:down_)?revision = "(\d+)"', re.MULTILINE)
    assert names == [f"{number + 1:04}" for number in range(len(names))]
    assert [said.findall(path.read_text("utf-8")) for path in written] == [
        [number, before] if before else [number]
        for number, before in zip(names, ["", *names], strict=False)
    ]
