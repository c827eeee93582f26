"""The house style, measured: short functions, small files, plain names, honest tests."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("bot", "handlers", "store", "blocks")
LONGEST_FUNCTION, LONGEST_FILE = 50, 300
FORBIDDEN = {"utils", "util", "helpers", "helper", "manager", "managers", "common"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str) -> list[Path]:
    """Our Python files; migrations are written once and are long by nature."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def functions(*folders: str) -> Iterator[tuple[str, int]]:
    """Every function with its lines, from its `def` to its end."""
    for path in files(*folders):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", length(node)


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


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
    assert len(files(*OURS)) > 50
    assert len(files("tests")) > 50


def test_a_function_is_read_in_one_breath() -> None:
    lengths = [lines for _, lines in functions(*OURS)]
    assert median(lengths) <= 10
    assert quantiles(lengths, n=10)[-1] <= 30


@pytest.mark.parametrize("folder", [*OURS, "tests"])
def test_no_function_is_long(folder: str) -> None:
    assert [(where, n) for where, n in functions(folder) if n > LONGEST_FUNCTION] == []


def test_a_test_is_a_short_story() -> None:
    stories = [
        length(node)
        for path in files("tests")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, Function) and node.name.startswith("test_")
    ]
    assert median(stories) <= 14


@pytest.mark.parametrize("folder", [*OURS, "tests"])
def test_no_file_is_long(folder: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files(folder)}
    assert {str(path): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


@pytest.mark.parametrize("folder", [*OURS, "tests"])
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
        # What lasts real time waits: the soak for its storm, the bench for a ruler of its own.
        if not {"soak", "bench"} & set(path.parts)
        for name in called(path)
        if name in unwanted or name.startswith("unittest.mock")
    }
    assert found == set()


@pytest.mark.parametrize("folder", [*OURS, "tests"])
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
