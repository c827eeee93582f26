"""The Python files of the product and of the tests, for rules that read them."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "handlers", "store", "blocks")


def files(*folders: str) -> list[Path]:
    """The files below these folders, without the migrations: those are written once."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]
