"""The dashboard and the alert rules: they can be loaded, and speak only of what is exported."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.bot.test_metrics import asked
from tests.harness_slack import Team
from tests.test_readme import BESIDE

FOLDER = Path(__file__).parent.parent.parent / "monitoring"
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
_NAME = re.compile(r"\b(?:mp_approvals|process)_\w+")
_LABELS = re.compile(r"\bby \(([^)]*)\)|\{([^}]*)\}")
_BY_PROMETHEUS = {"instance", "job"}


def expressions() -> Iterator[str]:
    """All that is asked of Prometheus."""
    yield from (rule["expr"] for rule in RULES)
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


async def exported(team: Team) -> dict[str, set[str]]:
    """The samples of a bot at work, and the labels of each."""
    team.workspace.faults.add("chat.postMessage", "status", status=429, retry_after=1)
    request = await team.submit()
    await team.approve(team.bob, f"{request.ref}")
    team.bot.observer._lag.observe(0)
    families: Any = text_string_to_metric_families(await asked(team))
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


async def test_what_they_ask_for_is_exported(team_once: Team) -> None:
    there = await exported(team_once)
    for expression in expressions():
        names = set(_NAME.findall(expression))
        assert names
        assert names <= there.keys(), expression
        known = _BY_PROMETHEUS.union(*(there[name] for name in names))
        for by, selected in _LABELS.findall(expression):
            used = set(re.findall(r"\w+(?=\s*[=!]~?\")", selected)) | set(re.findall(r"\w+", by))
            assert used <= known, expression


async def test_all_that_is_exported_is_shown_or_told(team_once: Team) -> None:
    """But what a histogram and a counter have beside what is read of them."""
    asked_for = {name for each in expressions() for name in _NAME.findall(each)}
    for name in await exported(team_once):
        if name.startswith("mp_approvals_") and not name.endswith(("_count", "_sum", "_created")):
            assert name in asked_for


def test_each_alert_says_what_to_do() -> None:
    assert len(RULES) == 5
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert rule["alert"] in BESIDE


def test_the_panels_begin_with_the_three_signals() -> None:
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert [title[:8] for title in titles[:3]] == ["Signal 1", "Signal 2", "Signal 3"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(titles)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not there")
@pytest.mark.parametrize(
    "command", [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]]
)
def test_promtool_is_content(command: list[str]) -> None:
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
