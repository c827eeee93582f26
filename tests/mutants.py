"""`make mutants`: changes one operator at a time and asks whether any test notices.

1. Run the quick tests, or those of TESTS, once and note which test runs which line.
2. Choose COUNT operators at random (SEED) in each of PATHS; see `SWAPS`.
3. For each: change it in a copy of the tree and run the tests of its line; the first failure ends.
4. Print who survived. A survivor is a missing test, or code that does nothing.

It works in a copy, so the tree is safe whenever it is stopped. Not part of CI: it takes an hour.
One area with its own tests takes minutes, but what survives there may be noticed by other tests.
"""

import argparse
import ast
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parent.parent
PATHS = ("store", "handlers", "bot/outgoing")
QUICK = (
    "-m",
    "not slow and not browser",
    "-p",
    "no:cacheprovider",
    "-q",
    "-n",
    "2",
    "--hypothesis-seed=0",
)
TESTS_AT_MOST = 300
"""Tests run for one line, chosen by lot where there are more: some lines are run by all."""
FEW = 40
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One changed operator: in which file and line, and the whole file with it changed."""

    path: Path
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before}  ->  {self.after}"


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file; annotations are left alone, since `X | None` is no decision."""
    text = (ROOT / path).read_text("utf-8")
    lines = text.splitlines(keepends=True)
    found: list[Mutant] = []
    for node in _evaluated(ast.parse(text)):
        operators: list[ast.AST] = (
            list(node.ops)
            if isinstance(node, ast.Compare)
            else [node.op]
            if isinstance(node, ast.BoolOp | ast.BinOp)
            else []
        )
        for place, operator in enumerate(operators):
            if type(operator) not in SWAPS or node.end_lineno is None:
                continue
            before = ast.unparse(node)
            _put(node, place, SWAPS[type(operator)]())
            after = ast.unparse(node)
            _put(node, place, operator)
            start, end = lines[node.lineno - 1], lines[node.end_lineno - 1]
            head = start.encode()[: node.col_offset].decode()
            tail = end.encode()[node.end_col_offset or 0 :].decode()
            changed = [
                *lines[: node.lineno - 1],
                f"{head}({after}){tail}",
                *lines[node.end_lineno :],
            ]
            found.append(Mutant(path, node.lineno, before, after, "".join(changed)))
    return found


def _evaluated(node: ast.AST) -> list[ast.expr]:
    """Every expression that is evaluated for its value."""
    if isinstance(node, ast.JoinedStr):  # unparsed, its quotes may change
        return []
    children = [
        child
        for name, field in ast.iter_fields(node)
        if name not in {"annotation", "returns"}
        for child in (field if isinstance(field, list) else [field])
        if isinstance(child, ast.AST)
    ]
    own = [node] if isinstance(node, ast.expr) else []
    return own + [each for child in children for each in _evaluated(child)]


def _put(node: ast.AST, place: int, operator: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[place] = operator  # type: ignore[call-overload]
    else:
        node.op = operator  # type: ignore[attr-defined]


def tests_of_lines(tree: Path, names: Sequence[str]) -> Callable[[Mutant], list[str]]:
    """Which of these tests run a mutant's line; of all, where none is named.

    Raises CalledProcessError where a test fails unchanged.
    """
    report = ["--cov=store", "--cov=handlers", "--cov=bot", "--cov-context=test", "--cov-report="]
    (tree / ".coveragerc").write_text("[run]\nconcurrency = thread,greenlet\n")
    subprocess.run([sys.executable, "-m", "pytest", *QUICK, *report, *names], cwd=tree, check=True)
    data = CoverageData(str(tree / ".coverage"))
    data.read()

    def chosen(mutant: Mutant) -> list[str]:
        contexts = data.contexts_by_lineno(str(tree / mutant.path)).get(mutant.line, [])
        tests = sorted({context.split("|")[0] for context in contexts if context})
        random.Random(0).shuffle(tests)
        return tests[:TESTS_AT_MOST] or [*names] or ["tests"]  # code run at import is everybody's

    return chosen


def notices(tree: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Whether one of these tests fails with it changed."""
    names = tree / "tests-to-run.txt"
    names.write_text("\n".join(tests))
    unchanged = (tree / mutant.path).read_bytes()
    (tree / mutant.path).write_text(mutant.source, "utf-8")
    try:
        few = ["-n", "0"] if len(tests) < FEW else []  # sooner than starting workers
        asked = [sys.executable, "-m", "pytest", *QUICK, *few, "-x", "--timeout=120", f"@{names}"]
        return subprocess.run(asked, cwd=tree, capture_output=True, check=False).returncode != 0
    finally:
        (tree / mutant.path).write_bytes(unchanged)


def main() -> None:
    """Choose, change, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--tests", type=shlex.split, help="files and options, as pytest takes them")
    parser.add_argument("paths", nargs="*", default=PATHS)
    asked = parser.parse_args()
    chosen: list[Mutant] = []
    for name in asked.paths:
        files = [ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py"))
        everyone = [
            mutant
            for path in files
            if "migrations" not in path.parts
            for mutant in mutants_of(path.relative_to(ROOT))
        ]
        lots = random.Random(f"{asked.seed} {name}")  # else all paths would have theirs alike
        chosen += lots.sample(everyone, min(asked.count, len(everyone)))
        print(f"{name}: {len(everyone)} operators, seed {asked.seed}")  # noqa: T201 - a report
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache"))
        tests_of = tests_of_lines(tree, asked.tests or [])
        survivors = []
        for number, mutant in enumerate(chosen, 1):
            noticed = notices(tree, mutant, tests_of(mutant))
            print(f"{number:3} {'noticed' if noticed else 'SURVIVED'}  {mutant}", flush=True)  # noqa: T201
            survivors += [] if noticed else [mutant]
    print(f"{len(survivors)} of {len(chosen)} survived")  # noqa: T201
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
