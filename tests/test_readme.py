"""The README says what the code does: every setting, command and policy key, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from bot.cli.main import cli
from bot.sandbox import SAMPLE
from bot.settings import Settings
from handlers.commands import COMMAND, SUBCOMMANDS
from store.domain import submission
from store.domain.policy import Policy, Rule
from store.domain.request import Category
from tests.cast import NOW

ROOT = Path(__file__).parent.parent
OF_WORKSPACE = set(Policy.model_fields) - {"rules"}
README = (ROOT / "README.md").read_text(encoding="utf-8")


BESIDE = "".join(
    (ROOT / path / "README.md").read_text(encoding="utf-8")
    for path in ("bot/api", "bot/cli", "bot/webhooks", "store/audit")
)
"""What is told beside the code it is about."""


def test_the_two_commands_come_first_and_are_what_ci_runs() -> None:
    assert re.findall(r"^make (\w+)", README.split("```")[1], re.MULTILINE) == ["demo", "test"]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"make check", "make test", "make demo"} <= set(ci.splitlines())


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    opening = README.split("```")[1]
    named = {
        *re.findall(r"`make (\w+)`", README),
        *re.findall(r"^make (\w+)", opening, re.MULTILINE),
    }
    assert named <= targets


def test_the_example_environment_is_the_settings() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    rows = re.findall(r"^# (.+)\n(?:# )?([A-Z_]+)=(.*)$", example, re.MULTILINE)
    assert {name: (default, meaning) for meaning, name, default in rows} == {
        name.upper(): (str(field.default or ""), field.description)
        for name, field in Settings.model_fields.items()
    }


def test_the_example_policy_can_be_used_and_names_every_setting() -> None:
    text = (ROOT / "policy.example.toml").read_text(encoding="utf-8")
    assert Policy.parse(text).reviewers
    named = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    assert named == OF_WORKSPACE | set(Rule.model_fields)
    assert len(Policy.parse(_uncommented_rules(text)).rules) == 1


def test_the_example_policy_shows_the_defaults() -> None:
    text = (ROOT / "policy.example.toml").read_text(encoding="utf-8")
    shown = set(re.findall(r"^(\w+) = ", text, re.MULTILINE))
    own, example = {"admins", "reviewers"}, Policy.parse(text)
    assert own < shown
    for name in shown - own:
        assert getattr(example, name) == getattr(Policy(), name), name


def _uncommented_rules(text: str) -> str:
    before, rule = text.split("# [[rules]]")
    return f"{before}[[rules]]{rule.replace('# ', '')}"


def test_the_command_line_table_is_the_command_line() -> None:
    named = re.findall(r"^\| `mp-approvals ([a-z][a-z -]*)", README + BESIDE, re.MULTILINE)
    assert {name.strip() for name in named} == set(spoken(get_command(cli)))


def spoken(command: Any, *before: str) -> Iterator[str]:
    """Every command by the words one types, those of its sub-commands included."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(before)
        return
    for name, one in below.items():
        yield from spoken(one, *before, name)


def test_the_slack_table_is_the_subcommands() -> None:
    """In their order and words; a row may say more after them."""
    rows = re.findall(rf"^\| `{COMMAND} (.*?)` \| (.*) \|$", README, re.MULTILINE)
    assert [example for example, _ in rows] == [each.example for each in SUBCOMMANDS]
    for (_, said), each in zip(rows, SUBCOMMANDS, strict=True):
        assert said.startswith(each.meaning)


def test_every_picture_it_shows_is_there_and_described() -> None:
    pictures = set(re.findall(r"(?:src|srcset)=\"(tests/pictures/[\w.-]+)\"", README))
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
    assert all(re.findall(r"<img alt=\"([^\"]*)\"", README))


def test_every_line_of_the_sample_is_a_request() -> None:
    lines = SAMPLE.read_text("utf-8").splitlines()
    assert {submission.read(json.loads(line), now=NOW).category for line in lines} == set(Category)
