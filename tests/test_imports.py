"""What the import contracts in `pyproject.toml` cannot say."""

import ast
import sys
from pathlib import Path

from tests.source_files import files

ALLOWED_IN_THE_DOMAIN = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "holidays", "store"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_the_domain_imports_the_standard_library_and_what_is_pure() -> None:
    """A contract forbids what it names; this forbids whatever else there may ever be."""
    domain = files("store/domain")
    assert len(domain) > 10
    for path in domain:
        assert imported(path) <= ALLOWED_IN_THE_DOMAIN, path
