"""The import contract names every module there is: one that it forgets, it does not hold back."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
PLAYS = {"bot.cli", "bot.demo", "bot.play"}
"""The only modules beside the sandbox that may import it."""


def _modules(package: str) -> set[str]:
    folder = ROOT / package
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    return {f"{package}.{name}" for name in files}


def test_blocks_and_the_domain_are_held_back_from_every_module_of_the_store() -> None:
    for name in ("blocks know the domain of the store, not its rows", "the domain is pure"):
        forbidden = set(CONTRACTS[name]["forbidden_modules"])
        assert _modules("store") <= forbidden, _modules("store") - forbidden


def test_the_sandbox_is_held_back_from_every_module_of_the_bot() -> None:
    forbidden = set(CONTRACTS["the sandbox knows nothing of ours"]["forbidden_modules"])
    assert {*_modules("bot"), "handlers", "blocks", "store"} <= forbidden, (
        _modules("bot") - forbidden
    )


def test_only_the_command_line_may_play_with_the_sandbox() -> None:
    held = set(CONTRACTS["only the command line plays with the sandbox"]["source_modules"])
    assert _modules("bot") - PLAYS <= held, _modules("bot") - PLAYS - held
